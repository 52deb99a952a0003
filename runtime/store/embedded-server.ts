/** One PostgreSQL server process on one data folder: create, start, find again after a crash, stop. */
import { spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { chmod, chown, mkdir, open, readdir, rename, rm, statfs, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { SetupError } from "../model/errors";
import type { Binaries } from "./embedded-binaries";
import { EmbeddedPasswords } from "./embedded-passwords";
import { checkOwner, giveTree, type Place } from "./embedded-place";
import { isAnswered, socketPathMax } from "./folder-lock";
import { readIfThere, readPostmaster, type RunningServer } from "./postmaster-file";

/** The one user and database of an embedded server. */
export const embeddedUser = "headroom";
export const embeddedDatabase = "postgres";

const socketName = ".s.PGSQL.5432";
/** A server's socket in its home, and the lock file beside it, whatever its port. */
const socketPattern = /^\.s\.PGSQL\.\d+$/;
const socketLockPattern = /^\.s\.PGSQL\.\d+\.lock$/;

/** A database of some thousand nodes and sessions fits in a few megabytes; what is idle should cost little. */
const settings: Readonly<Record<string, string | number>> = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_buffers: "32MB",
  max_connections: 30,
  wal_level: "minimal",
  max_wal_senders: 0,
  max_wal_size: "256MB",
  wal_buffers: "4MB",
  work_mem: "4MB",
  maintenance_work_mem: "32MB",
  max_worker_processes: 1,
  max_parallel_workers: 0,
  autovacuum_max_workers: 1,
  io_method: "sync",
  jit: "off",
  huge_pages: "off",
  update_process_title: "off",
  log_checkpoints: "off",
  logging_collector: "off",
  timezone: "UTC",
  log_timezone: "UTC",
};

/** Recovery after a crash replays at most `max_wal_size`; a minute is ample on a slow disk. Unit: milliseconds. */
const startTimeoutMs = 60_000;
const stopTimeoutSeconds = 30;
const lookEveryMs = 20;

/** The server's log starts anew at the next start above this size; one old log is kept. Unit: bytes. */
const logBytesMax = 10_000_000;

export class EmbeddedServer {
  readonly dataFolder: string;
  readonly logFile: string;
  readonly passwords: EmbeddedPasswords;
  private readonly socketFolder: string;

  constructor(
    private readonly place: Place,
    private readonly binaries: Binaries,
  ) {
    this.dataFolder = join(place.home, "data");
    this.logFile = join(place.home, "server.log");
    this.socketFolder = place.home;
    this.passwords = new EmbeddedPasswords(place.home);
  }

  /** Makes an empty database unless there is one. A creation that was cut off is started over. */
  async create(): Promise<void> {
    if (existsSync(this.dataFolder)) return this.checkExisting();
    const unfinished = `${this.dataFolder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    const { home, account, creator = account } = this.place;
    const passwordFile = join(home, "initdb-password");
    const first = await this.asDiskFull(() => this.passwords.make(creator !== account));
    await this.asDiskFull(async () => {
      await mkdir(unfinished, { mode: 0o700 });
      await rm(passwordFile, { force: true });
      await writeFile(passwordFile, first, { mode: 0o600, flag: "wx" });
    });
    if (creator) for (const path of [unfinished, passwordFile]) await chown(path, creator.uid, creator.gid);
    // The creator must get through to what is its own.
    if (creator !== account) await chmod(home, 0o711);
    await this.run(
      "initdb",
      [
        ...["--pgdata", unfinished, "--username", embeddedUser, "--pwfile", passwordFile],
        ...["--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-instructions"],
      ],
      creator,
    );
    await rm(passwordFile);
    await chmod(home, 0o700);
    if (account && creator !== account) await giveTree(unfinished, account);
    await rename(unfinished, this.dataFolder);
    await syncFolder(home);
  }

  /** Files of an older version that another account has: they, and the password that it could read, are given up to ours. */
  private async takeOver(): Promise<void> {
    const { account } = this.place;
    if (!account || statSync(this.dataFolder).uid === account.uid) return;
    await this.passwords.distrust();
    // The data folder's own owner tells that it is done, so it comes last.
    for (const name of await readdir(this.dataFolder)) await giveTree(join(this.dataFolder, name), account);
    await chown(this.dataFolder, account.uid, account.gid);
  }

  /** The server that runs on the data folder now, if any. */
  running(): RunningServer | undefined {
    return readPostmaster(this.dataFolder);
  }

  /** Whether any server answers on a socket of this database, also one in another container, whose process we can't see. */
  async isAnswered(): Promise<boolean> {
    const sockets = (await readdir(this.socketFolder)).filter((name) => socketPattern.test(name));
    for (const socket of sockets) if (await isAnswered(this.socketFolder, socket)) return true;
    return false;
  }

  /**
   * Starts a server that outlives this process. Resolves when it takes connections. Only for who holds the lock of the
   * folder and found that no server runs on it nor answers.
   */
  async start(preferredPort?: number): Promise<RunningServer> {
    // Of a server that is dead. Another process may have its number by now, or nobody may have waited for it:
    // PostgreSQL would take it for alive and refuse to start, for ever.
    const locks = (await readdir(this.socketFolder)).filter((name) => socketLockPattern.test(name));
    for (const stale of [
      join(this.dataFolder, "postmaster.pid"),
      ...locks.map((name) => join(this.socketFolder, name)),
    ]) {
      await rm(stale, { force: true });
    }
    await this.takeOver();
    await this.prepareLog();
    const log = openSync(this.logFile, "a", 0o600);
    const child = spawn(this.program("postgres"), await this.startArguments(preferredPort), {
      ...this.spawnOptions(),
      // Its own process group: Ctrl-C in a terminal must not stop it before the runtime has finished.
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    let failure: string | undefined;
    child.once("error", (error) => (failure = error.message));
    child.once("exit", (code, signal) => (failure = `it ended with ${signal ?? `code ${code}`}`));
    child.unref();
    for (let waited = 0; waited < startTimeoutMs; waited += lookEveryMs) {
      await delay(lookEveryMs);
      if (failure !== undefined) throw await this.startError(failure);
      const server = this.running();
      if (server?.status === "ready" && server.pid === child.pid) return server;
    }
    child.kill("SIGQUIT");
    throw await this.startError(`it was not ready after ${startTimeoutMs / 1000} s`);
  }

  /** Ends all connections and stops the server with everything written; a server that hangs is stopped the hard way. */
  async stop(): Promise<void> {
    const control = (mode: string): Promise<void> =>
      this.run("pg_ctl", ["stop", "-D", this.dataFolder, "-m", mode, "-w", "-t", String(stopTimeoutSeconds), "-s"]);
    if (!this.running()) return;
    try {
      await control("fast");
    } catch (error) {
      if (!this.running()) return;
      await control("immediate");
    }
  }

  async logTail(): Promise<string> {
    const lines = readIfThere(this.logFile).trimEnd().split("\n");
    return lines.slice(-5).join(" | ");
  }

  private async checkExisting(): Promise<void> {
    const version = readIfThere(join(this.dataFolder, "PG_VERSION")).trim();
    if (version !== this.binaries.majorVersion) {
      throw new SetupError(
        `the database in ${this.dataFolder} was made by PostgreSQL ${version || "of an unknown version"} and this version of headroom brings ${this.binaries.majorVersion}; move it with pg_dump and a new data folder, or start the version of headroom that made it`,
      );
    }
    await checkOwner(this.dataFolder, this.place);
  }

  private async startArguments(preferredPort?: number): Promise<string[]> {
    const usesSocket = process.platform !== "win32" && join(this.socketFolder, socketName).length <= socketPathMax;
    const transport = usesSocket
      ? {
          listen_addresses: "",
          unix_socket_directories: this.socketFolder,
          unix_socket_permissions: "0700",
          port: 5432,
        }
      : {
          listen_addresses: "127.0.0.1",
          // Seen from the data folder, in which the server works: nobody connects there, but whoever wants to start
          // another server finds that this one lives.
          unix_socket_directories: "..",
          unix_socket_permissions: "0700",
          port: await freePort(preferredPort),
        };
    const all = Object.entries({ ...settings, ...transport });
    return ["-D", this.dataFolder, ...all.flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  }

  private async startError(what: string): Promise<SetupError> {
    const log = await this.logTail();
    if (/No space left on device/.test(log)) return diskFull(this.place.home);
    return new SetupError(
      `the embedded PostgreSQL server did not start: ${what}; last lines of ${this.logFile}: ${log}`,
    );
  }

  private async prepareLog(): Promise<void> {
    if (existsSync(this.logFile) && statSync(this.logFile).size > logBytesMax) {
      await rename(this.logFile, `${this.logFile}.1`);
    }
  }

  private async asDiskFull<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      return await write();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw diskFull(this.place.home);
      throw cause;
    }
  }

  private program(name: string): string {
    return join(this.binaries.folder, "bin", process.platform === "win32" ? `${name}.exe` : name);
  }

  /** Nothing of our environment gets in: variables such as PGDATA or a locale would change what the server does. */
  private spawnOptions(account = this.place.account): SpawnOptions {
    const { home } = this.place;
    const env = { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC" };
    return { cwd: home, env, ...(account && { uid: account.uid, gid: account.gid }) };
  }

  private async run(name: string, args: readonly string[], account = this.place.account): Promise<void> {
    const child = spawn(this.program(name), args, { ...this.spawnOptions(account), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (output += chunk));
    let code: unknown;
    try {
      [code] = await once(child, "close");
    } catch (cause) {
      throw new SetupError(`${this.program(name)} can't be run on this system: ${(cause as Error).message}`, { cause });
    }
    if (code === 0) return;
    if (/No space left on device/.test(output) || (await isDiskFull(this.place.home))) throw diskFull(this.place.home);
    const [, id] = /could not look up effective user ID (\d+)/.exec(output) ?? [];
    if (id !== undefined) {
      throw new SetupError(
        `user id ${id} has no entry in the list of accounts of this system (/etc/passwd), which ${name} of the embedded PostgreSQL needs; add one, or give a database with --database`,
      );
    }
    throw new SetupError(
      `${name} of the embedded PostgreSQL failed: ${output.trim().split("\n").slice(-5).join(" | ")}`,
    );
  }
}

function diskFull(folder: string): SetupError {
  return new SetupError(
    `the disk of ${folder} is full; the embedded database needs about 100 MB: free some space or give another data folder`,
  );
}

async function isDiskFull(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < 20_000_000;
}

/** The preferred port if it is free: a server that starts again should be where it was. */
async function freePort(preferred?: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(preferred ?? 0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (preferred === undefined) throw error;
    return freePort();
  } finally {
    server.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
