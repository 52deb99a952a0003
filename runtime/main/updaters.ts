/** Who carries out the updates of one term: workers of this machine, and those of others where they can reach the database. */
import type { Logger } from "pino";
import type { WorkerView } from "../api/worker-contracts";
import type { Installation } from "../executor/installation";
import { StatesPruning } from "../executor/postgres-states";
import { KeptOutputs } from "../executor/remote/job-output";
import { RemoteUpdater } from "../executor/remote/remote-updater";
import { remoteProtocol } from "../executor/remote/remote-protocol";
import { SharedUpdater } from "../executor/remote/shared-updater";
import { WorkerPool } from "../executor/worker-pool";
import type { Clock, Rng } from "../model/clock";
import { SetupError } from "../model/errors";
import type { AskPermit } from "../store/permit";
import type { Sealer } from "../store/sealer";
import type { WorkerRow } from "../store/worker-rows";
import type { TermUpdater, UpdaterTerm } from "./leadership";

export interface UpdatersOptions {
  readonly installation: Installation;
  /** With the key that follows from the passphrase: every worker has it. */
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
  readonly permit: AskPermit;
  readonly term: UpdaterTerm;
  /** Of this machine; default by memory and cores, 0 = none. */
  readonly slots?: number | undefined;
  /** Updates that may be open ahead on this machine; default by memory. */
  readonly openedMax?: number | undefined;
  /** Absent = the embedded database, which only this machine reaches. */
  readonly databaseUrl?: string | undefined;
}

export async function createUpdater(options: UpdatersOptions): Promise<TermUpdater> {
  const { installation, sealer, clock, rng, log, permit, term, slots, openedMax, databaseUrl } = options;
  if (slots === 0 && databaseUrl === undefined) {
    throw new SetupError("--workers 0 needs --database: workers on other machines take their updates from there");
  }
  const opened = slots === 0 ? 0 : openedMax;
  const own = new WorkerPool({
    ...{ installation, clock, permit },
    ...(slots === undefined ? {} : { slots }),
    ...(opened === undefined ? {} : { openedMax: opened }),
  });
  const { backendUrl, historyKept: kept } = installation;
  const pruning = new StatesPruning({ backendUrl, kept, clock, log });
  if (databaseUrl === undefined) return { updater: own, pruning };
  const jobs = { connectionString: databaseUrl, clock, rng, log, epoch: term.epoch, onWorkers: term.onSlots, sealer };
  const remote = new RemoteUpdater(jobs, new KeptOutputs(installation, log));
  const updater = new SharedUpdater(own, remote);
  try {
    await remote.start();
  } catch (error) {
    await updater.stop();
    throw error;
  }
  return { updater, pruning, workers: () => remote.workers().map(viewWorker) };
}

const silentMs = 5_000;

function viewWorker({
  takers: _takers,
  busy: _busy,
  protocol,
  deadAfterSeconds,
  hasEnded,
  ...row
}: WorkerRow): WorkerView {
  const isSilent = row.silentMs > Math.max(silentMs, (deadAfterSeconds * 1000) / 3);
  const isOther = protocol !== remoteProtocol;
  const state = hasEnded ? "ended" : isOther ? "other version" : isSilent ? "silent" : "ready";
  return { ...row, lanes: [...row.lanes], state };
}
