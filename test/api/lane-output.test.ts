/** What engines printed is shown to operators, and never what is secret of the things they worked on. */
import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LaneOutputView } from "../../runtime/api/lane-contracts";
import { hideKnownSecrets } from "../../runtime/api/hide-secrets";
import { endOfLog, logsIn } from "../../runtime/executor/lane-logs";
import { createApiKey } from "../../runtime/api/api-keys";
import { rsaKey } from "../support/private-keys";
import { Api, aNode } from "./harness";

describe("the output of a lane's engines", () => {
  let api: Api;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "headroom-lane-"));
    api = await Api.start();
    await api.furnish();
    const work = {
      slotUse: () => ({ slots: 2, inUse: 1, waiting: 0 }),
      retryAtMsOf: () => 12_345,
      sweeps: () => [{ definition: "here", place: { region: "r1" }, sweptAtMs: 99, complaint: undefined }],
      logsOf: () => logsIn(folder),
      endOfLog: (_laneId: string, name: string, bytesMax: number) => endOfLog(folder, name, bytesMax),
    };
    api.current = { ...api.leader, work };
  });
  afterEach(async () => {
    await api.close();
    await rm(folder, { recursive: true });
  });

  async function output(query = ""): Promise<LaneOutputView> {
    const reply = await api.request(`/api/v1/lanes/lane-1/output${query}`, { key: api.keys.viewer });
    assert.equal(reply.status, 200, reply.text);
    return reply.body as unknown as LaneOutputView;
  }

  it("is the end of the newest file, or of the one that is asked for, from the start of a line on", async () => {
    assert.deepEqual(await output(), { laneId: "lane-1", files: [] });
    await writeFile(join(folder, "00000001-r1-up.log"), "the first\n");
    await writeFile(join(folder, "00000002-r2-up.log"), `${"x".repeat(100)}\nthe second\nand more\n`);
    await writeFile(join(folder, "engine.json"), "{}");

    const newest = await output("?bytes=30");
    assert.deepEqual([newest.file, newest.text, newest.isCut], ["00000002-r2-up.log", "the second\nand more\n", true]);
    assert.deepEqual(
      newest.files.map(({ name, bytes }) => [name, bytes]),
      [
        ["00000001-r1-up.log", 10],
        ["00000002-r2-up.log", 121],
      ],
    );
    const first = await output("?file=00000001-r1-up.log");
    assert.deepEqual([first.text, first.isCut], ["the first\n", false]);
    assert.equal((await output("?file=00000009-r1-up.log")).text, undefined);
    for (const file of ["../../secrets-key", "engine.json", "..%2f..%2fsecrets-key", "00000001-r1-up.log%00"]) {
      const reply = await api.request(`/api/v1/lanes/lane-1/output?file=${file}`, { key: api.keys.viewer });
      assert.equal(reply.status, 400, file);
    }
  });

  it("hides every secret of its nodes, accounts and definitions, in whatever form it is printed", async () => {
    const password = 'p"ss wörd&hunter2';
    const pem = rsaKey();
    const script = "#!/bin/bash\nexport DB_PASSWORD=correct-horse-battery\ncurl token-in-script\n";
    const nodeSecrets = { nodeId: "node-1", connectionPassword: "Tr0ub4dor&3" };
    const node = aNode();
    await api.leader.ledger.commit([
      {
        kind: "put",
        table: "node",
        row: aNode({ spec: { ...node.spec!, settings: { region: "r1", password }, startupScript: script } }),
      },
      { kind: "put", table: "nodeSecrets", row: nodeSecrets as never },
    ]);
    const apiKey = createApiKey();
    const jwt = `eyJhbGciOiJIUzI1NiJ9.${"a1B2".repeat(8)}.${"c3D4".repeat(8)}`;
    const printed = [
      `error: login with ${password} refused`,
      `{"password": ${JSON.stringify(password)}}`,
      `https://user:${encodeURIComponent(password)}@cloud.example/`,
      `user data ${Buffer.from(script).toString("base64")}`,
      "  + export DB_PASSWORD=correct-horse-battery",
      `hunter2-secret in the definition`,
      `desktop of Tr0ub4dor&3`,
      `Authorization: Bearer ${apiKey}`,
      `checkin ${jwt}`,
      pem,
      "region r1: quota of m7i.large exceeded",
    ];
    await appendFile(join(folder, "00000001-r1-up.log"), printed.join("\n"));

    const { text = "" } = await output();

    const secrets = ["hunter2", "correct-horse", "Tr0ub4dor", apiKey, jwt, encodeURIComponent(password)];
    secrets.push(pem.split("\n")[3]!, Buffer.from(script).toString("base64"), "token-in-script");
    for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in ${text}`);
    assert.ok(text.endsWith("region r1: quota of m7i.large exceeded"), text);
    assert.match(text, /error: login with \[secret\] refused/);
  });

  it("stays as it is where nothing in it is secret", () => {
    const text =
      "Updating (lane-1):\n ~ aws:ec2:Instance node-1 updating [diff: ~tags]\nerror: InsufficientInstanceCapacity";
    assert.equal(hideKnownSecrets(text, new Set()), text);
  });

  it("goes with what else is known of lanes: slots, the next try, who waits, and when places were swept", async () => {
    await api.leader.ledger.commit([
      { kind: "put", table: "node", row: aNode({ nodeId: "coming", status: "requested", vmId: undefined }) },
    ]);
    const lanes = await api.request("/api/v1/lanes", { key: api.keys.viewer });
    assert.deepEqual(lanes.body["slots"], { slots: 2, inUse: 1, waiting: 0 });
    const lane = await api.request("/api/v1/lanes/lane-1", { key: api.keys.viewer });
    assert.deepEqual([lane.body["waitingNodes"], lane.body["waitingSessions"]], [["coming"], []]);
    assert.equal((lane.body["lane"] as { retryAtMs: number }).retryAtMs, 12_345);
    const orphans = await api.request("/api/v1/orphans", { key: api.keys.viewer });
    assert.deepEqual(orphans.body["sweeps"], [{ definition: "here", place: { region: "r1" }, sweptAtMs: 99 }]);
    const accounts = (await api.request("/api/v1/accounts", { key: api.keys.viewer })).body["accounts"];
    assert.equal((accounts as { sweptAtMs: number }[])[0]!.sweptAtMs, 99);
  });
});
