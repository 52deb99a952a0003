/**
 * What happens to the accounts of VM provider configs: keys are rotated, temporary ones run out and are renewed, a config
 * moves to another account while its nodes live. Each change is an edit of the definition, as with `pulumi up`.
 */
import type { CommitChecker } from "./commit-checker";
import type { SimCloud } from "./cloud";
import type { FaultKind, Faults } from "./faults";
import type { SimKeys } from "./keys";
import type { SeededRng } from "./rng";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

export interface AccountEditParts {
  readonly timeline: Timeline;
  readonly faults: Faults;
  readonly verdict: Verdict;
  readonly checker: CommitChecker;
  readonly cloud: SimCloud;
  readonly keys: SimKeys;
  readonly vmProviders: readonly string[];
  /** The account that a VM provider config has in its definition. */
  readonly accountOf: (vmProvider: string) => { readonly tenant: string; readonly key: string };
  /** Declares another one, and returns once that is stored. */
  readonly edit: (vmProvider: string, account: { readonly tenant: string; readonly key: string }) => Promise<void>;
}

/** Mean virtual time between two of a kind. */
const everyMs: Partial<Record<FaultKind, number>> = {
  keyRotated: 250_000,
  keyExpires: 400_000,
  accountMoved: 500_000,
};
/** What a lane waits at most before it tries again, and two updates. */
const renewalLimitMs = 20 * 60_000;
const lookMs = 10_000;

export class AccountEdits {
  /** One change after the other of each. */
  private readonly busy = new Set<string>();
  /** Tenants that a VM provider config was moved away from. */
  private readonly left = new Map<string, Set<string>>();
  private isOver = false;

  constructor(private readonly parts: AccountEditParts) {}

  begin(): Promise<void>[] {
    return (Object.keys(everyMs) as FaultKind[]).map((kind) => this.repeat(kind, everyMs[kind]!));
  }

  /**
   * What has begun comes to its end soon. A declaration that was on its way for long may have come after a newer one, with
   * a key that has ended: so each account that has nodes is declared once more, the present one last.
   */
  async finish(): Promise<void> {
    const { timeline, keys, edit, accountOf } = this.parts;
    this.isOver = true;
    while (this.busy.size > 0) await timeline.sleep(lookMs, "operator");
    for (const [vmProvider, left] of this.left) {
      const present = accountOf(vmProvider);
      for (const tenant of left) await edit(vmProvider, { tenant, key: keys.issue(tenant) });
      await edit(vmProvider, present);
    }
  }

  private async repeat(kind: FaultKind, meanMs: number): Promise<void> {
    const { timeline, faults, verdict } = this.parts;
    const chance = faults.stream(kind);
    while (!this.isOver) {
      await timeline.sleep(chance.exponentialMs(meanMs), "disturbance");
      if (this.isOver || !faults.strikes(kind, 1)) continue;
      this.strike(kind, faults.detail(kind)).catch((error: unknown) =>
        verdict.broken("no unexpected error", String(error)),
      );
    }
  }

  private async strike(kind: FaultKind, chance: SeededRng): Promise<void> {
    const vmProvider = chance.pick(this.parts.vmProviders);
    if (this.busy.has(vmProvider)) return;
    this.busy.add(vmProvider);
    try {
      if (kind === "keyRotated") await this.rotate(vmProvider, chance);
      else if (kind === "keyExpires") await this.runOut(vmProvider, chance);
      else await this.move(vmProvider, chance);
    } finally {
      this.busy.delete(vmProvider);
    }
  }

  /** The old key ends before the new one is declared, or some time after. */
  private async rotate(vmProvider: string, chance: SeededRng): Promise<void> {
    const { keys, timeline, cloud } = this.parts;
    const old = this.parts.accountOf(vmProvider);
    if (chance.chance(0.5)) {
      keys.end(old.key, timeline.nowMs);
      return this.renew(vmProvider, chance.between(0, 180_000));
    }
    await this.parts.edit(vmProvider, { ...old, key: keys.issue(old.tenant) });
    await this.wait(chance.between(0, 600_000));
    cloud.trouble(vmProvider);
    keys.end(old.key, timeline.nowMs);
    this.watch(vmProvider);
  }

  private async runOut(vmProvider: string, chance: SeededRng): Promise<void> {
    const { keys, timeline } = this.parts;
    const lastsMs = chance.between(10_000, 300_000);
    keys.end(this.parts.accountOf(vmProvider).key, timeline.nowMs + lastsMs);
    await timeline.sleep(lastsMs, "operator");
    await this.renew(vmProvider, chance.between(0, 900_000));
  }

  /** Nobody gets in until somebody has declared another key. */
  private async renew(vmProvider: string, afterMs: number): Promise<void> {
    const { keys, cloud, edit, accountOf } = this.parts;
    const heal = cloud.sicken([vmProvider]);
    await this.wait(afterMs);
    const { tenant } = accountOf(vmProvider);
    await edit(vmProvider, { tenant, key: keys.issue(tenant) });
    heal();
    this.watch(vmProvider);
  }

  /** New nodes are made in another account; the old ones stay where they are, and its key goes on. */
  private async move(vmProvider: string, chance: SeededRng): Promise<void> {
    const { keys, edit, accountOf } = this.parts;
    const others = ["first", "second", "third"]
      .map((name) => `${vmProvider}-${name}`)
      .filter((name) => name !== accountOf(vmProvider).tenant);
    const tenant = chance.pick(others);
    const left = this.left.get(vmProvider) ?? new Set();
    this.left.set(vmProvider, left.add(accountOf(vmProvider).tenant));
    await edit(vmProvider, { tenant, key: keys.issue(tenant) });
  }

  /** With the new key, and nothing else wrong, the nodes that were to leave leave. */
  private watch(vmProvider: string): void {
    const { timeline, checker, cloud, faults, verdict } = this.parts;
    const sinceMs = timeline.nowMs + 1;
    const leaving = [...checker.durable.nodes.values()].filter(
      (node) => node.vmProvider === vmProvider && node.status === "destroying",
    );
    if (leaving.length === 0) return;
    timeline.after(renewalLimitMs, "operator", () => {
      if (!cloud.isWellSince(vmProvider, sinceMs) || faults.disturbedAtMs >= sinceMs) return;
      const left = leaving.filter(({ nodeId }) => cloud.vms.has(nodeId)).map(({ nodeId }) => nodeId);
      verdict.check(
        left.length === 0,
        "renewed keys serve old nodes",
        () =>
          `${left.join(", ")} of ${vmProvider} could go since ${new Date(sinceMs).toISOString()} and are still there`,
      );
    });
  }

  private async wait(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !this.isOver; leftMs -= lookMs) {
      await this.parts.timeline.sleep(Math.min(leftMs, lookMs), "operator");
    }
  }
}
