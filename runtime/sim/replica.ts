/** One service process after the other on one machine: waits for the lease, leads, loses it, dies, starts again. */
import { tidyAccounts } from "../broker/account-rows";
import { Broker } from "../broker/broker";
import type { NodeTokens } from "../broker/node-tokens";
import { Requesters } from "../broker/requesters";
import { LaneRunner, type LaneLog } from "../executor/lane-runner";
import { BugError, HeadroomError } from "../model/errors";
import type { CloudCatalog } from "../model/config";
import { spendChanges } from "../model/spend-companion";
import { documentReader } from "../model/unreadable";
import { AccountChecks } from "../reconciler/account-checks";
import { AccountQuestions } from "../reconciler/account-questions";
import { ComingDemand } from "../reconciler/coming-demand";
import { DemandLearner } from "../reconciler/demand-learner";
import { Reconciler } from "../reconciler/reconciler";
import { Sweep } from "../reconciler/sweep";
import { HotState } from "../store/hot-state";
import { GroupCommitLedger } from "../store/ledger";
import type { MemoryStore } from "../store/memory";
import type { SimDatabase } from "./database";
import type { SimEngines } from "./engine";
import type { SeededRng } from "./rng";
import { SimProcess } from "./sim-process";
import type { Timeline } from "./timeline";
import { SimUpdater } from "./updater";
import type { SimVersions } from "./versions";
import type { Verdict } from "./violation";

/** What decides while this replica leads. */
export interface SimLeader {
  readonly epoch: number;
  readonly process: SimProcess;
  readonly ledger: GroupCommitLedger;
  readonly broker: Broker;
  readonly reconciler: Reconciler;
}

interface Term extends SimLeader {
  readonly store: MemoryStore;
  readonly laneRunner: LaneRunner;
  readonly updater: SimUpdater;
  readonly questions: AccountQuestions;
}

export interface ReplicaParts {
  readonly timeline: Timeline;
  readonly database: SimDatabase;
  readonly engines: SimEngines;
  readonly versions: SimVersions;
  readonly verdict: Verdict;
  readonly catalog: CloudCatalog;
  readonly tokens: NodeTokens;
  readonly probe: (address: string) => Promise<boolean>;
}

const termPauseMs = 100;

/** Made by whoever leads first. */
const installation = { installationId: "simulated", backend: "", passphrase: "", tokenSecret: "" };

export class Replica {
  process!: SimProcess;
  leader: SimLeader | undefined;
  private incarnations = 0;

  constructor(
    readonly name: string,
    private readonly rng: SeededRng,
    private readonly parts: ReplicaParts,
  ) {
    this.start();
  }

  start(): void {
    this.incarnations += 1;
    this.process = new SimProcess(`${this.name}.${this.incarnations}`, this.parts.timeline);
    this.runTerms(this.process, this.rng.fork(this.process.name)).catch((error: unknown) =>
      this.parts.verdict.broken("no unexpected error", describe(error)),
    );
  }

  /** As `kill -9` does it; a new process starts later. */
  crash(downMs: number): void {
    this.leader = undefined;
    this.process.kill();
    this.parts.timeline.after(downMs, "start", () => this.start());
  }

  /** Always something to resume: never from within. */
  private async runTerms(process: SimProcess, rng: SeededRng): Promise<void> {
    for (;;) {
      let lose: (error: Error) => void = () => undefined;
      const lost = new Promise<Error>((resolve) => (lose = resolve));
      const store = await this.parts.database.open(process, lose);
      try {
        const term = await this.open(process, rng, store, lose);
        this.lead(process, term);
        await lost;
        this.lead(process, undefined);
        await this.close(term);
      } catch (error) {
        if (!(error instanceof HeadroomError) || error instanceof BugError) throw error;
        await store.close();
      }
      await process.sleep(termPauseMs + rng.below(termPauseMs));
    }
  }

  /** Only the process that lives speaks for this replica. */
  private lead(process: SimProcess, leader: SimLeader | undefined): void {
    if (this.process === process) this.leader = leader;
  }

  /** The same parts in the same order as `runtime/main/leadership.ts` puts them together. */
  private async open(
    process: SimProcess,
    rng: SeededRng,
    store: MemoryStore,
    onLost: (error: Error) => void,
  ): Promise<Term> {
    const { engines, catalog, probe, versions } = this.parts;
    const { read, loaded } = versions.readerFor(documentReader(catalog));
    const state = new HotState(read);
    state.apply(await store.load());
    loaded();
    versions.termBegins(store.epoch, state);
    const defer = (run: () => void): void => void process.receive(0, "commit", run);
    const learner = new DemandLearner(state, process);
    const ledger = new GroupCommitLedger({
      ...{ state, store, onLost, defer, watch: learner },
      accompany: (changes, before) => spendChanges(changes, before, process.now()),
    });
    await ledger.commit(tidyAccounts({ snapshot: state, catalog, nowMs: process.now() }));
    await ledger.commit(state.installation.size > 0 ? [] : [{ kind: "put", table: "installation", row: installation }]);
    const updater = new SimUpdater(process, engines, store);
    const shared = { ledger, clock: process, rng, catalog, tokens: this.parts.tokens, requesters: new Requesters() };
    const log = this.log();
    const wakeReconciler = (): void => reconciler.wake();
    const { epoch } = store;
    const coming = new ComingDemand(catalog);
    const laneRunner = new LaneRunner({
      ...{ ledger, updater, epoch, clock: process, rng, catalog, log, wakeReconciler, lingerMs: 120_000 },
      comingDemand: (snapshot, nowMs) => coming.likelyNodes(snapshot, nowMs),
    });
    const reconciler: Reconciler = new Reconciler({ ...shared, demand: learner, executor: laneRunner, probe, log });
    const broker = new Broker({ ...shared, wake: wakeReconciler });
    const sweep = new Sweep({ ...shared, ...{ log, wakeReconciler, stackOf: (laneId) => laneRunner.stackOf(laneId) } });
    const checks = new AccountChecks({ ...shared, wakeReconciler });
    const questions = new AccountQuestions({
      ...{ clock: process, log, inquirers: [checks, sweep] },
      ask: (request) => updater.ask(request),
      isBusy: () => laneRunner.isBusy(),
    });
    await laneRunner.start();
    await reconciler.start();
    questions.start();
    return { epoch, process, ledger, broker, reconciler, store, laneRunner, updater, questions };
  }

  private async close({ reconciler, laneRunner, updater, ledger, store, process, questions }: Term): Promise<void> {
    const lanesAtRest = laneRunner.stop();
    questions.stop();
    await reconciler.stop();
    await Promise.race([lanesAtRest, process.sleep(0)]);
    await updater.stop();
    await ledger.settled().catch(() => undefined);
    await store.close();
  }

  private log(): LaneLog {
    const error = (fields: { readonly err?: unknown }, message: string): void => {
      const { err } = fields;
      const isExpected = err === undefined || (err instanceof HeadroomError && !(err instanceof BugError));
      if (!isExpected) this.parts.verdict.broken("no unexpected error", `${message}: ${describe(err)}`);
    };
    return { info: () => undefined, warn: () => undefined, error };
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
