/** Does everybody get a session at once? */
import type { ComponentChildren } from "preact";
import type { SessionView, StagingView } from "../../runtime/api/contracts";
import type { PlanView } from "../../runtime/api/plan-contracts";
import type { HistoryView } from "../model/answers";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { formatNumber, formatSpan } from "../model/clock-text";
import { newestOf } from "../model/chart-data";
import { configRows, type ConfigRow } from "../model/overview-rows";
import { linkTo } from "../model/place";
import { nodeStatusOrder } from "../model/states";
import { Empty } from "../parts/answered";
import { HistoryChart } from "../parts/history-chart";
import { PageFrame } from "../parts/page";
import { StateMark } from "../parts/state-mark";
import { Table, type Column } from "../parts/table";
import { Waits } from "../parts/waits";

/** The newest samples are among those of the last minutes. */
const sampleSpanMs = 5 * 60_000;

export function OverviewPage() {
  const { live } = useApp();
  const status = live.status.value;
  const fromMs = Math.floor(live.nowMs.value / 60_000) * 60_000 - sampleSpanMs;
  const history = useAnswer<HistoryView>(`/api/v1/history?by=config&from=${fromMs}`, { everyMs: 30_000 }).body;
  const plan = useAnswer<PlanView>("/api/v1/plan", { topics: ["node", "session", "definition"], everyMs: 15_000 }).body;
  const staging = useAnswer<StagingView>("/api/v1/staging", {
    topics: ["session", "definition"],
    everyMs: 15_000,
  }).body;
  if (!status) return <PageFrame title="Overview">Asking …</PageFrame>;
  const rows = configRows(status, history, plan);
  return (
    <PageFrame title="Overview" question="Does everybody get a session at once, and what would it take?">
      <Figures costPerHour={costOf(history)} atCap={rows.filter(isAtCap).length} />
      <section class="card">
        <h2>Autoscale configs</h2>
        {rows.length === 0 ? (
          <Empty>No autoscale config is declared yet. A Pulumi program declares what may exist.</Empty>
        ) : (
          <Table caption="Autoscale configs" items={rows} columns={columns} keyOf={(row) => row.autoscaleConfig} />
        )}
      </section>
      {staging && staging.staging.length > 0 && <Staging staging={staging.staging} />}
      <Waits />
      <HistoryChart of={{}} label="Capacity" />
    </PageFrame>
  );
}

function costOf(history: HistoryView | undefined): number | undefined {
  const costs = (history?.series ?? []).flatMap((series) => newestOf(series)["costPerHour"] ?? []);
  return costs.length === 0 ? undefined : costs.reduce((sum, cost) => sum + cost, 0);
}

function isAtCap({ nodesMax, running, others }: ConfigRow): boolean {
  return nodesMax !== undefined && nodesMax > 0 && running + others >= nodesMax;
}

function Figures({ costPerHour, atCap }: { costPerHour: number | undefined; atCap: number }) {
  const { live } = useApp();
  const queue = useAnswer<{ sessions: readonly SessionView[]; total: number }>("/api/v1/sessions?status=queued", {
    topics: ["session"],
  }).body;
  const { nodes, sessions, configs } = live.status.value!;
  const oldestMs = queue?.sessions.reduce((oldest, { requestedAtMs }) => Math.min(oldest, requestedAtMs), Infinity);
  const coming = (nodes["requested"] ?? 0) + (nodes["provisioning"] ?? 0) + (nodes["starting"] ?? 0);
  const active = (sessions["assigned"] ?? 0) + (sessions["running"] ?? 0);
  return (
    <>
      <ul class="figures">
        <Figure link={linkTo("queue")} value={String(sessions["queued"] ?? 0)} name="waiting">
          {oldestMs !== undefined && Number.isFinite(oldestMs)
            ? `the oldest for ${formatSpan(live.nowMs.value - oldestMs)}`
            : "nobody waits"}
        </Figure>
        <Figure
          link={linkTo("decisions", undefined, { subject: "session" })}
          value={String(active)}
          name="sessions in use"
        >
          {`${sessions["staged"] ?? 0} staged for the next ones`}
        </Figure>
        <Figure
          link={linkTo("nodes", undefined, { status: "running" })}
          value={String(nodes["running"] ?? 0)}
          name="nodes running"
        >
          {`${coming} on their way`}
        </Figure>
        <Figure link={linkTo("nodes")} value={String(atCap)} name="configs at their cap">
          {`of ${configs.length}`}
        </Figure>
        <Figure link={linkTo("cost")} value={formatNumber(costPerHour)} name="cost per hour">
          {costPerHour === undefined ? "no price is declared" : "by the declared prices"}
        </Figure>
      </ul>
      <ul class="states" aria-label="Nodes by state">
        {nodeStatusOrder
          .filter((state) => (nodes[state] ?? 0) > 0)
          .map((state) => (
            <li key={state}>
              <a href={linkTo("nodes", undefined, { status: state })}>
                <StateMark state={state} /> {nodes[state]}
              </a>
            </li>
          ))}
      </ul>
    </>
  );
}

interface FigureProps {
  readonly link: string;
  readonly value: string;
  readonly name: string;
  readonly children: ComponentChildren;
}

function Figure({ link, value, name, children }: FigureProps) {
  return (
    <li>
      <a class="figure" href={link}>
        <strong>{value}</strong>
        <span>{name}</span>
        <span class="quiet small">{children}</span>
      </a>
    </li>
  );
}

const columns: readonly Column<ConfigRow>[] = [
  { title: "Zone", cell: ({ zone }) => zone },
  { title: "Pool", cell: ({ pool }) => <a href={linkTo("pools", pool)}>{pool}</a> },
  {
    title: "Autoscale config",
    cell: ({ autoscaleConfig }) => <a href={linkTo("configs", autoscaleConfig)}>{autoscaleConfig}</a>,
  },
  { title: "Needed", cell: ({ needed }) => needed ?? "–" },
  { title: "Free", cell: ({ free }) => free ?? "–" },
  {
    title: "Running",
    isNumber: true,
    cell: ({ pool, autoscaleConfig, running }) => (
      <a href={linkTo("pools", pool, { config: autoscaleConfig, status: "running" })} aria-label={`${running} running`}>
        {running}
      </a>
    ),
  },
  {
    title: "In flight",
    isNumber: true,
    cell: ({ pool, autoscaleConfig, others }) => (
      <a href={linkTo("pools", pool, { config: autoscaleConfig })} aria-label={`${others} not running`}>
        {others}
      </a>
    ),
  },
  { title: "Cap", isNumber: true, cell: ({ nodesMax }) => formatNumber(nodesMax) },
  { title: "Cost per hour", isNumber: true, cell: ({ costPerHour }) => formatNumber(costPerHour) },
  {
    title: "Schedule",
    cell: ({ schedule, isOpen }) =>
      schedule === undefined ? "always" : <span title={schedule}>{isOpen ? "open" : "closed"}</span>,
  },
  {
    title: "Why",
    isWide: true,
    cell: ({ why, autoscaleConfig }) => <a href={linkTo("configs", autoscaleConfig)}>{why ?? "nothing to do"}</a>,
  },
];

function Staging({ staging }: { staging: StagingView["staging"] }) {
  return (
    <section class="card">
      <h2>Staged sessions</h2>
      <Table
        caption="Staged sessions"
        items={staging}
        keyOf={({ stagingConfig }) => stagingConfig}
        columns={[
          {
            title: "Staging config",
            cell: ({ stagingConfig }) => <a href={linkTo("staging", stagingConfig)}>{stagingConfig}</a>,
          },
          { title: "Workspace", cell: ({ workspace }) => workspace },
          { title: "Zone", cell: ({ zone }) => zone },
          { title: "Ready", isNumber: true, cell: ({ current }) => current },
          { title: "Wanted", isNumber: true, cell: ({ desired }) => desired },
          { title: "Why", isWide: true, cell: ({ reason }) => reason.text },
        ]}
      />
    </section>
  );
}
