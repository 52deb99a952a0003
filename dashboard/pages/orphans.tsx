/** Does a VM cost money that nobody here knows of? */
import type { OrphanView, SweepStateView } from "../../runtime/api/orphan-contracts";
import { useAnswer } from "../data/use-answer";
import { linkTo } from "../model/place";
import { Answered, Empty } from "../parts/answered";
import { PageFrame } from "../parts/page";
import { Table } from "../parts/table";
import { Moment, Since } from "../parts/time";

interface Orphans {
  readonly orphans: readonly OrphanView[];
  readonly sweeps?: readonly SweepStateView[];
}

export function OrphansPage() {
  const reading = useAnswer<Orphans>("/api/v1/orphans", { topics: ["orphan", "node"], everyMs: 15_000 });
  return (
    <PageFrame title="Orphans" question="Does a VM cost money that nobody here knows of?">
      <Answered reading={reading}>
        {({ orphans, sweeps = [] }) => (
          <>
            <section class="card">
              <h2>VMs that nothing has</h2>
              {orphans.length === 0 ? (
                <Empty>None of the places that were looked at has one.</Empty>
              ) : (
                <Table
                  caption="Orphans"
                  items={orphans}
                  keyOf={({ orphanId }) => orphanId}
                  columns={[
                    { title: "Cloud's id", cell: ({ vmId }) => <code>{vmId}</code> },
                    {
                      title: "VM provider config",
                      cell: ({ vmProvider }) => <a href={linkTo("accounts")}>{vmProvider}</a>,
                    },
                    { title: "Place", cell: ({ place }) => describePlace(place) },
                    {
                      title: "Was node",
                      cell: ({ nodeId }) =>
                        nodeId === undefined ? "–" : <a href={linkTo("nodes", nodeId)}>{nodeId}</a>,
                    },
                    { title: "Known for", isNumber: true, cell: ({ firstSeenMs }) => <Since atMs={firstSeenMs} /> },
                    { title: "Last seen", cell: ({ lastSeenMs }) => <Moment atMs={lastSeenMs} /> },
                  ]}
                />
              )}
              <p class="quiet">
                They are deleted by Headroom only where their VM provider config says <code>orphans: "delete"</code>.
              </p>
            </section>
            {sweeps.length > 0 && (
              <section class="card">
                <h2>Where was looked</h2>
                <Table
                  caption="Sweeps"
                  items={sweeps}
                  keyOf={({ definition, place }) => `${definition} ${JSON.stringify(place)}`}
                  columns={[
                    { title: "Account of", cell: ({ definition }) => definition },
                    { title: "Place", cell: ({ place }) => describePlace(place) },
                    {
                      title: "Looked",
                      cell: ({ sweptAtMs }) =>
                        sweptAtMs === undefined ? "not yet in this term" : <Moment atMs={sweptAtMs} />,
                    },
                    { title: "Could not be asked", isWide: true, cell: ({ complaint }) => complaint ?? "" },
                  ]}
                />
              </section>
            )}
          </>
        )}
      </Answered>
    </PageFrame>
  );
}

function describePlace(place: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(place).map(([name, value]) => `${name} ${String(value)}`);
  return parts.length === 0 ? "all of it" : parts.join(", ");
}
