/**
 * One term of leadership: from taking the lease to losing it or giving it up. Everything that decides lives here and is
 * built anew for each term from what the store holds, so that memory that ran ahead of a failed write is never reused.
 */
import type { Logger } from "pino";
import { seedAdminKey } from "../api/api-key-life";
import type { Leader, RuntimeFacts } from "../api/backend";
import type { WorkerView } from "../api/worker-contracts";
import { tidyAccounts } from "../broker/account-rows";
import { Broker } from "../broker/broker";
import { NodeTokens } from "../broker/node-tokens";
import { Requesters } from "../broker/requesters";
import { SessionAccounts } from "../broker/session-accounts";
import { endOfLog, logsIn } from "../executor/lane-logs";
import { LaneRunner } from "../executor/lane-runner";
import type { NodeUpdater } from "../executor/node-updater";
import type { StatesPruning } from "../executor/postgres-states";
import { canonicalJson } from "../model/canonical-json";
import type { Clock, Rng } from "../model/clock";
import type { CloudCatalog } from "../model/config";
import type { Metrics } from "../metrics/metrics";
import type { SessionTraces } from "../tracing/session-traces";
import { seenByAll } from "./seen-by-all";
import { Journal } from "../model/journal";
import { sealedFields } from "../model/sealed-fields";
import { spendChanges } from "../model/spend-companion";
import { documentReader } from "../model/unreadable";
import { plan } from "../planner/planning/plan";
import { AccountChecks } from "../reconciler/account-checks";
import { AccountQuestions } from "../reconciler/account-questions";
import { ComingDemand } from "../reconciler/coming-demand";
import { BudgetWebhooks } from "../reconciler/budget-webhooks";
import { DemandLearner } from "../reconciler/demand-learner";
import { HistoryRecorder } from "../reconciler/history-recorder";
import { Reconciler } from "../reconciler/reconciler";
import type { StackOf } from "../reconciler/listing";
import { OrphanRemoval } from "../reconciler/orphan-removal";
import { Sweep } from "../reconciler/sweep";
import { WindowsPasswords } from "../reconciler/windows-passwords";
import { HotState } from "../store/hot-state";
import { installationRow, type Change } from "../model/changes";
import { assertClock } from "../store/database-clock";
import type { LeaseTiming } from "../store/lease";
import { GroupCommitLedger } from "../store/ledger";
import type { AskPermit } from "../store/permit";
import { PostgresStore } from "../store/postgres";
import { Resealing } from "../store/resealing";
import { createRowSealer } from "../store/sealed-rows";
import type { Sealer } from "../store/sealer";
import type { OwnInstallation } from "./own-installation";
import type { SecretsKeys } from "./secrets-keys";

export interface LeadershipOptions {
  readonly connectionString: string;
  /** Who we are, for operators and other runtimes; starts with our URL. */
  readonly holder: string;
  readonly leaseTiming?: LeaseTiming;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
  readonly catalog: CloudCatalog;
  readonly tokenSecret: Uint8Array;
  /** Looked at before the lease is taken: who is of another installation does not lead. */
  readonly installation: OwnInstallation;
  /** Opens the accounts that older versions sealed. */
  readonly passphraseSealer: Sealer;
  readonly secretsKeys: SecretsKeys;
  readonly adminKey: string;
  readonly tickSeconds: number;
  /** How long the journal is kept; default: the store's. */
  readonly journalRetentionSeconds?: number;
  /** Sessions of one user that may wait at the same time; 0 = no limit of its own. */
  readonly queuePerUser: number;
  readonly facts: RuntimeFacts;
  /** Where the engines of a lane that ran on this machine have left what they printed. */
  laneFolderOf(laneId: string): string;
  /** Counts what becomes durable. */
  readonly metrics: Metrics;
  /** Absent = nobody wants any. */
  readonly traces: SessionTraces | undefined;
  createUpdater(permit: AskPermit, term: UpdaterTerm): Promise<TermUpdater>;
  /** Another runtime leads; called once, then the opening goes on waiting. */
  onStandby(holder: string): void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

export interface UpdaterTerm {
  readonly epoch: number;
  /** There are more or fewer slots than before. */
  readonly onSlots: () => void;
}

export interface TermUpdater {
  readonly updater: NodeUpdater;
  readonly pruning: StatesPruning;
  /** Workers on other machines; absent where there can be none. */
  readonly workers?: () => readonly WorkerView[];
}

interface OpenedTerm {
  readonly store: PostgresStore;
  readonly ledger: GroupCommitLedger;
  readonly lost: Promise<Error>;
  readonly learner: DemandLearner;
}

export class Leadership {
  /** Resolves with the reason when leadership or the store was lost. Never rejects. */
  readonly lost: Promise<Error>;

  private constructor(
    readonly leader: Leader,
    private readonly parts: {
      store: PostgresStore;
      reconciler: Reconciler;
      laneRunner: LaneRunner;
      updater: NodeUpdater;
      questions: AccountQuestions;
      recorder: HistoryRecorder;
      pruning: StatesPruning;
      resealing: Resealing;
      webhooks: BudgetWebhooks;
    },
    lost: Promise<Error>,
  ) {
    this.lost = lost;
  }

  /** Waits for the lease, loads the state, recovers lanes that a crash left open, and only then starts to decide. */
  static async open(options: LeadershipOptions): Promise<Leadership> {
    const { connectionString, holder, leaseTiming, clock, onStandby, signal, journalRetentionSeconds } = options;
    const { installation, catalog, secretsKeys, passphraseSealer } = options;
    const pathsOf = sealedFields(catalog);
    let reportLoss: (error: Error) => void = () => undefined;
    const lost = new Promise<Error>((resolve) => (reportLoss = resolve));
    const store = await PostgresStore.open({
      connectionString,
      holder,
      leaseTiming,
      clock,
      journalRetentionSeconds,
      onStandby,
      signal,
      admit: (record) => installation.check(record),
      confirm: (client) => assertClock(client, clock),
      sealer: createRowSealer({ ring: secretsKeys, pathsOf, ofPassphrase: passphraseSealer }),
      forgetsSealedBy: (sealedBy) => installation.accepts(sealedBy),
      onLost: reportLoss,
    });
    try {
      const state = new HotState(documentReader(options.catalog));
      state.apply(await store.load());
      const learner = new DemandLearner(state, clock);
      const ledger = new GroupCommitLedger({
        ...{ state, store, onLost: reportLoss, watch: seenByAll({ ...options, learner }) },
        accompany: (changes, before) => spendChanges(changes, before, clock.now()),
      });
      await joinInstallation(ledger, options);
      await joinAdminKey(ledger, options);
      // Before any lane asks for them: older versions wrote no accounts.
      await ledger.commit(tidyAccounts({ snapshot: state, catalog: options.catalog, nowMs: clock.now() }));
      return await Leadership.begin(options, { store, ledger, lost, learner });
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private static async begin(
    options: LeadershipOptions,
    { store, ledger, lost, learner }: OpenedTerm,
  ): Promise<Leadership> {
    const { clock, rng, log, catalog, tokenSecret, tickSeconds, facts, metrics } = options;
    const { epoch } = store;
    let onSlots = (): void => undefined;
    const term = { epoch, onSlots: () => onSlots() };
    const { updater, pruning, workers } = await options.createUpdater((request) => store.permit(request), term);
    const tokens = new NodeTokens(tokenSecret);
    const requesters = new Requesters();
    const wake = (): void => reconciler.wake();
    const coming = new ComingDemand(catalog);
    const laneRunner = new LaneRunner({
      ...{ ledger, updater, epoch, clock, rng, catalog, log, wakeReconciler: wake },
      comingDemand: (snapshot, nowMs) => coming.likelyNodes(snapshot, nowMs),
      watch: {
        jobEnded: (kind, result, seconds) => metrics.jobEnded(kind, result, seconds),
        heard: (event) => options.traces?.heard(event),
      },
    });
    onSlots = () => laneRunner.slotsChanged();
    const reconciler = new Reconciler({
      ledger,
      clock,
      rng,
      catalog,
      tokens,
      requesters,
      demand: learner,
      executor: laneRunner,
      onPlanned: (made, seconds) => metrics.planned(made, { snapshot: ledger.state, seconds }),
      tickSeconds,
      log,
    });
    const { queuePerUser } = options;
    const broker = new Broker({ ledger, clock, rng, catalog, tokens, requesters, queuePerUser, wake });
    const stackOf: StackOf = (laneId) => laneRunner.stackOf(laneId);
    const sweep = new Sweep({ ledger, clock, rng, catalog, log, wakeReconciler: wake, stackOf });
    const removal = new OrphanRemoval({ ledger, epoch, clock, rng, catalog, stackOf });
    const checks = new AccountChecks({ ledger, clock, rng, catalog, wakeReconciler: wake });
    const passwords = new WindowsPasswords({ ledger, clock, rng });
    const questions = new AccountQuestions({
      ...{ clock, log, inquirers: [checks, sweep, removal, passwords] },
      ask: (request) => updater.ask(request),
      isBusy: () => laneRunner.isBusy(),
    });
    const webhooks = new BudgetWebhooks({ ledger, clock, rng, log });
    const resealing = createResealing(options, { store, ledger });
    const recorder = new HistoryRecorder({ ledger, history: store.history, clock, log });
    try {
      await laneRunner.start();
      await reconciler.start();
      questions.start();
      resealing.start();
      webhooks.start();
      recorder.start();
      pruning.start();
    } catch (error) {
      // What they began is given up with the workers, and recovered in the next term.
      await Promise.all([laneRunner.stop(), reconciler.stop(), updater.stop()]);
      throw error;
    }
    const leader: Leader = {
      ledger,
      store,
      broker,
      accounts: new SessionAccounts({ ledger, clock, rng, tokens }),
      clock,
      catalog,
      facts,
      epoch,
      apiKeySecret: tokenSecret,
      plan: () => plan(ledger.state, { nowMs: clock.now(), catalog }),
      slotWaitOf: (laneId) => laneRunner.waitOf(laneId),
      work: {
        slotUse: () => laneRunner.slotUse(),
        retryAtMsOf: (laneId) => laneRunner.retryAtMsOf(laneId),
        sweeps: () => sweep.states(),
        logsOf: (laneId) => logsIn(options.laneFolderOf(laneId)),
        endOfLog: (laneId, name, bytesMax) => endOfLog(options.laneFolderOf(laneId), name, bytesMax),
      },
      secrets: resealing,
      ...(workers === undefined ? {} : { workers }),
    };
    const parts = { store, reconciler, laneRunner, updater, questions, resealing, recorder, pruning, webhooks };
    return new Leadership(leader, parts, lost);
  }

  /**
   * Decides nothing more, lets running updates end for up to `limitMs`, and gives the lease back. Where another runtime
   * waits it gets the lease at once: what an update of ours has not begun by then is refused and done by the next leader,
   * which waits for the rest.
   */
  async stop(limitMs: number): Promise<void> {
    const { store, reconciler, laneRunner, updater, questions, resealing, recorder, pruning, webhooks } = this.parts;
    // First of all and at once: whoever no longer leads starts no engine.
    const lanesAtRest = laneRunner.stop();
    questions.stop();
    resealing.stop();
    webhooks.stop();
    recorder.stop();
    pruning.stop();
    await reconciler.stop();
    const isAwaited = await store.isAwaited();
    if (isAwaited) await this.handOver();
    const cut = new AbortController();
    const limit = new Promise<void>((resolve) => {
      const cancel = this.leader.clock.after(limitMs, resolve);
      cut.signal.addEventListener("abort", cancel);
    });
    await Promise.race([lanesAtRest, limit]);
    cut.abort();
    await updater.stop();
    if (!isAwaited) await this.handOver();
  }

  private async handOver(): Promise<void> {
    await this.leader.ledger.settled().catch(() => undefined);
    await this.parts.store.close();
  }
}

/** Makes the installation where there is none, and takes note of what became of its backend. */
async function joinInstallation(
  ledger: GroupCommitLedger,
  { installation, clock, rng, log }: LeadershipOptions,
): Promise<void> {
  const known = ledger.state.installation.get(installationRow);
  const { record, warning } = await installation.admit(known, rng);
  const { installationId, backend } = record;
  const changes: Change[] = [];
  if (canonicalJson(known ?? {}) !== canonicalJson(record)) {
    changes.push({ kind: "put", table: "installation", row: record });
  }
  if (warning !== undefined) {
    log.warn({ installationId, backend }, warning);
    const reason = { code: "backendEmpty", text: warning, numbers: { backend } };
    const decision = new Journal(clock, rng).entry("runtime", installationId, "backendEmpty", reason);
    changes.push({ kind: "decision", decision });
  }
  await ledger.commit(changes);
  await installation.markBackend(installationId);
}

function createResealing(
  { secretsKeys, installation, clock, rng, log }: LeadershipOptions,
  { store, ledger }: { store: PostgresStore; ledger: GroupCommitLedger },
): Resealing {
  const { installationId } = ledger.state;
  const journal = new Journal(clock, rng);
  return new Resealing({
    ledger,
    store,
    clock,
    keys: secretsKeys,
    keyChanged: () => [{ kind: "put", table: "installation", row: installation.recordFor(installationId) }],
    tell: (event, text) => {
      const reason = { code: event, text, numbers: {} };
      return [{ kind: "decision", decision: journal.entry("runtime", installationId, event, reason) }];
    },
    onTrouble: (message) => log.error({ reason: message }, "secrets could not be sealed anew; trying again"),
  });
}

/** Where the key of this data folder is none of the installation, the log says why and what to do. */
async function joinAdminKey(
  ledger: GroupCommitLedger,
  { adminKey, clock, installation, log }: LeadershipOptions,
): Promise<void> {
  const isAccepted = installation.accepts("admin-key");
  const { changes, outcome } = seedAdminKey(adminKey, { state: ledger.state, nowMs: clock.now(), isAccepted });
  await ledger.commit(changes);
  if (outcome === "not asked for") {
    log.warn(
      "the admin key of this data folder is not known here; copy the file of the installation's other runtime, or start once with --accept admin-key",
    );
  }
  if (outcome === "deleted") {
    log.warn(
      "the admin key of this data folder was deleted; use another key, or remove the file admin-key and start once with --accept admin-key",
    );
  }
}
