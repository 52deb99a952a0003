/** Is an update stuck, and who waits behind it? */
import type { LaneView } from "../../runtime/api/lane-contracts";
import { useAnswer } from "../data/use-answer";
import { laneState } from "../model/lane-state";
import { linkTo } from "../model/place";
import { Answered, Empty } from "../parts/answered";
import { LaneGantt } from "../parts/lane-gantt";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";
import { Table, type Column } from "../parts/table";
import { Moment, Since } from "../parts/time";

/** Nodes of one lane at most. */
const laneNodesMax = 25;

interface Lanes {
  readonly lanes: readonly LaneView[];
  readonly slots?: { readonly slots: number; readonly inUse: number; readonly waiting: number };
}

export function LanesPage() {
  const reading = useAnswer<Lanes>("/api/v1/lanes", { topics: ["lane", "node"], everyMs: 5_000 });
  return (
    <PageFrame title="Lanes" question="Is an update stuck, and who waits behind it?">
      <Answered reading={reading}>
        {({ lanes, slots }) => (
          <>
            <LaneGantt lanes={lanes} />
            <section class="card">
              <div class="card-head">
                <h2>Stacks of nodes</h2>
                {slots && (
                  <span>
                    {slots.inUse} of {slots.slots} slots for updates in use, {slots.waiting} waiting
                  </span>
                )}
              </div>
              {lanes.length === 0 ? (
                <Empty>There is no lane: no node was ever needed, or all are gone.</Empty>
              ) : (
                <Table caption="Lanes" items={sorted(lanes)} columns={columns} keyOf={({ laneId }) => laneId} />
              )}
            </section>
          </>
        )}
      </Answered>
    </PageFrame>
  );
}

/** In trouble first, then at work, then at rest. */
function sorted(lanes: Lanes["lanes"]): Lanes["lanes"] {
  const rank = (lane: LaneView): number =>
    ["trouble", "updating", "behind", "openedAhead", "resting"].indexOf(laneState(lane));
  return lanes.toSorted((a, b) => rank(a) - rank(b) || (a.laneId < b.laneId ? -1 : 1));
}

const columns: readonly Column<Lanes["lanes"][number]>[] = [
  { title: "State", cell: (lane) => <StateMark state={laneState(lane)} /> },
  { title: "Lane", cell: ({ laneId }) => <a href={linkTo("lanes", laneId)}>{laneId}</a> },
  {
    title: "Autoscale config",
    cell: ({ autoscaleConfig }) => <a href={linkTo("configs", autoscaleConfig)}>{autoscaleConfig}</a>,
  },
  {
    title: "Nodes",
    isNumber: true,
    cell: ({ nodes, laneId }) => (
      <a href={linkTo("nodes", undefined, { lane: laneId })}>{`${nodes} of ${laneNodesMax}`}</a>
    ),
  },
  {
    title: "Done",
    isNumber: true,
    cell: ({ appliedRevision, desiredRevision }) => `${appliedRevision} of ${desiredRevision}`,
  },
  {
    title: "Update runs for",
    isNumber: true,
    cell: ({ openSinceMs }) => (openSinceMs === undefined ? "–" : <Since atMs={openSinceMs} />),
  },
  {
    title: "Last update",
    cell: ({ lastUpdate }) =>
      lastUpdate === undefined ? (
        "–"
      ) : (
        <>
          <StateMark state={lastUpdate.outcome} /> <Moment atMs={lastUpdate.endedAtMs} />
        </>
      ),
  },
  {
    title: "Waits for",
    isWide: true,
    cell: ({ trouble, slot, retryAtMs, lastUpdate }) => (
      <>
        {trouble?.message ?? lastUpdate?.failure?.message}
        {slot && ` place ${slot.position} of ${slot.waiting} for a slot`}
        {retryAtMs !== undefined && (
          <>
            {" "}
            next try <Moment atMs={retryAtMs} />
          </>
        )}
      </>
    ),
  },
];
