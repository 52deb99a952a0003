/**
 * Removes VMs that nobody knows and that were told, where the VM provider config says `orphans: delete`: one at a time.
 * What must not be deleted is asked for several times: here, of the cloud right before, and of the store at the last moment.
 *
 * told ──nobody has it still──▶ asked for ──deleted──▶ forgotten
 *   ▲──────────an hour later────────┘ not deleted
 */
import type { AccountAnswer } from "../model/account-questions";
import { canonicalJson } from "../model/canonical-json";
import type { Clock, EpochMs, Rng } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import { Journal } from "../model/journal";
import type { Orphan } from "../model/state";
import { Draft } from "../model/draft";
import type { Snapshot } from "../model/snapshot";
import type { Ledger } from "../store/store";
import type { DueQuestion, Inquirer } from "./account-questions";
import { ownershipOf, type StackOf } from "./listing";
import { nameOf, tellOfOrphan } from "./orphans";
import { sweepAreas } from "./sweep-areas";

export interface OrphanRemovalOptions {
  readonly ledger: Ledger;
  /** Under which this runtime leads. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly catalog: CloudCatalog;
  readonly stackOf: StackOf;
}

/** After a VM was not deleted. */
const againMs = 3_600_000;

export class OrphanRemoval implements Inquirer {
  /** By the orphan's id. */
  private readonly nextAtMs = new Map<string, EpochMs>();
  private readonly journal: Journal;

  constructor(private readonly options: OrphanRemovalOptions) {
    this.journal = new Journal(options.clock, options.rng);
  }

  nextQuestion(nowMs: EpochMs): DueQuestion | undefined {
    const { stackOf, ledger } = this.options;
    const { state } = ledger;
    for (const orphanId of this.nextAtMs.keys()) if (!state.orphans.has(orphanId)) this.nextAtMs.delete(orphanId);
    const due = [...state.orphans.values()].filter((orphan) => isUnwanted(orphan, state) && this.isDue(orphan, nowMs));
    const isOrphan = (vm: Orphan) => ownershipOf(vm, vm.accountId, { state, stackOf }) === "orphan";
    const orphan = due.find(isOrphan);
    return orphan && this.questionOf(orphan, nowMs);
  }

  private questionOf(orphan: Orphan, nowMs: EpochMs): DueQuestion | undefined {
    const { ledger, epoch } = this.options;
    const { orphanId, accountId, vmId, nodeId, place } = orphan;
    const account = ledger.state.accounts.get(accountId);
    if (account === undefined) return undefined;
    this.nextAtMs.set(orphanId, nowMs + againMs);
    const { service, kind, definition, identity, settings } = account;
    const { installationId } = ledger.state;
    const of = { orphanId, vmId, ...(nodeId === undefined ? {} : { nodeId }) };
    return {
      request: {
        accountId,
        account: { service, kind, definition, identity, settings },
        question: { kind: "deleteOrphan", epoch, ...of, installationId, place, knownIds: this.knownIdsBeside(orphan) },
      },
      conclude: (answer) => this.conclude(orphan, answer),
    };
  }

  private async conclude(orphan: Orphan, answer: AccountAnswer): Promise<void> {
    const { ledger, clock } = this.options;
    const { orphanId } = orphan;
    const { journal } = this;
    const draft = new Draft(ledger.state);
    const subject = `${nameOf(orphan)}, which nobody knew,`;
    if (answer.kind === "deleted") {
      draft.put({ kind: "delete", table: "orphan", id: orphanId });
      tellOfOrphan(orphan, "orphanDeleted", `${subject} was deleted`, { draft, journal });
    } else {
      this.nextAtMs.set(orphanId, clock.now() + againMs);
      const why = answer.kind === "failed" ? answer.failed : "another question was answered";
      tellOfOrphan(orphan, "orphanNotDeleted", `${subject} was not deleted: ${why}`, { draft, journal });
    }
    await ledger.commit(draft.changes);
  }

  private knownIdsBeside({ accountId, place }: Orphan): readonly string[] {
    const { ledger, catalog } = this.options;
    const key = canonicalJson(place);
    const areas = sweepAreas(ledger.state, catalog).filter(({ account }) => account.accountId === accountId);
    const here = areas.find((area) => canonicalJson(area.place) === key);
    return (here?.nodes ?? []).flatMap(({ vmId }) => vmId ?? []);
  }

  private isDue({ orphanId }: Orphan, nowMs: EpochMs): boolean {
    const nextAtMs = this.nextAtMs.get(orphanId) ?? nowMs;
    // Set back, the clock would put it off for as long.
    return nextAtMs <= nowMs || nextAtMs - nowMs > againMs;
  }
}

/** Told, and in an account whose definition wants such ones deleted. */
function isUnwanted({ accountId, vmProvider, isComputerRecord, reportedAtMs }: Orphan, state: Snapshot): boolean {
  if (reportedAtMs === undefined || !state.accounts.has(accountId)) return false;
  const definitions = isComputerRecord ? state.ldapConfigs : state.vmProviderConfigs;
  return definitions.get(vmProvider)?.orphans === "delete";
}
