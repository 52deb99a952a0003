/** The report of a simulated run: what each variant would have meant for users and for the bill. */
import type { ComponentChildren } from "preact";
import type { SimulationResult, VariantResult } from "../../runtime/simulate/result";
import { formatClock, formatNumber, formatSpan, nameZone } from "../model/clock-text";
import {
  costText,
  hourBars,
  hourParts,
  idleShare,
  nodesChart,
  percentText,
  secondsText,
  sessionsChart,
} from "../model/simulation";
import { Chart } from "../parts/chart";
import { Facts } from "../parts/facts";
import { StackedBars } from "../parts/stacked-bars";
import { Table, type Column } from "../parts/table";

interface Props {
  readonly result: SimulationResult;
  readonly timeZone: string;
  readonly look: "light" | "dark";
}

export function Report({ result, timeZone, look }: Props) {
  const { options, variants, suggestion } = result;
  // Seen from days later, so that each time is told with its day.
  const clock = (atMs: number): string => formatClock(atMs, options.toMs + 2 * 86_400_000, timeZone);
  return (
    <>
      <div class="page-head">
        <h1>What would have happened</h1>
      </div>
      <p class="question">
        Headroom's own planner, played against {options.demand}, from {clock(options.fromMs)} to {clock(options.toMs)}.
        Times in {nameZone(timeZone, options.fromMs)}.
      </p>
      <Card title={variants.length === 1 ? "In short" : "Variants beside each other"}>
        <Table caption="Variants" items={variants} columns={variantColumns} keyOf={keyOf} />
        <Facts
          facts={[
            ["Definitions", options.definitions],
            ["A node is ready after", options.boot],
            ["Seed", String(options.seed)],
          ]}
        />
      </Card>
      {suggestion && <Suggested suggestion={suggestion} variants={variants} />}
      <Card title="Hours of VMs">
        <StackedBars
          caption="Hours of VMs by their use"
          nameTitle="Variant"
          unit="VM-hours"
          bars={hourBars(result)}
          parts={hourParts}
        />
      </Card>
      {variants.map((variant) => (
        <Variant key={variant.name} variant={variant} {...{ timeZone, look, clock, untilMs: options.toMs }} />
      ))}
    </>
  );
}

function keyOf({ name }: VariantResult): string {
  return name;
}

const variantColumns: readonly Column<VariantResult>[] = [
  { title: "Variant", isWide: true, cell: ({ name }) => name },
  { title: "Sessions", isNumber: true, cell: ({ waits }) => formatNumber(waits.sessions) },
  { title: "Waited", isNumber: true, cell: ({ waits }) => percentText(waits.shareWaited) },
  { title: "Half at most", isNumber: true, cell: ({ waits }) => secondsText(waits.p50Seconds) },
  { title: "95 of 100 at most", isNumber: true, cell: ({ waits }) => secondsText(waits.p95Seconds) },
  { title: "Longest", isNumber: true, cell: ({ waits }) => secondsText(waits.longestSeconds) },
  { title: "Refused", isNumber: true, cell: ({ waits }) => formatNumber(waits.refused) },
  { title: "VM-hours", isNumber: true, cell: ({ vmHours }) => formatNumber(vmHours.total) },
  { title: "Without a session", isNumber: true, cell: ({ vmHours }) => percentText(idleShare(vmHours)) },
  { title: "Cost", isNumber: true, cell: ({ cost }) => costText(cost) },
  { title: "Most VMs at once", isNumber: true, cell: ({ peakNodes }) => formatNumber(peakNodes) },
];

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

type Found = NonNullable<SimulationResult["suggestion"]>;

function Suggested({ suggestion, variants }: { suggestion: Found; variants: readonly VariantResult[] }) {
  const { isKept, keep, variant, lines, tried } = suggestion;
  const name = variants[variant]?.name ?? "";
  return (
    <Card title="Suggestion">
      <p>
        {isKept
          ? `Of ${tried} runs this is the cheapest that keeps ${keep}: ${name}.`
          : `None of ${tried} runs keeps ${keep}; the nearest is: ${name}.`}
      </p>
      {lines.length > 0 && (
        <pre tabIndex={0} aria-label="Lines of the program">
          {lines.join("\n")}
        </pre>
      )}
    </Card>
  );
}

interface VariantProps {
  readonly variant: VariantResult;
  readonly timeZone: string;
  readonly look: "light" | "dark";
  readonly clock: (atMs: number) => string;
  readonly untilMs: number;
}

function Variant({ variant, timeZone, look, clock, untilMs }: VariantProps) {
  const { name, waits, refusals, series, cost, peakSessions } = variant;
  const chart = { timeZone, look, nowMs: untilMs };
  return (
    <Card title={name}>
      <h3>Sessions</h3>
      <Chart data={sessionsChart(series)} label={`${name}: sessions`} {...chart} />
      <h3>Nodes</h3>
      <Chart data={nodesChart(series)} label={`${name}: nodes`} {...chart} />
      <Facts
        facts={[
          ["Got a node", formatNumber(waits.served)],
          ["Still waiting at the end", waits.unfinished > 0 && formatNumber(waits.unfinished)],
          ["Most sessions at once", formatNumber(peakSessions)],
          ["99 of 100 waited at most", secondsText(waits.p99Seconds)],
          ["Without a price", cost.unpriced.length > 0 && cost.unpriced.join(", ")],
        ]}
      />
      <WorstMoments variant={variant} clock={clock} />
      {refusals.length > 0 && (
        <>
          <h3>Sessions that came to nothing</h3>
          <Table
            caption={`${name}: refusals`}
            items={refusals}
            keyOf={({ code }) => code}
            columns={[
              { title: "Why", cell: ({ code }) => code },
              { title: "Sessions", isNumber: true, cell: ({ sessions }) => formatNumber(sessions) },
              { title: "The first one was told", isWide: true, cell: ({ text }) => text },
            ]}
          />
        </>
      )}
    </Card>
  );
}

function WorstMoments({ variant, clock }: Pick<VariantProps, "variant" | "clock">) {
  const { name, worstMoments } = variant;
  if (worstMoments.length === 0) return <p class="all-well">Nobody waited.</p>;
  return (
    <>
      <h3>The worst moments</h3>
      <Table
        caption={`${name}: worst moments`}
        items={worstMoments}
        keyOf={({ fromMs }) => String(fromMs)}
        columns={[
          { title: "From", cell: ({ fromMs }) => clock(fromMs) },
          { title: "For", isNumber: true, cell: ({ fromMs, toMs }) => formatSpan(toMs - fromMs) },
          { title: "Sessions that waited", isNumber: true, cell: ({ sessions }) => formatNumber(sessions) },
          { title: "The longest", isNumber: true, cell: ({ longestSeconds }) => secondsText(longestSeconds) },
          { title: "Why", isWide: true, cell: ({ reason }) => reason },
        ]}
      />
    </>
  );
}
