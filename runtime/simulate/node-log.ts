/** What VMs did with their time: hours by use, cost, and the means of each step for charts. */
import type { EpochMs } from "../model/clock";
import { costOfLife, type Price } from "../model/node-cost";
import type { ConfigState, Node } from "../model/state";
import type { RunCost, Series, VmHours } from "./result";

/** What a VM does; `idle` is standby or excess. */
type Use = "session" | "idle" | "booting" | "leaving";

interface Life {
  readonly sinceMs: EpochMs;
  readonly vmProvider: string;
  readonly autoscaleConfig: string;
  use: Use;
}

interface OfConfig {
  idle: number;
  excess: number;
}

const hourMs = 3_600_000;
const stepsOf = { dayMax: 8, yearMax: 450 };

export class NodeLog {
  peak = 0;
  private readonly lives = new Map<string, Life>();
  private readonly configs = new Map<string, OfConfig>();
  private readonly counts: Record<Use, number> = { session: 0, idle: 0, booting: 0, leaving: 0 };
  private excess = 0;
  private lastMs: EpochMs;
  private readonly ms = { session: 0, standby: 0, booting: 0, excess: 0, leaving: 0 };
  private livesMs = 0;
  private readonly amounts = new Map<string, number>();
  private unpricedMs = 0;
  private readonly unpriced = new Set<string>();
  private readonly series: StepMeans;

  constructor(
    private readonly span: { readonly fromMs: EpochMs; readonly toMs: EpochMs },
    private readonly priceOf: (vmProvider: string) => Price | undefined,
  ) {
    this.lastMs = span.fromMs;
    this.series = new StepMeans(span);
  }

  /** Time passes with everything as it is; to be called before anything changes. */
  advance(nowMs: EpochMs, { demand, waiting }: { readonly demand: number; readonly waiting: number }): void {
    const passedMs = nowMs - this.lastMs;
    if (passedMs <= 0) return;
    const { counts, excess, ms } = this;
    ms.session += counts.session * passedMs;
    ms.standby += (counts.idle - excess) * passedMs;
    ms.excess += excess * passedMs;
    ms.booting += counts.booting * passedMs;
    ms.leaving += counts.leaving * passedMs;
    const ready = counts.session + counts.idle;
    this.series.add(this.lastMs, nowMs, { demand, waiting, ready, booting: counts.booting, standby: counts.idle });
    this.lastMs = nowMs;
  }

  /** @param hasSessions Somebody has a session on it. */
  see(node: Node, hasSessions: boolean): void {
    const use = useOf(node, hasSessions);
    const life = this.lives.get(node.nodeId);
    if (!life) {
      if (use === undefined || node.autoscaleConfig === undefined) return;
      const { autoscaleConfig, vmProvider = "" } = node;
      this.lives.set(node.nodeId, { sinceMs: this.lastMs, autoscaleConfig, vmProvider, use });
      this.count(use, autoscaleConfig, 1);
      this.peak = Math.max(this.peak, this.lives.size);
      return;
    }
    if (use === undefined || use === life.use) return;
    this.count(life.use, life.autoscaleConfig, -1);
    this.count(use, life.autoscaleConfig, 1);
    life.use = use;
  }

  gone(nodeId: string): void {
    const life = this.lives.get(nodeId);
    if (!life) return;
    this.lives.delete(nodeId);
    this.count(life.use, life.autoscaleConfig, -1);
    this.pay(life);
  }

  /** How many nodes the planner found to be too many. */
  seeConfig({ autoscaleConfig, excessSinceMs, excessNodes = 0 }: ConfigState): void {
    const of = this.of(autoscaleConfig);
    this.excess -= Math.min(of.idle, of.excess);
    of.excess = excessSinceMs === undefined ? 0 : excessNodes;
    this.excess += Math.min(of.idle, of.excess);
  }

  end(): { readonly vmHours: VmHours; readonly cost: RunCost; readonly series: Series } {
    for (const life of this.lives.values()) this.pay(life);
    this.lives.clear();
    const { session, standby, booting, excess, leaving } = this.ms;
    const hours = (ms: number): number => ms / hourMs;
    const vmHours: VmHours = {
      total: hours(this.livesMs),
      session: hours(session),
      standby: hours(standby),
      booting: hours(booting),
      excess: hours(excess),
      leaving: hours(leaving),
    };
    const amounts = Object.fromEntries([...this.amounts].sort(([a], [b]) => (a < b ? -1 : 1)));
    const cost: RunCost = { amounts, unpricedHours: hours(this.unpricedMs), unpriced: [...this.unpriced].sort() };
    return { vmHours, cost, series: this.series.end() };
  }

  private pay({ sinceMs, vmProvider }: Life): void {
    this.livesMs += this.lastMs - sinceMs;
    const price = this.priceOf(vmProvider);
    const { amount, unpricedMs } = costOfLife([{ power: "running", fromMs: sinceMs, toMs: this.lastMs }], price);
    if (price?.hourlyCost === undefined) this.unpriced.add(vmProvider);
    else this.amounts.set(price.currency ?? "", (this.amounts.get(price.currency ?? "") ?? 0) + amount);
    this.unpricedMs += unpricedMs;
  }

  private count(use: Use, autoscaleConfig: string, by: number): void {
    this.counts[use] += by;
    if (use !== "idle") return;
    const of = this.of(autoscaleConfig);
    this.excess -= Math.min(of.idle, of.excess);
    of.idle += by;
    this.excess += Math.min(of.idle, of.excess);
  }

  private of(autoscaleConfig: string): OfConfig {
    const known = this.configs.get(autoscaleConfig);
    if (known) return known;
    const made = { idle: 0, excess: 0 };
    this.configs.set(autoscaleConfig, made);
    return made;
  }
}

/** Undefined = the cloud was not asked for it yet. */
function useOf({ status }: Node, hasSessions: boolean): Use | undefined {
  if (status === "requested") return undefined;
  if (status === "provisioning" || status === "starting") return "booting";
  if (hasSessions) return "session";
  return status === "running" ? "idle" : "leaving";
}

const names = ["demand", "waiting", "ready", "booting", "standby"] as const;
type Means = Readonly<Record<(typeof names)[number], number>>;

class StepMeans {
  private readonly stepMs: number;
  private readonly sums: Record<(typeof names)[number], Float64Array>;

  constructor(private readonly span: { readonly fromMs: EpochMs; readonly toMs: EpochMs }) {
    const days = (span.toMs - span.fromMs) / (24 * hourMs);
    this.stepMs = days <= stepsOf.dayMax ? hourMs / 12 : days <= stepsOf.yearMax ? hourMs : 24 * hourMs;
    const steps = Math.max(1, Math.ceil((span.toMs - span.fromMs) / this.stepMs));
    const row = (): Float64Array => new Float64Array(steps);
    this.sums = { demand: row(), waiting: row(), ready: row(), booting: row(), standby: row() };
  }

  add(fromMs: EpochMs, toMs: EpochMs, means: Means): void {
    const { stepMs, sums, span } = this;
    let atMs = fromMs;
    while (atMs < toMs) {
      const step = Math.min(sums.demand.length - 1, Math.floor((atMs - span.fromMs) / stepMs));
      const endMs = Math.min(toMs, span.fromMs + (step + 1) * stepMs);
      const untilMs = endMs > atMs ? endMs : toMs;
      for (const name of names) sums[name][step]! += means[name] * (untilMs - atMs);
      atMs = untilMs;
    }
  }

  end(): Series {
    const { stepMs, sums, span } = this;
    const means = (name: (typeof names)[number]): number[] =>
      [...sums[name]].map((sum, step) => {
        const lengthMs = Math.min(stepMs, span.toMs - span.fromMs - step * stepMs);
        return Math.round((sum / Math.max(1, lengthMs)) * 1000) / 1000;
      });
    return {
      ...{ fromMs: span.fromMs, stepSeconds: stepMs / 1000 },
      ...{ demand: means("demand"), waiting: means("waiting"), ready: means("ready") },
      ...{ booting: means("booting"), standby: means("standby") },
    };
  }
}
