/**
 * Real PostgreSQL for tests: one embedded server per mocha process, started by the first test that asks, and a fresh
 * database for each test. Importing this file is enough: the server is stopped and removed after the last test.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { connect } from "../../runtime/store/postgres-connection";
import { removeFolder } from "./remove-folder";

const prefix = "headroom-test-postgres-";
let folder: string | undefined;
let server: Promise<EmbeddedPostgres> | undefined;
let databases = 0;

/** The shared server itself. Don't stop or kill it: start one of your own for that. */
export function testServer(): Promise<EmbeddedPostgres> {
  server ??= start();
  return server;
}

/** The connection string of a new, empty database. */
export async function newDatabase(): Promise<string> {
  const { connectionString } = await testServer();
  databases += 1;
  const name = `test_${databases}`;
  const client = await connect(connectionString);
  await client.query(`create database ${name} template template0`);
  await client.end();
  return onDatabase(connectionString, name);
}

/** Runs a test on a new database and drops it afterwards, with all connections that are still open. */
export async function withDatabase<Result>(run: (connectionString: string) => Promise<Result>): Promise<Result> {
  const connectionString = await newDatabase();
  try {
    return await run(connectionString);
  } finally {
    const client = await connect((await testServer()).connectionString);
    await client.query(`drop database ${new URL(connectionString).pathname.slice(1)} with (force)`);
    await client.end();
  }
}

/** The same server and user, another database. */
export function onDatabase(connectionString: string, name: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${name}`;
  return url.href;
}

function start(): Promise<EmbeddedPostgres> {
  removeLeftovers();
  folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  return startEmbeddedPostgres({ folder });
}

/** Folders of test runs that were killed. Their servers end by themselves within a minute once the folder is gone. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length).split("-")[0]))) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

after(async () => {
  if (server) await (await server).stop();
  if (folder) removeFolder(folder);
});
