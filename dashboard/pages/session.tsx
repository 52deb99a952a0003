/** A session's story; of one that waits, each node and config that might serve it and why not yet. */
import type { ExplanationView, SessionView } from "../../runtime/api/contracts";
import { useAnswer } from "../data/use-answer";
import { linkTo } from "../model/place";
import { Answered } from "../parts/answered";
import { Explained } from "../parts/explained";
import { Facts } from "../parts/facts";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";
import { Table } from "../parts/table";
import { Moment } from "../parts/time";

export function SessionPage({ id }: { id: string }) {
  const reading = useAnswer<ExplanationView>(`/api/v1/explain/session/${encodeURIComponent(id)}`, {
    topics: ["session", "node"],
    everyMs: 5_000,
  });
  return (
    <PageFrame title={`Session ${id}`} question={reading.body?.summary}>
      <Answered reading={reading}>
        {(explanation) => (
          <>
            {explanation.session && <Present session={explanation.session} />}
            {explanation.candidates && explanation.candidates.length > 0 && (
              <section class="card">
                <h2>Who might serve it</h2>
                <Table
                  caption="Candidates"
                  items={explanation.candidates}
                  keyOf={(candidate) => `${candidate.kind} ${candidate.id}`}
                  columns={[
                    { title: "Kind", cell: ({ kind }) => kind },
                    {
                      title: "Name",
                      cell: ({ kind, id: name }) => (
                        <a href={linkTo(kind === "node" ? "nodes" : "configs", name)}>{name}</a>
                      ),
                    },
                    { title: "Why not yet", isWide: true, cell: ({ reason }) => reason.text },
                  ]}
                />
              </section>
            )}
            <Explained explanation={explanation} />
          </>
        )}
      </Answered>
    </PageFrame>
  );
}

function Present({ session }: { session: SessionView }) {
  const { status, workspace, displayName, userId, node, phase, position, expectedAtMs, assignedAtMs, endedAtMs } =
    session;
  return (
    <section class="card">
      <h2>Now</h2>
      <Facts
        facts={[
          ["State", <StateMark key="state" state={status} />],
          ["Workspace", displayName === undefined ? workspace : `${displayName} (${workspace})`],
          ["User", userId ?? "nobody yet"],
          ["Place in the queue", position],
          ["Phase", status === "running" ? undefined : phase],
          ["Expected", expectedAtMs && <Moment atMs={expectedAtMs} />],
          ["Node", node && <a href={linkTo("nodes", node.nodeId)}>{node.nodeId}</a>],
          ["Requested", <Moment key="requested" atMs={session.requestedAtMs} />],
          ["Assigned", assignedAtMs && <Moment atMs={assignedAtMs} />],
          ["Ended", endedAtMs && <Moment atMs={endedAtMs} />],
          ["End", session.endReason],
        ]}
      />
    </section>
  );
}
