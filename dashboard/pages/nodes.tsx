/** Every node, or those of a pool, as tiles; which ones, stands in the URL. */
import type { NodeListView } from "../model/answers";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { formatCount } from "../model/clock-text";
import { linkTo } from "../model/place";
import { nodeStatusOrder } from "../model/states";
import { Answered, Empty } from "../parts/answered";
import { HistoryChart } from "../parts/history-chart";
import { NodeGrid } from "../parts/node-grid";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";

/** All that there may be; the API gives no more at once. */
const nodesMax = 10_000;
const orders = {
  state: "what needs somebody first",
  newest: "newest first",
  oldest: "oldest first",
  load: "fullest first",
  id: "by name",
};

interface Props {
  readonly pool?: string;
  readonly filters: Readonly<Record<string, string>>;
}

export function NodesPage({ pool, filters }: Props) {
  const { live } = useApp();
  const query = new URLSearchParams({
    limit: String(nodesMax),
    ...(pool === undefined ? {} : { pool }),
    ...pick(filters),
  });
  const reading = useAnswer<NodeListView>(`/api/v1/node-list?${query}`, {
    topics: ["node", "session"],
    everyMs: 10_000,
  });
  const configs = (live.status.value?.configs ?? []).filter((config) => pool === undefined || config.pool === pool);
  const link = (changes: Readonly<Record<string, string | undefined>>): string =>
    pool === undefined
      ? linkTo("nodes", undefined, { ...filters, ...changes })
      : linkTo("pools", pool, { ...filters, ...changes });
  return (
    <PageFrame
      title={pool === undefined ? "Nodes" : `Pool ${pool}`}
      question="Which ones are stuck, full or idle, and since when?"
    >
      {pool !== undefined && (
        <p>
          Autoscale configs:{" "}
          {configs.length === 0
            ? "none"
            : configs.map(({ autoscaleConfig }) => (
                <a key={autoscaleConfig} class="chip" href={linkTo("configs", autoscaleConfig)}>
                  {autoscaleConfig}
                </a>
              ))}
        </p>
      )}
      <Filters filters={filters} counts={reading.body?.counts ?? {}} link={link} />
      <Answered reading={reading}>
        {(list) => (
          <>
            <p class="quiet">
              {formatCount(list.total, "node")}
              {list.total > list.nodes.nodeId.length ? `, the first ${list.nodes.nodeId.length} of them shown` : ""}
            </p>
            {list.nodes.nodeId.length === 0 ? (
              <Empty>No node is as asked for.</Empty>
            ) : (
              <NodeGrid list={list} label={pool === undefined ? "Nodes" : `Nodes of pool ${pool}`} />
            )}
          </>
        )}
      </Answered>
      {pool !== undefined && <HistoryChart of={{ pool }} label={`Capacity of pool ${pool}`} />}
    </PageFrame>
  );
}

/** What the API knows; anything else in the URL is somebody's slip. */
function pick(filters: Readonly<Record<string, string>>): Record<string, string> {
  const known = ["config", "zone", "vmProvider", "lane", "status", "text", "sort"];
  return Object.fromEntries(Object.entries(filters).filter(([name]) => known.includes(name)));
}

interface FilterProps {
  readonly filters: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly link: (changes: Readonly<Record<string, string | undefined>>) => string;
}

function Filters({ filters, counts, link }: FilterProps) {
  const chosen = filters["status"];
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <div class="filters">
      <ul class="states" aria-label="By state">
        <li>
          <a href={link({ status: undefined })} aria-current={chosen === undefined ? "true" : undefined}>
            all {all}
          </a>
        </li>
        {nodeStatusOrder
          .filter((state) => (counts[state] ?? 0) > 0 || state === chosen)
          .map((state) => (
            <li key={state}>
              <a href={link({ status: state })} aria-current={chosen === state ? "true" : undefined}>
                <StateMark state={state} /> {counts[state] ?? 0}
              </a>
            </li>
          ))}
      </ul>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          location.hash = link({ text: new FormData(event.currentTarget).get("text")?.toString() });
        }}
      >
        <label>
          Name, address or message <input name="text" type="search" defaultValue={filters["text"] ?? ""} />
        </label>
        <label>
          Order{" "}
          <select
            value={filters["sort"] ?? "state"}
            onChange={(event) => (location.hash = link({ sort: event.currentTarget.value }))}
          >
            {Object.entries(orders).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Find</button>
      </form>
    </div>
  );
}
