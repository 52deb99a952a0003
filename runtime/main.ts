/**
 * The composition root: builds the runtime from its options, keeps it running through lost leases and dead databases,
 * and stops it. With the CLI the only place that reads the environment and creates clock and chance.
 *
 *   starting ──lease free──▶ leader ──lease or store lost──▶ starting (after a back-off; state is loaded again)
 *       └──another leads──▶ standby ──lease free──▶ leader          any ──stop()──▶ stopped
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { environmentOf, type LocalRules } from "../provider/local-vm/local-rules";
import { cloudCatalog } from "../provider/registry";
import { createApiKey } from "./api/api-keys";
import { ForwardedCalls } from "./api/forwarded-call";
import { Forwarder } from "./api/forwarding";
import { reachableUrl } from "./api/listen-address";
import { listen, type Listening } from "./api/listen";
import { createLogger } from "./api/log";
import { PeerAgents } from "./api/peer-agents";
import { createRoutes } from "./api/routes";
import { joinedSites, readSite } from "./api/site";
import { createFront } from "./api/front";
import { queuePerUserDefault } from "./broker/queue-limits";
import { chooseEngine, type Engine, type EngineWish } from "./executor/engine-choice";
import { BackendIdentity } from "./executor/backend-identity";
import {
  derivePassphraseKeys,
  laneFolder,
  prepareInstallation,
  readSalt,
  type Installation,
} from "./executor/installation";
import { createRng } from "./main/chance";
import { prepareEntrance, type Entrance } from "./main/entrance";
import { readGuacamoleKey } from "./main/guacamole-key";
import { Metrics } from "./metrics/metrics";
import { startTracing, type Tracing } from "./tracing/start-tracing";
import type { Clock } from "./model/clock";
import { realClock } from "./model/real-clock";
import { adminKeyFile, keepSecret, keepTokenSecret, openDataFolder } from "./main/data-folder";
import type { Runtime, RuntimeOptions } from "./main/options";
import { OwnInstallation } from "./main/own-installation";
import { Leadership } from "./main/leadership";
import { Replica } from "./main/replica";
import { createUpdater } from "./main/updaters";
import { SecretsKeys } from "./main/secrets-keys";
import { ClockError, InstallationError, SetupError } from "./model/errors";
import { findBinaries } from "./store/embedded-binaries";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./store/embedded-postgres";
import { LeaseWatch } from "./store/lease-watch";
import { describeTarget } from "./store/postgres-connection";
import { createSealer, type Sealer } from "./store/sealer";

/** Folder of this package: holds `engine/`, `provider/`, `Pulumi.yaml` and `dist/`. */
export const packageRoot = join(__dirname, "..", "..");

export type { Runtime, RuntimeOptions } from "./main/options";

const requestsPerMinuteDefault = 600_000;

/**
 * Session requests for one user: a person who clicks on and on stays far below it; a portal that asks in a circle for one
 * does not, and takes nothing from the others.
 */
const requestsPerMinuteOfUserDefault = 6_000;

/** Back-off before a lost term is followed by the next: doubles from the first to the second value. */
const restartDelayMs = { first: 100, last: 10_000 };

/** Requests that still run when the runtime stops get this long. */
const closeLimitMs = 5_000;

export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}

/** Where to look for the engine, from options and environment. */
export function findEngine(wish: EngineWish = "auto"): Promise<Engine> {
  const { PATH, HEADROOM_PULUMI } = process.env;
  return chooseEngine({ wish, packageRoot, searchPath: PATH, officialPath: HEADROOM_PULUMI });
}

/** Resolves when the runtime answers: as leader, or as a standby of another runtime on the same database. */
export async function startRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const log = createLogger({ level: options.logLevel ?? "warn", destination: options.logDestination });
  const entrance = await prepareEntrance(
    { ...options, host: options.host ?? "127.0.0.1" },
    { clock: options.clock ?? realClock, log },
  );
  const folder = await openDataFolder(options.dataFolder ?? ".headroom");
  const host = new RuntimeHost(options, { entrance, log }, folder.path, folder.release);
  try {
    await host.start();
    return host;
  } catch (error) {
    await host.stop();
    throw error;
  }
}

class RuntimeHost implements Runtime {
  adminKey = "";
  engine!: Engine;
  private readonly version = packageVersion();
  private readonly rng = createRng();
  private readonly stopping = new AbortController();
  private readonly replica = new Replica(() => this.holder);
  private readonly agents: PeerAgents;
  private watch: LeaseWatch | undefined;
  /** Ends a term that may not go on, with the reason. */
  private giveUp: (reason: Error) => void = () => undefined;
  private http: Listening | undefined;
  private embedded: EmbeddedPostgres | undefined;
  private installation!: Installation;
  private tokenSecret!: Uint8Array;
  private ownInstallation!: OwnInstallation;
  private passphraseSealer!: Sealer;
  private secretsKeys!: SecretsKeys;
  private storeName = "";
  private readonly startedAtMs = Date.now();
  private running: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;
  private leaderWaiters: (() => void)[] = [];

  private readonly metrics: Metrics;
  private readonly tracing: Tracing | undefined;
  private readonly localRules: LocalRules;
  private readonly clock: Clock;
  private readonly entrance: Entrance;
  private readonly log: Logger;

  constructor(
    private readonly options: RuntimeOptions,
    { entrance, log }: { entrance: Entrance; log: Logger },
    readonly dataFolder: string,
    private readonly releaseFolder: () => Promise<void>,
  ) {
    // The first is where local VMs live; what an earlier start made elsewhere in this folder stays usable.
    const ownRoot = join(dataFolder, "local");
    const roots = [...new Set([process.env["HEADROOM_LOCAL_ROOT"] ?? ownRoot, ownRoot])];
    this.localRules = { isAllowed: options.allowLocal ?? false, roots };
    [this.entrance, this.log] = [entrance, log];
    this.tracing = startTracing(options.otlpEndpoint, this.version);
    this.metrics = new Metrics({
      version: this.version,
      onTrouble: (error) => log.error({ err: error }, "something could not be counted; the metrics are too low by it"),
    });
    this.clock = options.clock ?? realClock;
    this.agents = new PeerAgents({ certificate: entrance.certificate, ca: entrance.replicaCa });
  }

  get url(): string {
    return this.http?.url ?? "";
  }
  get port(): number {
    return this.http?.port ?? 0;
  }
  get isLeader(): boolean {
    return this.replica.isLeader;
  }
  get standbyReason(): string | undefined {
    return this.replica.standbyReason;
  }
  get postgresPid(): number | undefined {
    return this.embedded?.pid;
  }
  /** How other replicas see it in the lease: where it answers them, and who it is. */
  private get holder(): string {
    const url = this.entrance.advertiseUrl ?? reachableUrl(this.url);
    return `${url} on ${hostname()}, process ${process.pid}`;
  }
  get startLine(): string {
    const role = this.isLeader ? "" : " (standby)";
    return `Headroom ${this.version}${role}: engine ${this.engine.name}, store ${this.storeName}, ${this.url}`;
  }

  async start(): Promise<void> {
    const { engine, backendUrl, engineEnvironment, adminKey, port = 8700 } = this.options;
    this.engine = await findEngine(engine);
    this.metrics.setEngine(this.engine.name);
    this.adminKey = adminKey ?? (await keepSecret(this.dataFolder, adminKeyFile, createApiKey));
    this.tokenSecret = await keepTokenSecret(this.dataFolder);
    const { dataFolder } = this;
    this.installation = await prepareInstallation({
      dataFolder,
      packageRoot,
      engine: this.engine,
      backendUrl,
      engineEnvironment: { ...environmentOf(this.localRules), ...engineEnvironment },
    });
    const { fingerprintKey, sealingKey } = await derivePassphraseKeys(this.installation);
    this.passphraseSealer = createSealer(sealingKey);
    this.secretsKeys = await SecretsKeys.open(dataFolder);
    const backend = new BackendIdentity(this.installation.backendUrl);
    const { tokenSecret, secretsKeys } = this;
    const encryptionSalt = readSalt(this.installation);
    const secrets = { backend, passphraseKey: fingerprintKey, tokenSecret, encryptionSalt, secretsKeys };
    this.ownInstallation = new OwnInstallation(secrets, this.options.accept);
    const app = createFront(
      {
        version: this.version,
        clock: this.clock,
        rng: this.rng,
        log: this.log,
        requestsPerMinute: this.options.requestsPerMinute ?? requestsPerMinuteDefault,
        guacamoleKey: readGuacamoleKey(this.options.guacamoleKeyFile),
        requestsPerMinuteOfUser: this.options.requestsPerMinuteOfUser ?? requestsPerMinuteOfUserDefault,
        proxies: this.entrance.proxies,
        metrics: this.metrics,
        current: () => this.replica.role.current,
        ...(this.options.databaseUrl === undefined ? {} : { forwarding: this.createForwarder() }),
      },
      createRoutes(),
      joinedSites(
        readSite(join(packageRoot, "dist", "dashboard", "site")),
        readSite(join(packageRoot, "dist", "docs"), "/docs"),
      ),
    );
    this.http = await listen({ ...this.entrance, port, app });
    this.startWatch();
    await this.startStore();
    await this.startLeading();
  }

  whenLeader(): Promise<void> {
    if (this.isLeader) return Promise.resolve();
    return new Promise((resolve) => this.leaderWaiters.push(resolve));
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private createForwarder(): Forwarder {
    const { clock, tokenSecret, agents } = this;
    const calls = new ForwardedCalls(tokenSecret, clock);
    return new Forwarder({ role: this.replica.role, calls, agents, clock, lookForLeader: () => this.watch?.look() });
  }

  /** An embedded database belongs to this runtime alone: there is nobody to look for. */
  private startWatch(): void {
    const { databaseUrl } = this.options;
    if (databaseUrl === undefined) return;
    this.watch = new LeaseWatch({
      connectionString: databaseUrl,
      clock: this.clock,
      onSight: (sight) => {
        const hindrance = this.replica.see(sight);
        if (hindrance !== undefined) this.giveUp(new ClockError(hindrance));
      },
    });
    this.watch.look();
  }

  private async startStore(): Promise<void> {
    const { databaseUrl } = this.options;
    if (databaseUrl !== undefined) {
      this.storeName = `PostgreSQL at ${describeTarget(databaseUrl)}`;
      return;
    }
    this.embedded = await startEmbeddedPostgres({
      folder: join(this.dataFolder, "database"),
      onExit: ({ pid, error }) => this.log.error({ pid, err: error }, "the embedded PostgreSQL died"),
    });
    this.storeName = `embedded PostgreSQL ${findBinaries().version}`;
  }

  /** Resolves when the first term leads or waits for another runtime; fails when it can do neither. */
  private startLeading(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.running = this.leadAgainAndAgain(resolve, reject);
    });
  }

  private async leadAgainAndAgain(onFirst: () => void, onFirstFailure: (error: unknown) => void): Promise<void> {
    let delayMs = restartDelayMs.first;
    let isFirst = true;
    while (!this.stopping.signal.aborted) {
      try {
        await this.leadOnce(() => {
          onFirst();
          isFirst = false;
          delayMs = restartDelayMs.first;
        });
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        if (error instanceof InstallationError || error instanceof ClockError) {
          this.refuseToLead(error);
          onFirst();
          isFirst = false;
        } else if (isFirst) return onFirstFailure(error);
        else this.log.error({ err: error }, "could not take up leadership; trying again");
      }
      await this.pause(delayMs + this.rng.below(delayMs));
      delayMs = Math.min(delayMs * 2, restartDelayMs.last);
    }
  }

  /** It goes on answering, and looks again whether it belongs to the installation by now. */
  private refuseToLead({ message }: InstallationError | ClockError): void {
    if (message !== this.standbyReason) this.log.error(message);
    this.replica.refuse(message);
  }

  private async leadOnce(onSettled: () => void): Promise<void> {
    await this.embedded?.ensureRunning();
    const term = await this.openLeadership((holder) => {
      this.replica.standBy(holder);
      this.log.warn({ holder }, "another runtime leads; standing by");
      onSettled();
    });
    this.replica.lead(term.leader);
    onSettled();
    for (const tell of this.leaderWaiters.splice(0)) tell();
    const stop = new Promise<undefined>((resolve) => {
      // Told to stop while it took up leadership.
      if (this.stopping.signal.aborted) return resolve(undefined);
      this.stopping.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    const givenUp = new Promise<Error>((resolve) => (this.giveUp = resolve));
    const lost = await Promise.race([term.lost, stop, givenUp]);
    this.replica.startAgain();
    if (!lost) return term.stop((this.options.stopSeconds ?? 60) * 1000);
    this.log.error({ err: lost }, "leadership lost; loading the state again");
    // A database that died starts again meanwhile.
    await Promise.all([term.stop(0), this.embedded?.ensureRunning()]);
  }

  private openLeadership(onStandby: (holder: string) => void): Promise<Leadership> {
    const { options, version, storeName, url, startedAtMs, log, tokenSecret, adminKey, ownInstallation } = this;
    const { passphraseSealer, secretsKeys } = this;
    const { workers, openAhead } = options;
    const connectionString = options.databaseUrl ?? this.embedded?.connectionString;
    if (connectionString === undefined) throw new SetupError("there is no database to use; give one with --database");
    return Leadership.open({
      connectionString,
      holder: this.holder,
      leaseTiming: options.leaseTiming,
      clock: this.clock,
      rng: this.rng,
      log,
      catalog: cloudCatalog(this.localRules),
      tokenSecret,
      installation: ownInstallation,
      passphraseSealer,
      secretsKeys,
      adminKey,
      tickSeconds: options.tickSeconds ?? 5,
      journalRetentionSeconds: options.journalRetentionSeconds,
      queuePerUser: options.queuePerUser ?? queuePerUserDefault,
      facts: { version, engine: this.engine.name, store: storeName, url, startedAtMs },
      laneFolderOf: (laneId) => laneFolder(this.installation, laneId),
      metrics: this.metrics,
      traces: this.tracing?.traces,
      createUpdater: (permit, term) =>
        createUpdater({
          ...{ installation: this.installation, sealer: passphraseSealer, clock: this.clock, rng: this.rng, log },
          ...{ permit, term },
          ...{ slots: workers, openedMax: openAhead, databaseUrl: options.databaseUrl },
        }),
      onStandby,
      signal: this.stopping.signal,
    });
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(ms, resolve);
      this.stopping.signal.addEventListener(
        "abort",
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }

  private async stopAll(): Promise<void> {
    this.replica.stop();
    const closed = this.http?.close(closeLimitMs);
    this.stopping.abort();
    await closed;
    await this.running;
    await this.watch?.stop();
    await this.tracing?.stop();
    this.agents.close();
    await this.embedded?.stop();
    await this.releaseFolder();
  }
}
