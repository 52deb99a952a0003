/** Who waits, for what, and until when. */
import type { SessionView } from "../../runtime/api/contracts";
import { useAnswer } from "../data/use-answer";
import { formatCount } from "../model/clock-text";
import { linkTo } from "../model/place";
import { Answered, Empty } from "../parts/answered";
import { Journal } from "../parts/journal";
import { HistoryChart } from "../parts/history-chart";
import { PageFrame } from "../parts/page";
import { Table, type Column } from "../parts/table";
import { Moment, Since } from "../parts/time";
import type { DecisionView } from "../../runtime/api/contracts";

interface Queue {
  readonly sessions: readonly SessionView[];
  readonly total: number;
}

export function QueuePage() {
  const reading = useAnswer<Queue>("/api/v1/sessions?status=queued", { topics: ["session", "node"], everyMs: 5_000 });
  const refused = useAnswer<{ decisions: readonly DecisionView[] }>(
    "/api/v1/decisions?order=newest&subject=session&event=refused&limit=20",
    {
      topics: ["session"],
      everyMs: 15_000,
    },
  );
  return (
    <PageFrame title="Queue" question="Who waits, and when will they be served?">
      <section class="card">
        <h2>Waiting now</h2>
        <Answered reading={reading}>
          {({ sessions, total }) =>
            total === 0 ? (
              <Empty>Nobody waits.</Empty>
            ) : (
              <>
                <p class="quiet">{formatCount(total, "session")}</p>
                <Table
                  caption="Sessions that wait"
                  items={sessions}
                  columns={columns}
                  keyOf={({ sessionId }) => sessionId}
                />
              </>
            )
          }
        </Answered>
      </section>
      <HistoryChart of={{}} label="Demand" first="sessions" />
      <section class="card">
        <h2>Refused lately</h2>
        <Answered reading={refused}>{({ decisions }) => <Journal newestFirst={decisions} />}</Answered>
      </section>
    </PageFrame>
  );
}

const columns: readonly Column<SessionView>[] = [
  { title: "Place", isNumber: true, cell: ({ position }) => position ?? "–" },
  { title: "Session", cell: ({ sessionId }) => <a href={linkTo("sessions", sessionId)}>{sessionId}</a> },
  { title: "User", cell: ({ userId }) => userId ?? "–" },
  { title: "Workspace", cell: ({ displayName, workspace }) => displayName ?? workspace },
  { title: "Waits for", isNumber: true, cell: ({ requestedAtMs }) => <Since atMs={requestedAtMs} /> },
  { title: "Phase", cell: ({ phase }) => phase ?? "–" },
  {
    title: "Expected",
    cell: ({ expectedAtMs }) => (expectedAtMs === undefined ? "can't be said" : <Moment atMs={expectedAtMs} />),
  },
  { title: "Why", isWide: true, cell: ({ reason }) => reason.text },
];
