/** A node's whole story: why it is here, how it lived, what is on it, and what may be done. */
import type { ExplanationView, NodeView } from "../../runtime/api/contracts";
import { useAnswer } from "../data/use-answer";
import { lifeOf } from "../model/node-life";
import { linkTo } from "../model/place";
import { Answered } from "../parts/answered";
import { EngineOutput } from "../parts/engine-output";
import { Explained } from "../parts/explained";
import { Facts } from "../parts/facts";
import { LifeBar } from "../parts/life-bar";
import { NodeActions } from "../parts/node-actions";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";
import { Moment } from "../parts/time";

/** The cloud's id is told of nodes that have a VM. */
type ShownNode = NodeView & { readonly vmId?: string };

export function NodePage({ id }: { id: string }) {
  const reading = useAnswer<ExplanationView>(`/api/v1/explain/node/${encodeURIComponent(id)}`, {
    topics: ["node", "session", "lane"],
    everyMs: 5_000,
  });
  const node: ShownNode | undefined = reading.body?.node;
  return (
    <PageFrame title={`Node ${id}`} question={reading.body?.summary} beside={node && <NodeActions node={node} />}>
      <Answered reading={reading}>
        {(explanation) => (
          <>
            {node && <Present node={node} />}
            <section class="card">
              <h2>Its life</h2>
              <LifeBar life={lifeOf(explanation.decisions, node)} />
            </section>
            <Explained explanation={explanation} />
            {node?.laneId !== undefined && <EngineOutput laneId={node.laneId} nodeId={id} />}
          </>
        )}
      </Answered>
    </PageFrame>
  );
}

function Present({ node }: { node: ShownNode }) {
  const { status, statusSinceMs, autoscaleConfig, pool, zone, vmProvider, laneId, shape, sessions, sessionsMax } = node;
  return (
    <section class="card">
      <h2>Now</h2>
      <Facts
        facts={[
          ["State", <StateMark key="state" state={status} />],
          ["Since", <Moment key="since" atMs={statusSinceMs} />],
          ["Requested", <Moment key="requested" atMs={node.createdAtMs} />],
          [
            "Autoscale config",
            autoscaleConfig === undefined ? (
              "none: a static member"
            ) : (
              <a href={linkTo("configs", autoscaleConfig)}>{autoscaleConfig}</a>
            ),
          ],
          [
            "Pool and zone",
            <span key="pool">
              <a href={linkTo("pools", pool)}>{pool}</a> in {zone}
            </span>,
          ],
          ["VM provider config", vmProvider && <a href={linkTo("accounts")}>{vmProvider}</a>],
          ["Lane", laneId && <a href={linkTo("lanes", laneId)}>{laneId}</a>],
          ["Cloud's id", node.vmId && <code>{node.vmId}</code>],
          ["Address", node.address],
          ["DNS name", node.dnsName],
          [
            "Shape",
            shape &&
              `${shape.cores} cores, ${Math.round(shape.memoryBytes / 2 ** 30)} GiB${shape.gpus > 0 ? `, ${shape.gpus} GPUs` : ""}`,
          ],
          [
            "Progress",
            node.progressPercent === undefined || status === "running"
              ? undefined
              : `${node.progressPercent} %: ${node.progressMessage ?? ""}`,
          ],
          ["Last heartbeat", node.lastHeartbeatMs && <Moment atMs={node.lastHeartbeatMs} />],
          ["Definition", node.isOutdated ? "older than a new node's would be" : "the newest"],
          ["Sessions", <Sessions key="sessions" ids={sessions} max={sessionsMax} />],
        ]}
      />
    </section>
  );
}

function Sessions({ ids, max }: { ids: readonly string[]; max: number | undefined }) {
  return (
    <>
      {ids.length}
      {max === undefined ? "" : ` of at most ${max}`}{" "}
      {ids.map((id) => (
        <a key={id} class="chip" href={linkTo("sessions", id)}>
          {id}
        </a>
      ))}
    </>
  );
}
