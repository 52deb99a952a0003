/**
 * Three services on one database: one leads, and clients go to the others. The leader is killed, frozen and stopped
 * while they write; no acknowledged session may be lost, none doubled, and who watches a session goes on watching.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HeadroomClient } from "../../runtime/api/client";
import { shareSecrets } from "../cli/headroom";
import { newOpenFolder } from "../support/open-folder";
import { newDatabase } from "../support/postgres";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import { seededRandom } from "./crash-run";
import { Service, signalAll } from "./service-process";
import { Users } from "./users";

const seed = Number(process.env["HEADROOM_REPLICAS_SEED"] ?? Date.now() % 1_000_000);
const usersPerReplica = 4;

describe("replicas on one database", function () {
  this.timeout(10 * 60_000);
  const random = seededRandom(seed);
  const lines: string[] = [];
  let folder = "";
  let services: Service[] = [];
  let leader: Service;
  let key = "";

  before(async function () {
    if (process.platform !== "linux") this.skip();
    folder = newOpenFolder("headroom-replicas-");
    const databaseUrl = await newDatabase();
    const log = (line: string): void => void lines.push(line);
    const start = (name: string): Service =>
      new Service(name, { databaseUrl, engine: "embedded", openAhead: 0, folder, log });
    leader = start("one");
    services.push(leader);
    await until("the first leads", async () => (await leader.status()) === "leader");
    for (const name of ["two", "three"]) {
      mkdirSync(join(folder, name), { mode: 0o700 });
      shareSecrets(join(folder, "one"), join(folder, name));
      services.push(start(name));
    }
    key = readFileSync(join(folder, "one", "admin-key"), "utf8").trim();
    for (const service of standbys()) await until(`${service.name} is ready`, () => isReady(service, "standby"));
    await declare(clientOf(leader));
  });

  after(async () => {
    await Promise.all(services.map((service) => service.end()));
    if (folder !== "") removeFolder(folder);
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") console.log(`seed ${seed}\n${lines.slice(-40).join("\n")}`);
  });

  function standbys(): Service[] {
    return services.filter((service) => service !== leader);
  }

  function clientOf({ url }: Service): HeadroomClient {
    return new HeadroomClient({ endpoint: url, apiKey: key });
  }

  async function isReady({ url }: Service, status: string): Promise<boolean> {
    if (url === "") return false;
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
    return response?.status === 200 && ((await response.json()) as { status: string }).status === status;
  }

  /** Room for everybody in one pool, and for one alone in another. */
  async function declare(client: HeadroomClient): Promise<void> {
    const member = (name: string, last: number, cores: number) => ({
      ...{ name, zone: "lab", address: `127.0.1.${last}`, cores, memory: "64GiB" },
    });
    const docs = {
      zone: [{ name: "lab", upstreamAuthAddress: "127.0.0.1", local: true }],
      pool: [
        { name: "large", type: "dockerAgent", staticMembers: [member("large-1", 1, 64), member("large-2", 2, 64)] },
        { name: "small", type: "dockerAgent", staticMembers: [member("small-1", 3, 1)] },
      ],
      workspace: [
        { name: "work", pools: ["large"], cores: 1, memory: "1GiB" },
        { name: "rare", pools: ["small"], cores: 1, memory: "1GiB" },
      ],
    } as const;
    for (const [kind, all] of Object.entries(docs)) {
      for (const doc of all) {
        await client.putDefinition({ kind: kind as keyof typeof docs, name: doc.name, doc: { ...doc }, owner: "test" });
      }
    }
  }

  /** Users of the replicas that do not lead, while `trouble` happens; they end with nothing lost, doubled or refused. */
  async function withUsers(trouble: () => Promise<void>): Promise<void> {
    const doors = standbys().map(({ url }) => new Users(url, key, random));
    const living = doors.flatMap((users, door) =>
      Array.from({ length: usersPerReplica }, (_, user) => users.live(`${leader.name}-${door}-${user}`, ["work"])),
    );
    const acknowledged = (): number => doors.reduce((sum, users) => sum + users.acknowledged.length, 0);
    await until("everybody works", () => acknowledged() >= living.length);
    await trouble();
    const before = acknowledged();
    await until("they go on", () => acknowledged() >= before + living.length);
    for (const users of doors) users.stop();
    await Promise.all(living);

    const client = clientOf(leader);
    for (const users of doors) {
      assert.deepEqual(users.refused, []);
      for (const { sessionId, isReleased } of users.acknowledged) {
        assert.ok(isReleased, sessionId);
        assert.equal((await client.session(sessionId)).status, "ended", sessionId);
      }
    }
    const left = (await client.sessions()).filter(({ workspace }) => workspace === "work");
    assert.deepEqual(left, [], "sessions that nobody was told of");
  }

  async function untilAnotherLeads(): Promise<number> {
    const [old, startedMs] = [leader, performance.now()];
    leader = await until("another leads", async () => {
      for (const service of services) {
        if (service !== old && (await service.status()) === "leader") return service;
      }
      return undefined;
    });
    return performance.now() - startedMs;
  }

  it("lose no session and double none when the leader is killed, and go on telling who watches", async () => {
    const watcher = clientOf(standbys()[0]!);
    const first = await watcher.requestSession({ workspace: "rare", userId: "first" }, "first");
    const second = await watcher.requestSession({ workspace: "rare", userId: "second" }, "second");
    assert.deepEqual([first.status, second.status], ["assigned", "queued"]);
    const told: string[] = [];
    const watching = (async () => {
      for await (const { status } of watcher.watchSession(second.sessionId)) told.push(status);
    })();
    await until("the watcher was told", () => told.length > 0);

    await withUsers(async () => {
      leader.child.kill("SIGKILL");
      const ms = await untilAnotherLeads();
      console.log(`        measured: take-over ${Math.round(ms)} ms after kill -9`);
    });
    await watcher.releaseSession(first.sessionId);
    await until("the watcher was told of its node", () => told.includes("assigned"));
    await watcher.releaseSession(second.sessionId);
    await watching;
    assert.equal(told.at(-1), "ended");
    services = services.filter(({ child }) => child.signalCode === null);
  });

  it("lose no session and double none when the leader is frozen, which forwards when it wakes", async () => {
    const frozen = leader;
    await withUsers(async () => {
      signalAll(frozen.parts("service"), "SIGSTOP");
      const ms = await untilAnotherLeads();
      console.log(`        measured: take-over ${Math.round(ms)} ms after a freeze; the lease is 10 s`);
      signalAll(frozen.parts("service"), "SIGCONT");
      await until("the one that was frozen stands by", () => isReady(frozen, "standby"));
    });
    assert.deepEqual(await clientOf(frozen).definitions("workspace"), await clientOf(leader).definitions("workspace"));
  });

  it("lose no session and double none when the leader stops, which hands over at once", async () => {
    const stopped = leader;
    await withUsers(async () => {
      stopped.child.kill("SIGTERM");
      const ms = await untilAnotherLeads();
      console.log(`        measured: hand-over ${Math.round(ms)} ms after SIGTERM`);
    });
    await until("it has ended", () => stopped.child.exitCode !== null);
    assert.equal(stopped.child.exitCode, 0);
  });
});
