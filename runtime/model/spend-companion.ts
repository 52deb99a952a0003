/**
 * What each commit changes about spend: lives begin, change and end with the rows of nodes, in the same transaction, so that
 * neither a crash nor a change of leader loses one; and what was spent before a price is edited is counted at the old price.
 */
import type { Change } from "./changes";
import type { EpochMs } from "./clock";
import { vmProviderConfigSchema } from "./provider-config";
import type { Snapshot } from "./snapshot";
import { begunLife, SpendCount, writtenLife } from "./spend-count";
import type { SpendMark, VmLife } from "./spend";
import type { NodePower, Price } from "./node-cost";
import type { Node } from "./state";

/** Empty while nothing is counted, and for commits that change nothing about it. */
export function spendChanges(changes: readonly Change[], before: Snapshot, nowMs: EpochMs): Change[] {
  const mark = before.spendMark;
  if (mark === undefined) return [];
  const companion = new Companion(before, mark, nowMs);
  for (const change of changes) companion.see(change);
  return companion.changes();
}

/** What a node's row says of its VM; undefined = there is none, as far as the runtime has asked for one. */
export function powerOf({ status, autoscaleConfig, vmProvider }: Node): NodePower | undefined {
  if (autoscaleConfig === undefined || vmProvider === undefined || status === "requested") return undefined;
  return "running";
}

class Companion {
  private readonly count: SpendCount;
  /** Lives that this commit has changed; undefined = ended. */
  private readonly lives = new Map<string, VmLife | undefined>();

  constructor(
    private readonly before: Snapshot,
    private readonly mark: SpendMark,
    private readonly nowMs: EpochMs,
  ) {
    this.count = new SpendCount(before);
  }

  see(change: Change): void {
    if (change.kind === "decision") return;
    if (change.table === "node") this.follow(change.kind === "put" ? change.row : undefined, nodeIdOf(change));
    if (change.table !== "definition") return;
    const vmProvider = change.kind === "put" ? change.row.name : /^vmProviderConfig\/(.*)$/.exec(change.id)?.[1];
    const isOfVms = change.kind === "delete" || change.row.kind === "vmProviderConfig";
    if (!isOfVms || vmProvider === undefined) return;
    const price = change.kind === "put" ? priceIn(change.row.doc) : undefined;
    if (textOf(price) !== textOf(this.before.vmProviderConfigs.get(vmProvider))) this.closeOff(vmProvider);
  }

  changes(): Change[] {
    const lives = [...this.lives].map(([id, row]): Change => {
      return row === undefined ? { kind: "delete", table: "vmLife", id } : { kind: "put", table: "vmLife", row };
    });
    return [...lives, ...this.count.changes()];
  }

  private follow(node: Node | undefined, nodeId: string): void {
    const known = this.lives.has(nodeId) ? this.lives.get(nodeId) : this.before.vmLives.get(nodeId);
    const power = node && powerOf(node);
    if (known?.power === power) return;
    const endMs = known === undefined ? this.nowMs : this.count.count(known, this.nowMs).countedMs;
    if (power === undefined) this.lives.set(nodeId, undefined);
    else {
      const { autoscaleConfig = "", vmProvider = "", zone, pool } = node!;
      const life = { nodeId, zone, pool, autoscaleConfig, vmProvider, power };
      this.lives.set(nodeId, begunLife(life, endMs, this.mark));
    }
  }

  /** Counts every life on it up to now, at the price that it has had. */
  private closeOff(vmProvider: string): void {
    for (const [nodeId, life] of this.before.vmLives) {
      if (life.vmProvider !== vmProvider || this.lives.has(nodeId)) continue;
      this.lives.set(nodeId, writtenLife(life, this.count.count(life, this.nowMs), this.mark));
    }
  }
}

function nodeIdOf(change: Exclude<Change, { kind: "decision" }>): string {
  if (change.kind === "delete") return change.id;
  return change.table === "node" ? change.row.nodeId : "";
}

const priceSchema = vmProviderConfigSchema
  .pick({ hourlyCost: true, stoppedHourlyCost: true, currency: true, billingGranularity: true, billingMinimum: true })
  .strip();

/** Of a document; undefined = it can't be read, and has no price then. */
function priceIn(doc: object): Price | undefined {
  const parsed = priceSchema.safeParse(doc);
  return parsed.success ? parsed.data : undefined;
}

/** In one order of fields, so that two can be compared as text. */
function textOf(price: Price | undefined): string {
  const { hourlyCost, stoppedHourlyCost, currency, billingGranularity, billingMinimum } = price ?? {};
  return JSON.stringify([hourlyCost, stoppedHourlyCost, currency, billingGranularity, billingMinimum]);
}
