/**
 * Accounts that the Linux agent makes and removes, with the system's own useradd, chpasswd and userdel: in a mount namespace
 * where /etc and /home are copies, so that nothing of this machine changes.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import type { Node } from "../../runtime/model/state";
import { aNode, Api } from "../api/harness";
import { AgentFolder, type Agent } from "./agent-process";
import { LoopbackServer } from "./loopback-server";

const canUnshare = spawnSync("unshare", ["--mount", "useradd", "--help"]).status === 0;

interface Account {
  readonly accountId: string;
  readonly userName: string;
  readonly password: string;
  readonly publicKey?: string;
}

/** The server's side: the whole list, at once when it is another than the asker has, else when it changes. */
class Accounts {
  present: readonly string[] | undefined;
  reports = 0;
  /** Instead of the list, once. */
  nonsense: string | undefined;
  private version = 1;
  private list: readonly Account[] = [];
  private wake = (): void => undefined;

  set(list: readonly Account[]): void {
    this.list = list;
    this.version += 1;
    this.wake();
  }

  async answer(method: string, target: string, body: string): Promise<{ status: number; body: string }> {
    if (method === "POST") {
      this.present = (JSON.parse(body) as { present: string[] }).present;
      this.reports += 1;
      return { status: 200, body: "{}" };
    }
    const after = new URL(target, "http://x").searchParams.get("after");
    if (after === String(this.version)) await new Promise<void>((done) => (this.wake = done));
    if (this.nonsense !== undefined) {
      const body = this.nonsense;
      this.nonsense = undefined;
      return { status: 200, body };
    }
    return { status: 200, body: JSON.stringify({ version: this.version, accounts: this.list }) };
  }
}

(canUnshare ? describe : describe.skip)("accounts of sessions on Linux (needs root and mount namespaces)", function () {
  this.timeout(120_000);
  let folder: AgentFolder;
  let server: LoopbackServer;
  let accounts: Accounts;
  const machine = readFileSync("/etc/passwd", "utf8");

  beforeEach(async () => {
    folder = new AgentFolder(newOpenFolder("headroom-agents-"));
    accounts = new Accounts();
    server = await LoopbackServer.start(({ method, target, body }) => accounts.answer(method, target, body));
    folder.settle({ upstream: server.url });
    mkdirSync(join(folder.path, "home"));
    assert.equal(spawnSync("cp", ["-a", "/etc", join(folder.path, "etc")]).status, 0);
  });
  afterEach(async () => {
    await folder.close();
    await server.close();
    removeFolder(folder.path);
    assert.equal(readFileSync("/etc/passwd", "utf8"), machine, "nothing of this machine has changed");
  });

  function start(): Agent {
    const enter = `set -e
for each in etc home; do mount --bind "${folder.path}/$each" "/$each"; done
exec "$@"`;
    return folder.start("accounts", [], ["unshare", "--mount", "--propagation", "private", "sh", "-c", enter, "sh"]);
  }
  const lines = (file: string) => readFileSync(join(folder.path, "etc", file), "utf8").split("\n");
  const entry = (name: string, file = "passwd") =>
    lines(file)
      .find((line) => line.startsWith(`${name}:`))
      ?.split(":");
  const isPresent = (...ids: string[]) =>
    until(`present are ${ids.join()}`, () => accounts.present?.join() === ids.join());

  function hasPassword(name: string, password: string): boolean {
    const hash = entry(name, "shadow")![1]!;
    const program = "exit(crypt($ARGV[0], $ARGV[1]) eq $ARGV[1] ? 0 : 1)";
    return spawnSync("perl", ["-e", program, password, hash]).status === 0;
  }

  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDx3 ann@desk";
  const ann = { accountId: "s1", userName: "ann", password: `a:b"c\\d $(id) 'é` };
  const bob = { accountId: "s2", userName: "bob-1", password: "Bob's 2nd", publicKey: key };

  it("are made with password and key, told, and removed with all that their users left and run", async () => {
    accounts.set([ann, bob]);
    const agent = start();
    await isPresent("s1", "s2");
    assert.ok(hasPassword("ann", ann.password), agent.said);
    assert.ok(hasPassword("bob-1", bob.password));
    const home = join(folder.path, "home", "bob-1");
    const keys = join(home, ".ssh", "authorized_keys");
    assert.equal(readFileSync(keys, "utf8"), `${key}\n`);
    const uid = Number(entry("bob-1")![2]);
    assert.deepEqual([statSync(keys).uid, statSync(keys).mode & 0o777], [uid, 0o600]);
    assert.ok(!existsSync(join(folder.path, "home", "ann", ".ssh")));
    const program = spawn("sleep", ["600"], { uid, gid: uid, stdio: "ignore" });
    const ended = new Promise((done) => program.once("exit", (_code, signal) => done(signal)));

    accounts.set([ann]);

    await isPresent("s1");
    assert.equal(await ended, "SIGKILL");
    assert.equal(entry("bob-1"), undefined, agent.said);
    assert.ok(!existsSync(home));
    assert.deepEqual(readdirSync(join(folder.path, "state", "accounts")), ["s1"]);
    assert.ok(!agent.said.includes("2nd") && !agent.said.includes("$(id)"), "passwords are never told");
  });

  it("of others are never touched, whatever is listed", async () => {
    const root = entry("root", "shadow")!.join(":");
    const bad = [
      { accountId: "x1", userName: "root", password: "new" },
      { accountId: "x2", userName: "daemon", password: "new" },
      { accountId: "x3", userName: "-r", password: "new" },
      { accountId: "x4", userName: "a b", password: "new" },
      { accountId: "x5", userName: "../etc", password: "new" },
      { accountId: "../x6", userName: "six", password: "new" },
      { accountId: "x7", userName: "seven", password: "new", publicKey: 'command="id" ssh-rsa AAAA' },
      { accountId: "x8", userName: "", password: "new" },
    ];
    accounts.set([...bad, ann]);
    const agent = start();
    await isPresent("s1");
    assert.match(agent.said, /there is a user root already, who is not ours/);

    accounts.set([]);

    await isPresent();
    assert.equal(entry("root", "shadow")!.join(":"), root);
    assert.ok(entry("daemon"));
    for (const name of ["six", "seven", "ann"]) assert.equal(entry(name), undefined, agent.said);
  });

  it("stay when an answer is no list", async () => {
    accounts.set([ann]);
    const agent = start();
    await isPresent("s1");
    for (const nonsense of [
      '{"version":9}',
      "<html>",
      "",
      '{"accounts":[]}',
      '{"version":9,"accounts":[',
      "[]",
      '{"version":1,"accounts":{}}',
    ]) {
      const { reports } = accounts;
      accounts.nonsense = nonsense;
      accounts.set([ann]);
      await until(`it has asked again after ${nonsense}`, () => accounts.reports > reports);
      assert.ok(entry("ann"), `${nonsense}: ${agent.said}`);
    }
  });

  it("are kept and finished by an agent that starts anew, also what it was in the middle of", async () => {
    accounts.set([ann]);
    // useradd fails once, after it has done its work: as if the system had stopped there.
    folder.program(
      "useradd",
      `PATH=${process.env["PATH"]}
useradd "$@"
test -e ${folder.path}/once && exit 0
touch ${folder.path}/once
kill -9 $PPID`,
    );
    const first = start();
    await first.ended;
    assert.ok(entry("ann"), first.said);
    assert.ok(!hasPassword("ann", ann.password));

    const second = start();

    await isPresent("s1");
    assert.ok(hasPassword("ann", ann.password), second.said);
    second.kill("SIGKILL");
    await second.ended;
    accounts.present = undefined;
    const third = start();
    await isPresent("s1");
    assert.equal(lines("passwd").filter((line) => line.startsWith("ann:")).length, 1, third.said);
    accounts.set([]);
    await isPresent();
    assert.equal(entry("ann"), undefined, third.said);
  });

  it("follow the sessions of a server by Headroom's own API: made when its user comes, gone when he leaves", async () => {
    const api = await Api.start();
    try {
      await api.furnish();
      const owner = "t";
      const client = api.client("operator");
      await client.putDefinition({ kind: "pool", name: "servers", doc: { name: "servers", type: "server" }, owner });
      const desk = { name: "desk", pools: ["servers"], kind: "desktop", cores: 1, memory: "1GiB" };
      await client.putDefinition({ kind: "workspace", name: "desk", doc: desk, owner });
      const row = aNode({
        ...{ nodeId: "n-dyn", pool: "servers", sessionsMax: 5, usersMax: 5, isReusable: true, readyWhen: "declared" },
        ...{ autoscaleConfig: undefined, connection: { type: "ssh", port: 22, credentialType: "dynamic" } },
      } as Partial<Node>);
      await api.leader.ledger.commit([{ kind: "put", table: "node", row }]);
      const life = { expiresAtMs: Date.now() + 600_000, nowMs: Date.now() };
      const token = api.tokens.issue({ nodeId: "n-dyn", purpose: "agent", ...life });
      folder.settle({ upstream: api.url, nodeId: "n-dyn", token });
      const agent = start();
      const { sessionId } = await api.client("broker").requestSession({ workspace: "desk", userId: "ada" });

      const { userName, password } = await until("the user can enter", async () => {
        const reply = await api.request(`/api/v1/sessions/${sessionId}/connection`, { key: api.keys.broker });
        return reply.status === 200 && (reply.body["connection"] as { userName: string; password: string });
      });

      assert.ok(hasPassword(userName, password), agent.said);
      await api.client("broker").releaseSession(sessionId);
      await until("the account is gone", () => entry(userName) === undefined);
    } finally {
      await folder.close();
      await api.close();
    }
  });
});
