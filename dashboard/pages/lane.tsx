/** One lane: what its updates did, who waits behind it, and what its engine wrote. */
import type { LaneView } from "../../runtime/api/lane-contracts";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { laneState } from "../model/lane-state";
import { formatSpan } from "../model/clock-text";
import { linkTo } from "../model/place";
import { Answered, Empty } from "../parts/answered";
import { EngineOutput } from "../parts/engine-output";
import { Facts } from "../parts/facts";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";
import { Moment } from "../parts/time";

interface LaneAnswer {
  readonly lane: LaneView;
  readonly waitingNodes?: readonly string[];
  readonly waitingSessions?: readonly string[];
}

interface Props {
  readonly id: string;
  /** `revision`: whose output is shown first. */
  readonly filters: Readonly<Record<string, string>>;
}

export function LanePage({ id, filters }: Props) {
  const reading = useAnswer<LaneAnswer>(`/api/v1/lanes/${encodeURIComponent(id)}`, {
    topics: ["lane", "node"],
    everyMs: 5_000,
  });
  return (
    <PageFrame title={`Lane ${id}`} beside={reading.body && <Actions lane={reading.body.lane} />}>
      <Answered reading={reading}>
        {({ lane, waitingNodes = [], waitingSessions = [] }) => (
          <>
            <Present lane={lane} />
            <section class="card">
              <h2>Who waits behind it</h2>
              {waitingNodes.length + waitingSessions.length === 0 ? <Empty>Nobody.</Empty> : null}
              {waitingNodes.map((nodeId) => (
                <a key={nodeId} class="chip" href={linkTo("nodes", nodeId)}>
                  {nodeId}
                </a>
              ))}
              {waitingSessions.map((sessionId) => (
                <a key={sessionId} class="chip" href={linkTo("sessions", sessionId)}>
                  {sessionId}
                </a>
              ))}
            </section>
          </>
        )}
      </Answered>
      <EngineOutput key={filters["revision"]} laneId={id} {...pick(filters)} />
    </PageFrame>
  );
}

function pick({ revision }: Readonly<Record<string, string>>): { readonly revision?: string } {
  return revision === undefined ? {} : { revision };
}

function Actions({ lane }: { lane: LaneView }) {
  const app = useApp();
  if (!app.mayOperate || !lane.takesNodes) return null;
  const close = (): Promise<boolean> =>
    app.act(
      `/api/v1/lanes/${encodeURIComponent(lane.laneId)}/close`,
      { method: "POST" },
      { text: `The update that waits in lane ${lane.laneId} ends.` },
    );
  return (
    <button type="button" onClick={() => void close()}>
      End the update that waits for nodes
    </button>
  );
}

function Present({ lane }: { lane: LaneView }) {
  const { lastUpdate, autoscaleConfig, trouble, strangers = [] } = lane;
  return (
    <section class="card">
      <h2>Now</h2>
      <Facts
        facts={[
          ["State", <StateMark key="state" state={laneState(lane)} />],
          [
            "Autoscale config",
            <a key="config" href={linkTo("configs", autoscaleConfig)}>
              {autoscaleConfig}
            </a>,
          ],
          [
            "Nodes",
            <a key="nodes" href={linkTo("nodes", undefined, { lane: lane.laneId })}>
              {lane.nodes}
            </a>,
          ],
          ["Revision", `${lane.appliedRevision} of ${lane.desiredRevision} is done`],
          ["Update runs since", lane.openSinceMs && <Moment atMs={lane.openSinceMs} />],
          ["Trouble", trouble && `${trouble.message} (${trouble.failures} in a row)`],
          ["Next try", lane.retryAtMs && <Moment atMs={lane.retryAtMs} />],
          ["Last update", lastUpdate && <StateMark state={lastUpdate.outcome} />],
          ["It ended", lastUpdate && <Moment atMs={lastUpdate.endedAtMs} />],
          [
            "It took",
            lastUpdate?.startedAtMs !== undefined && formatSpan(lastUpdate.endedAtMs - lastUpdate.startedAtMs),
          ],
          ["It said", lastUpdate?.failure?.message],
          ["Strangers", strangers.length > 0 && strangers.join(", ")],
        ]}
      />
    </section>
  );
}
