/**
 * Compares each place of each account with the rows, from time to time: VMs that somebody deleted are noticed, and VMs
 * that nobody knows. A list that fails, or that may be of another account, changes nothing.
 *
 * VM of a row: listed ──not in a list──▶ absent ──not in the next either, not heard since──▶ its node is given up
 * VM of ours without a row: ──listed──▶ seen ──listed again, 5 minutes later──▶ reported ──not listed──▶ forgotten
 */
import type { AccountAnswer } from "../model/account-questions";
import { canonicalJson } from "../model/canonical-json";
import type { Clock, EpochMs, Rng } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import { Decisions } from "../deciding/decisions";
import { tellNode } from "../deciding/node-events";
import type { QueueContext } from "../planner/placement/place-queue";
import { destroyNode } from "../planner/lifecycle/transitions";
import type { Node } from "../model/state";
import type { Ledger } from "../store/store";
import type { DueQuestion, Inquirer } from "./account-questions";
import { absences, againMs, isProven, ListedVms, type Absence, type Listing, type StackOf } from "./listing";
import { concludeOrphans } from "./orphans";
import { rulesOf, sweepAreas, withPlace, type SweepArea } from "./sweep-areas";

export interface SweepOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly catalog: CloudCatalog;
  readonly stackOf: StackOf;
  readonly wakeReconciler: () => void;
  readonly log: { warn(fields: object, message: string): void };
  /** Between two lists of one place. Default 5 min. */
  readonly periodMs?: number;
}

/** What is known of the lists of one place of an account. */
export interface SweepState {
  /** Of the VM provider config, or of the LDAP config, whose account that is. */
  readonly definition: string;
  readonly place: Readonly<Record<string, unknown>>;
  /** When the last list was asked for that came; undefined = none has in this term. */
  readonly sweptAtMs: EpochMs | undefined;
  /** Why the last list told nothing; undefined = it did. */
  readonly complaint: string | undefined;
}

interface AreaMemory {
  nextAtMs: EpochMs;
  sweptAtMs?: EpochMs;
  absent: ReadonlyMap<string, Absence>;
  /** What was logged last. */
  complaint?: string | undefined;
}

/** The first list of a place is asked for within this time; from then on each place has a rhythm of its own. */
const phaseMs = 30_000;
/** A VM that is missed is looked for again after this, not only with the next sweep. */
const missedAgainMs = againMs + 15_000;

export class Sweep implements Inquirer {
  private readonly areas = new Map<string, AreaMemory>();
  private readonly decisions: Decisions;

  constructor(private readonly options: SweepOptions) {
    this.decisions = new Decisions(options);
  }

  nextQuestion(nowMs: EpochMs): DueQuestion | undefined {
    const { ledger, catalog } = this.options;
    const areas = sweepAreas(ledger.state, catalog);
    const due = areas.filter(({ key }) => this.memoryOf(key, nowMs).nextAtMs <= nowMs);
    const [area] = due.sort((a, b) => this.memoryOf(a.key, nowMs).nextAtMs - this.memoryOf(b.key, nowMs).nextAtMs);
    if (area === undefined) return undefined;
    const { account, place, nodes } = area;
    const { accountId, service, kind, definition, identity, settings } = account;
    const knownIds = nodes.flatMap(({ vmId }) => vmId ?? []);
    this.memoryOf(area.key, nowMs).nextAtMs = nowMs + this.periodMs;
    return {
      request: {
        accountId,
        account: { service, kind, definition, identity, settings },
        question: { kind: "list", installationId: ledger.state.installationId, place, knownIds },
      },
      conclude: (answer) => this.conclude(area, nowMs, answer),
    };
  }

  /** Every place that is swept. */
  states(): SweepState[] {
    const { ledger, catalog } = this.options;
    return sweepAreas(ledger.state, catalog).map(({ key, account: { definition }, place }) => {
      const { sweptAtMs, complaint } = this.areas.get(key) ?? {};
      return { definition, place, sweptAtMs, complaint };
    });
  }

  private async conclude(area: SweepArea, askedAtMs: EpochMs, answer: AccountAnswer): Promise<void> {
    const { ledger, clock, catalog } = this.options;
    const nowMs = clock.now();
    const memory = this.memoryOf(area.key, nowMs);
    memory.nextAtMs = nowMs + this.periodMs;
    if (answer.kind === "list") memory.sweptAtMs = askedAtMs;
    if (answer.kind !== "list") return this.complain(area, answer.kind === "failed" ? answer.failed : "no list");
    const { state } = ledger;
    const account = state.accounts.get(area.account.accountId);
    // How to get in was edited meanwhile: it may have led elsewhere.
    if (account === undefined || canonicalJson(account.settings) !== canonicalJson(area.account.settings)) return;
    const listing: Listing = { area, askedAtMs, vms: new ListedVms(answer.vms) };
    const context = this.decisions.begin();
    if (isProven(listing, rulesOf(account, catalog))) this.concludeRows(listing, memory, context);
    else if (area.nodes.length > 0) {
      this.complain(area, `it lists none of ${area.nodes.length} known VMs, and it is not known whose account it is`);
    }
    const known = withPlace(account, area);
    if (known) context.draft.put({ kind: "put", table: "account", row: known });
    concludeOrphans(listing, this.options.stackOf, context);
    if (context.draft.changes.length === 0) return;
    await ledger.commit(context.draft.changes);
    this.options.wakeReconciler();
  }

  private concludeRows(listing: Listing, memory: AreaMemory, context: QueueContext): void {
    const absent = absences(listing, context.draft.snapshot, memory.absent);
    for (const [nodeId, { atMs }] of absent) {
      const node = context.draft.node(nodeId);
      if (listing.askedAtMs - atMs < againMs || node === undefined) continue;
      giveUp(context, node, listing);
      absent.delete(nodeId);
    }
    memory.absent = absent;
    memory.complaint = undefined;
    if (absent.size > 0) memory.nextAtMs = context.nowMs + missedAgainMs;
  }

  /** Not again and again while it says the same. */
  private complain({ key, account, place }: SweepArea, text: string): void {
    const memory = this.memoryOf(key, this.options.clock.now());
    if (memory.complaint === text) return;
    memory.complaint = text;
    this.options.log.warn({ account: account.accountId, place }, `the VMs of an account are not known: ${text}`);
  }

  private memoryOf(key: string, nowMs: EpochMs): AreaMemory {
    const known = this.areas.get(key);
    // Set back, the clock would put the next list off for as long.
    if (known && known.nextAtMs - nowMs <= this.periodMs) return known;
    const memory = { ...known, nextAtMs: nowMs + this.options.rng.below(phaseMs), absent: new Map<string, Absence>() };
    this.areas.set(key, memory);
    return memory;
  }

  private get periodMs(): number {
    return this.options.periodMs ?? 300_000;
  }
}

/** The same as for every other node whose VM is gone; one that is kept for diagnosis has nothing left to look at. */
function giveUp(context: QueueContext, node: Node, { area }: Listing): void {
  const { vmId = "", address = "" } = node;
  const text = `its VM ${vmId || `at ${address}`} is gone: account "${area.account.accountId}" did not list it twice in a row`;
  const reason = { code: "vmGone", text, numbers: { vmId, address, account: area.account.accountId } };
  if (node.status === "failed" || node.status === "dead") destroyNode(context, node, reason);
  else tellNode(context, node, { kind: "lost", reason });
}
