/**
 * The composition root of `headroom worker`: a worker on another machine than the service's. It finds the installation in the
 * database, makes sure that it belongs to it, and registers; when a registration ends it registers anew.
 */
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { DestinationStream, Logger } from "pino";
import { environmentOf } from "../../provider/local-vm/local-rules";
import { createLogger, type LogLevel } from "../api/log";
import { BackendIdentity } from "../executor/backend-identity";
import { writeDurably } from "../executor/durable-file";
import type { Engine, EngineWish } from "../executor/engine-choice";
import { derivePassphraseKeys, prepareInstallation, type Installation } from "../executor/installation";
import { WorkerSession } from "../executor/remote/worker-session";
import { slotsHere } from "../executor/slot-default";
import { findEngine, packageRoot, packageVersion } from "../main";
import { HeadroomError, messageOf, SetupError, UnavailableError } from "../model/errors";
import { realClock } from "../model/real-clock";
import type { InstallationRecord } from "../model/installation-record";
import { readInstallation } from "../store/postgres";
import { connect, describeTarget } from "../store/postgres-connection";
import { createSealer } from "../store/sealer";
import { createRng } from "./chance";
import { openDataFolder, type DataFolder } from "./data-folder";
import { passphraseFingerprint } from "./own-installation";

export interface RemoteWorkerOptions {
  /** Of this worker alone: lanes' folders, engines' home. */
  readonly dataFolder: string;
  /** The database of the service. */
  readonly databaseUrl: string;
  /** Pulumi backend of the lane stacks, the same as the service's. */
  readonly backendUrl: string;
  /** The file `passphrase` of the service's data folder. Default: the one in this data folder. */
  readonly passphraseFile?: string;
  readonly engine?: EngineWish;
  /** Updates at the same time. Default: what memory and cores allow. */
  readonly slots?: number;
  /**
   * Without a sign of life for so long others take the lanes of this worker over. Engines are asked to end after a third of
   * it without the database, and killed after two thirds. Unit: seconds. Default 45; at least 3.
   */
  readonly takeOverSeconds?: number;
  /** Make VMs of kind `local` on this machine. Default false. */
  readonly allowLocal?: boolean;
  readonly logLevel?: LogLevel;
  readonly logDestination?: DestinationStream;
  /** How long {@link RemoteWorker.stop} lets updates end. Default 60. */
  readonly stopSeconds?: number;
  readonly engineEnvironment?: Readonly<Record<string, string>>;
}

const takeOverSecondsDefault = 45;
/** Between two attempts to register. */
const retryMs = 2_000;

/** Resolves when it has registered; waits for a service that has led on this database, and for the database itself. */
export async function startRemoteWorker(options: RemoteWorkerOptions): Promise<RemoteWorker> {
  const log = createLogger({ level: options.logLevel ?? "warn", destination: options.logDestination });
  const engine = await findEngine(options.engine);
  if (process.platform !== "linux")
    throw new SetupError("headroom worker runs on Linux only: it finds its engines there");
  const folder = await openDataFolder(options.dataFolder);
  const worker = new RemoteWorker({ ...options, engine }, log, folder);
  try {
    await worker.start();
    return worker;
  } catch (error) {
    await worker.stop();
    throw error;
  }
}

export class RemoteWorker {
  private readonly rng = createRng();
  private readonly stopping = new AbortController();
  private session: WorkerSession | undefined;
  private present = "";
  private running: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;

  constructor(
    private readonly options: Omit<RemoteWorkerOptions, "engine"> & { readonly engine: Engine },
    private readonly log: Logger,
    private readonly folder: DataFolder,
  ) {}

  /** Of the present registration. */
  get workerId(): string {
    return this.present;
  }

  get slots(): number {
    return this.options.slots ?? slotsHere();
  }

  /** One line for people. */
  get startLine(): string {
    const { engine, databaseUrl } = this.options;
    return `Headroom ${packageVersion()} worker ${this.present}: engine ${engine.name}, ${this.slots} updates at a time, database ${describeTarget(databaseUrl)}`;
  }

  async start(): Promise<void> {
    await this.register();
    this.running = this.stayRegistered();
  }

  /** Safe to call again. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private async stopAll(): Promise<void> {
    this.stopping.abort();
    await this.session?.stop((this.options.stopSeconds ?? 60) * 1000);
    await this.running;
    await this.folder.release();
  }

  private async stayRegistered(): Promise<void> {
    while (this.session !== undefined && !this.stopping.signal.aborted) {
      const session = this.session;
      const why = await Promise.race([session.lost, this.whenStopping()]);
      if (why === undefined) return;
      this.log.error({ worker: this.present, reason: why }, "this worker is given up; registering anew");
      await session.stop(0);
      this.session = undefined;
      await this.register();
    }
  }

  private whenStopping(): Promise<undefined> {
    return new Promise((resolve) => {
      if (this.stopping.signal.aborted) resolve(undefined);
      this.stopping.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
  }

  /** Tries until it succeeds or is stopped; fails when this worker does not belong here, and never will by itself. */
  private async register(): Promise<void> {
    let told = "";
    while (!this.stopping.signal.aborted) {
      try {
        this.session = await this.openSession();
        return;
      } catch (error) {
        // Later registrations wait also for what people have to put right: the database may be another one meanwhile.
        if (error instanceof SetupError && this.present === "") throw error;
        if (!(error instanceof HeadroomError)) throw error;
        if (error.message !== told) this.log.warn({ reason: error.message }, "could not register; trying again");
        told = error.message;
      }
      await this.pause(retryMs);
    }
    if (this.present === "") throw new UnavailableError("stopped before it could register");
  }

  private async openSession(): Promise<WorkerSession> {
    const { databaseUrl, takeOverSeconds } = this.options;
    const { record, lanes } = await readDatabase(databaseUrl);
    const { installation, sealingKey } = await this.joinInstallation(record);
    await dropOldLanes(installation, lanes);
    const workerId = `${hostname()}-${process.pid}-${this.rng.id(4)}`;
    const session = await WorkerSession.open({
      connectionString: databaseUrl,
      workerId,
      installation,
      sealer: createSealer(sealingKey),
      clock: realClock,
      log: this.log,
      version: packageVersion(),
      slots: this.slots,
      deadAfterSeconds: takeOverSeconds ?? takeOverSecondsDefault,
    });
    this.present = workerId;
    return session;
  }

  /** Fails with a {@link SetupError} that names what differs. */
  private async joinInstallation({ installationId, backend, passphrase, encryptionSalt }: AdmittingRecord): Promise<{
    readonly installation: Installation;
    readonly sealingKey: Uint8Array;
  }> {
    const { backendUrl, engine, allowLocal = false, engineEnvironment } = this.options;
    const identity = new BackendIdentity(backendUrl);
    const mark = await identity.mark();
    if (identity.canBeMarked && mark !== installationId) {
      const what = mark === undefined ? "no stacks" : `those of installation ${mark}`;
      throw new SetupError(
        `the backend ${identity.url} holds ${what}, not those of installation ${installationId}; make sure that its folder is mounted here`,
      );
    }
    if (!identity.canBeMarked && identity.url !== backend) {
      throw new SetupError(
        `--backend is ${identity.url} and the installation's is ${backend}; name the installation's`,
      );
    }
    await this.writeSecrets(encryptionSalt);
    const roots = [process.env["HEADROOM_LOCAL_ROOT"] ?? join(this.folder.path, "local")];
    const installation = await prepareInstallation({
      dataFolder: this.folder.path,
      packageRoot,
      engine,
      backendUrl,
      engineEnvironment: { ...environmentOf({ isAllowed: allowLocal, roots }), ...engineEnvironment },
    });
    const { fingerprintKey, sealingKey } = await derivePassphraseKeys(installation);
    if (passphraseFingerprint(fingerprintKey, installationId) !== passphrase) {
      throw new SetupError(
        "the passphrase is not the installation's; give --passphrase-file a copy of the file passphrase from the data folder of the service",
      );
    }
    return { installation, sealingKey };
  }

  private async writeSecrets(encryptionSalt: string): Promise<void> {
    const own = join(this.folder.path, "passphrase");
    const given = this.options.passphraseFile ?? own;
    if (!existsSync(given)) {
      throw new SetupError(
        `there is no file ${given}; give --passphrase-file a copy of the file passphrase from the data folder of the service`,
      );
    }
    const files: (readonly [string, string])[] = [
      [own, readFileSync(given, "utf8").trim()],
      [join(this.folder.path, "encryption-salt"), encryptionSalt],
    ];
    for (const [file, text] of files) {
      const present = await readFile(file, "utf8").catch(() => "");
      if (present.trim() !== text) await writeDurably(file, text);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = realClock.after(ms, resolve);
      this.stopping.signal.addEventListener("abort", () => [cancel(), resolve()], { once: true });
    });
  }
}

type AdmittingRecord = InstallationRecord & { readonly encryptionSalt: string };

/** Fails with an {@link UnavailableError} when nobody has led there yet who tells what a worker needs. */
async function readDatabase(url: string): Promise<{ readonly record: AdmittingRecord; readonly lanes: Set<string> }> {
  const client = await connect(url);
  try {
    const { rows: known } = await client.query("select 1 where to_regclass('headroom.worker') is not null");
    const record = known.length === 0 ? undefined : await readInstallation(client);
    const encryptionSalt = record?.encryptionSalt;
    if (record === undefined || encryptionSalt === undefined) {
      throw new UnavailableError("no service of this version has led on this database yet; start headroom serve");
    }
    const { rows } = await client.query<{ id: string }>("select id from headroom.lane");
    return { record: { ...record, encryptionSalt }, lanes: new Set(rows.map(({ id }) => id)) };
  } catch (error) {
    throw error instanceof HeadroomError ? error : new UnavailableError(messageOf(error), { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Lanes whose end another machine has seen to: their folders hold sealed settings and logs. */
async function dropOldLanes({ dataFolder }: Installation, lanes: ReadonlySet<string>): Promise<void> {
  const folder = join(dataFolder, "lanes");
  for (const laneId of await readdir(folder)) {
    if (!lanes.has(laneId)) await rm(join(folder, laneId), { recursive: true, force: true });
  }
}
