/** What do VMs cost now and of late, and how many of their hours had a session? */
import { useSignal } from "@preact/signals";
import type { CostView, HistoryView } from "../model/answers";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { formatNumber } from "../model/clock-text";
import {
  costTotals,
  dayBars,
  providerRates,
  rateGroups,
  rateRows,
  vmUses,
  type RateGroup,
  type RateRow,
} from "../model/cost-rows";
import { linkTo } from "../model/place";
import { Answered, Empty } from "../parts/answered";
import { Choice } from "../parts/choice";
import { Facts } from "../parts/facts";
import { PageFrame } from "../parts/page";
import { StackedBars } from "../parts/stacked-bars";
import { Table, type Column } from "../parts/table";

/** The newest samples are among those of the last minutes. */
const sampleSpanMs = 5 * 60_000;
const groups = [...rateGroups, "VM provider config"] as const;

export function CostPage() {
  const { settings } = useApp();
  const query = new URLSearchParams({ timezone: settings.timeZone });
  const reading = useAnswer<CostView>(`/api/v1/cost?${query}`, { topics: ["definition"], everyMs: 60_000 });
  return (
    <PageFrame title="Cost" question="What do VMs cost, and how many of their hours had a session?">
      <Answered reading={reading}>
        {(cost) => (
          <>
            <Totals cost={cost} />
            <section class="card">
              <h2>Hours of VMs, day by day</h2>
              <StackedBars
                caption="Hours of VMs by their use"
                nameTitle="Day"
                unit="VM-hours"
                bars={dayBars(cost)}
                parts={vmUses}
              />
              <p class="quiet small">Days of {cost.timezone}. A minute that is not known counts for nothing.</p>
            </section>
          </>
        )}
      </Answered>
      <Rates />
    </PageFrame>
  );
}

function Totals({ cost }: { cost: CostView }) {
  const { vmHours, idleShare, cost: sum, unpricedVmHours } = costTotals(cost);
  const { ratePerHour, currency = "", prices, unpriced, days } = cost;
  const money = (amount: number | undefined): string =>
    amount === undefined ? "not known" : `${formatNumber(amount)} ${currency}`.trim();
  const isMixed = prices.length > 0 && new Set(prices.map((price) => price.currency ?? "")).size > 1;
  return (
    <section class="card">
      <h2>Now, and these {days.length} days</h2>
      <Facts
        facts={[
          ["An hour of what exists now", money(ratePerHour)],
          ["These days", money(sum)],
          ["Today", money(days.at(-1)?.cost)],
          ["Hours of VMs", formatNumber(vmHours)],
          ["Of them without a session", idleShare === undefined ? "–" : `${formatNumber(100 * idleShare)} %`],
          ["Hours without a price", unpricedVmHours > 0 && `${formatNumber(unpricedVmHours)}; no amount has them`],
        ]}
      />
      {isMixed && <p class="refusal">Prices are in different currencies: no amounts are added up.</p>}
      {prices.length === 0 && (
        <Empty>
          No VM provider config declares a price, so only hours are known. Declare <code>hourlyCost</code>.
        </Empty>
      )}
      {prices.length > 0 && unpriced.length > 0 && (
        <p class="refusal">
          {unpriced.join(", ")} {unpriced.length === 1 ? "declares" : "declare"} no <code>hourlyCost</code>: what their
          VMs cost is not known, and in no amount here.
        </p>
      )}
    </section>
  );
}

function Rates() {
  const { live } = useApp();
  const group = useSignal<(typeof groups)[number]>("config");
  const fromMs = Math.floor(live.nowMs.value / 60_000) * 60_000 - sampleSpanMs;
  const chosen = group.value;
  const isByProvider = chosen === "VM provider config";
  const history = useAnswer<HistoryView>(
    `/api/v1/history?by=config&values=vms,costPerHour,vmsUnpriced&from=${fromMs}`,
    { everyMs: 30_000 },
  );
  const accounts = useAnswer<{ accounts: Parameters<typeof providerRates>[0] }>("/api/v1/accounts", {
    topics: ["node", "definition"],
    everyMs: 30_000,
  });
  return (
    <section class="card">
      <div class="card-head">
        <h2>An hour now, by</h2>
        <Choice label="By" options={groups} chosen={chosen} onChoose={(next) => (group.value = next)} />
      </div>
      {isByProvider ? (
        <Answered reading={accounts}>
          {(body) => <RateTable rows={providerRates(body.accounts)} group={chosen} />}
        </Answered>
      ) : (
        <Answered reading={history}>{(body) => <RateTable rows={rateRows(body, chosen)} group={chosen} />}</Answered>
      )}
    </section>
  );
}

function RateTable({ rows, group }: { rows: readonly RateRow[]; group: RateGroup | "VM provider config" }) {
  if (rows.length === 0) return <Empty>There is no VM now.</Empty>;
  const columns: readonly Column<RateRow>[] = [
    { title: group, cell: ({ name }) => <NameOf group={group} name={name} /> },
    { title: "VMs", isNumber: true, cell: ({ vms }) => formatNumber(vms) },
    {
      title: "Costs per hour",
      isNumber: true,
      cell: ({ costPerHour }) => (costPerHour === undefined ? "not known" : formatNumber(costPerHour)),
    },
    {
      title: "VMs without a price",
      isNumber: true,
      isWide: true,
      cell: ({ vmsUnpriced }) => (vmsUnpriced > 0 ? formatNumber(vmsUnpriced) : ""),
    },
  ];
  return <Table caption={`Cost by ${group}`} items={rows} columns={columns} keyOf={({ name }) => name} />;
}

function NameOf({ group, name }: { group: RateGroup | "VM provider config"; name: string }) {
  if (name === "in none") return <>{name}</>;
  if (group === "config") return <a href={linkTo("configs", name)}>{name}</a>;
  if (group === "pool") return <a href={linkTo("pools", name)}>{name}</a>;
  return <a href={linkTo("nodes", undefined, group === "zone" ? { zone: name } : { vmProvider: name })}>{name}</a>;
}
