/** Secrets planted in a whole runtime with a real engine and a real VM, and looked for everywhere they must not be. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { HeadroomClient } from "../../runtime/api/client";
import { SecretsKeys } from "../../runtime/main/secrets-keys";
import type { DefinitionKind } from "../../runtime/model/config";
import { sealedFields } from "../../runtime/model/sealed-fields";
import type { Node } from "../../runtime/model/state";
import { connect } from "../../runtime/store/postgres-connection";
import { createRowSealer, type StoredRow } from "../../runtime/store/sealed-rows";
import { findMarked } from "../crash/processes";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { headroom, Served, withFolder } from "./headroom";

const owner = "test";
const mark = "HEADROOM_LEAK_TEST_RUN";

/** Words that stand for what must stay secret; found nowhere else by accident. */
const planted = {
  awsKey: "plantedAwsSecretAccessKey0001",
  connectionPassword: "plantedConnectionPassword0002",
  databasePassword: "plantedDatabasePassword0003",
  wrongValue: "plantedWrongSecretValue0004",
  connectionInfo: "plantedConnectionInfo0005",
  memberPassword: "plantedMemberPassword0006",
};

const script = [
  "#!/bin/sh",
  "PASSWORD='{connection_password}'",
  "headroom-guest checkin --upstream {upstream_auth_address} --token {checkin_jwt} ready",
  "",
].join("\n");

const aws = {
  region: "eu-west-1",
  amiId: "ami-0123456789abcdef0",
  instanceType: "t3.large",
  securityGroupIds: ["sg-1"],
  subnetId: "subnet-1",
};

function documents(upstreamAuthAddress: string): [DefinitionKind, Record<string, unknown>][] {
  const cloudSettings = { ...aws, secretAccessKey: planted.awsKey };
  const server = { type: "server", pool: "servers", zone: "here", vmProvider: "vms", requireCheckin: true };
  const connectionInfo = { "sftp-password": planted.connectionInfo };
  const account = { connectionUsername: "desk", connectionPassword: planted.connectionPassword, connectionInfo };
  const machine = { name: "m1", zone: "here", address: "127.0.0.77", cores: 4, memory: "8GiB" };
  const member = { ...machine, connectionUsername: "desk", connectionPassword: planted.memberPassword };
  return [
    ["zone", { name: "here", upstreamAuthAddress, local: true }],
    ["pool", { name: "servers", type: "server" }],
    ["pool", { name: "fixed", type: "server", staticMembers: [member] }],
    ["vmProviderConfig", { name: "vms", kind: "local", maxInstances: 2, settings: { cores: 2, memory: "4GiB" } }],
    ["vmProviderConfig", { name: "cloud", kind: "aws", maxInstances: 2, settings: cloudSettings }],
    [
      "autoscaleConfig",
      { name: "desks", ...server, ...account, downscaleBackoff: "1s", startupScript: { text: script } },
    ],
    ["workspace", { name: "desk", kind: "desktop", pools: ["servers"], cores: 1, memory: "1GiB" }],
  ];
}

/** The database with a user of its own, whose password is planted. */
async function databaseWithPassword(): Promise<string> {
  const url = await newDatabase();
  const client = await connect(url);
  const user = `planted_${process.pid}`;
  await client.query(`drop role if exists ${user}`);
  await client.query(`create role ${user} login superuser password '${planted.databasePassword}'`);
  await client.end();
  const withUser = new URL(url);
  withUser.username = user;
  withUser.password = planted.databasePassword;
  return withUser.href;
}

function filesBelow(folder: string, leftOut: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !leftOut.some((skipped) => name === skipped || name.startsWith(`${skipped}/`)))
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}

describe("secrets in a whole runtime", function () {
  this.timeout(240_000);

  it("are in no log, argv, journal, table, Pulumi state, file, answer, command output or error where they must not be", async () => {
    await withFolder(async (folder) => {
      const databaseUrl = await databaseWithPassword();
      const args = [
        "--port",
        "0",
        "--engine",
        "embedded",
        "--data-folder",
        folder,
        "--log-level",
        "debug",
        "--tick",
        "1s",
      ];
      const value = `${process.pid}-${Date.now()}`;
      const local = { HEADROOM_LOCAL_ROOT: join(folder, "local"), HEADROOM_DATABASE_URL: databaseUrl, [mark]: value };
      await Served.run(args, local, async (served, endpoint) => {
        const commandLines = new Set<string>();
        const look = (): void =>
          findMarked(`${mark}=${value}`).forEach(({ commandLine }) => commandLines.add(commandLine));
        const read = (name: string): string => readFileSync(join(folder, name), "utf8").trim();
        const adminKey = read("admin-key");
        const client = new HeadroomClient({ endpoint, apiKey: adminKey, retries: 0 });
        /** Everything that people and programs were shown, by where. */
        const shown: [string, string][] = [];
        for (const [kind, doc] of documents(new URL(endpoint).host)) {
          await client.putDefinition({ kind, name: String(doc["name"]), doc, owner });
        }
        const created = await client.createApiKey({ name: "made", scope: "viewer" }, "idempotency-1");
        const session = await client.requestSession({ workspace: "desk", userId: "ada" });
        await until("the session is placed", async () => {
          look();
          return (await client.session(session.sessionId)).status === "assigned";
        });
        const tokens = await tokensOf(databaseUrl, folder);
        assert.equal(tokens.length > 0, true);
        const secrets = [
          ...Object.values(planted),
          adminKey,
          created.key,
          ...tokens,
          read("passphrase"),
          read("node-token-secret"),
          read("secrets-key"),
        ];

        const [node] = (await client.nodes()).filter(({ status }) => status === "running");
        shown.push(...(await errorsAndAnswers({ endpoint, key: adminKey, nodeId: node!.nodeId, token: tokens[0]! })));
        shown.push(
          ...(await commands({ endpoint, key: adminKey, sessionId: session.sessionId, nodeId: node!.nodeId })),
        );
        const { password, info } = await client.connection(session.sessionId);
        assert.deepEqual([password, info], [planted.connectionPassword, { "sftp-password": planted.connectionInfo }]);
        await client.releaseSession(session.sessionId);
        assert.equal((await client.deleteDefinition("autoscaleConfig", "desks", owner))?.status, "draining");
        await until("the node is gone", async () => {
          look();
          return (await client.definition("autoscaleConfig", "desks")) === undefined;
        });
        shown.push(["argv", [...commandLines].join("\n")]);
        assert.ok(
          [...commandLines].some((line) => /engine\/main|pulumi/.test(line)),
          "no engine was seen",
        );
        shown.push(...(await tables(databaseUrl)));
        const own = ["admin-key", "passphrase", "node-token-secret", "secrets-key", "local", "database"];
        for (const file of filesBelow(folder, own)) shown.push([relative(folder, file), readFileSync(file, "latin1")]);
        assert.ok(
          shown.some(([where]) => where.startsWith("state/")),
          "no Pulumi state was looked at",
        );
        assert.equal(await served.end("SIGTERM"), 0);
        shown.push(["the log", served.output]);
        assert.match(served.output, /"path":"\/api\/set_server_status"/);

        const leaks = shown.flatMap(([where, text]) =>
          secrets.filter((secret) => text.includes(secret)).map((secret) => `${where} has ${secret.slice(0, 24)}...`),
        );
        assert.deepEqual(leaks, []);
      });
    });
  });
});

/** Of the node's rendered script, which is sealed in its row: they must be in its VM and nowhere else. */
async function tokensOf(databaseUrl: string, folder: string): Promise<string[]> {
  const client = await connect(databaseUrl);
  const { rows } = await client.query<{ id: string; doc: StoredRow }>(
    "select id, doc from headroom.node where doc ? 'spec'",
  );
  await client.end();
  const sealer = createRowSealer({ ring: await SecretsKeys.open(folder), pathsOf: sealedFields() });
  const scripts = rows.map(({ id, doc }) => {
    const opened = sealer.open("node", id, doc);
    return opened.kind === "opened" ? ((opened.row as Node).spec?.startupScript ?? "") : assert.fail(id);
  });
  assert.ok(scripts.every((text) => text.includes(planted.connectionPassword)));
  return scripts.flatMap((text) => text.match(/eyJ[\w.-]+/g) ?? []);
}

async function tables(databaseUrl: string): Promise<[string, string][]> {
  const client = await connect(databaseUrl);
  const { rows } = await client.query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'headroom'",
  );
  const texts: [string, string][] = [];
  for (const { name } of rows) {
    const content = await client.query<{ text: string }>(`select t::text as text from headroom."${name}" t`);
    texts.push([`table ${name}`, content.rows.map(({ text }) => text).join("\n")]);
  }
  await client.end();
  assert.ok(texts.some(([name, text]) => name === "table decision" && text !== ""));
  return texts;
}

/** What the API answers to good and to bad requests; the answer that shows a new key once is not asked for. */
async function errorsAndAnswers(options: {
  endpoint: string;
  key: string;
  nodeId: string;
  token: string;
}): Promise<[string, string][]> {
  const { endpoint, key, nodeId, token } = options;
  const ask = async (path: string, init: { method?: string; body?: unknown } = {}): Promise<[string, string]> => {
    const response = await fetch(endpoint + path, {
      method: init.method ?? "GET",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    return [`${init.method ?? "GET"} ${path.split("?")[0]}`, await response.text()];
  };
  const reads = [
    ...[
      "status",
      "nodes",
      `nodes/${nodeId}`,
      "sessions",
      "lanes",
      "staging",
      "plan",
      "decisions?limit=1000",
      "api-keys",
    ],
    ...["vmProviderConfig", "vmProviderConfig/cloud", "autoscaleConfig", "autoscaleConfig/desks", "pool"].map(
      (name) => `definitions/${name}`,
    ),
    ...[`explain/node/${nodeId}`, "explain/config/desks", "openapi.json"],
  ];
  const wrong = planted.wrongValue;
  const config = { name: "desks", type: "server", pool: "servers", zone: "here", vmProvider: "vms" };
  const bad: [string, unknown][] = [
    [
      "vmProviderConfig/cloud",
      { name: "cloud", kind: "aws", maxInstances: 1, settings: { ...aws, secretAccessKey: [wrong] } },
    ],
    [
      "vmProviderConfig/cloud",
      { name: "cloud", kind: "aws", maxInstances: 1, settings: { ...aws, secretAccessKey: { [wrong]: 1 } } },
    ],
    ["autoscaleConfig/desks", { ...config, connectionPassword: [wrong] }],
    ["autoscaleConfig/desks", { ...config, connectionPassword: wrong.repeat(60) }],
  ];
  return [
    ...(await Promise.all(reads.map((path) => ask(`/api/v1/${path}`)))),
    ...(await Promise.all(
      bad.map(([path, doc]) => ask(`/api/v1/definitions/${path}`, { method: "PUT", body: { doc, owner } })),
    )),
    await ask(`/api/set_server_status?token=${token}`, { method: "POST", body: { status: "nonsense" } }),
    await ask(`/api/set_server_status?token=${token}x`, { method: "POST", body: { status: "running" } }),
    await ask(`/api/v1/nodes?token=${token}`),
  ];
}

async function commands(options: {
  endpoint: string;
  key: string;
  sessionId: string;
  nodeId: string;
}): Promise<[string, string][]> {
  const { endpoint, key, sessionId, nodeId } = options;
  const all = [
    ["status"],
    ["nodes", nodeId],
    ["sessions", sessionId, "--verbose"],
    ["plan", "--dry-run", "--json"],
    ["explain", "node", nodeId],
    ["explain", "config", "desks", "--json"],
    ["explain", "node", "nobody", "--verbose"],
  ];
  const texts: [string, string][] = [];
  for (const words of all) {
    const { stdout, stderr } = await headroom(words, { HEADROOM_ENDPOINT: endpoint, HEADROOM_API_KEY: key });
    texts.push([`headroom ${words.join(" ")}`, stdout + stderr]);
  }
  return texts;
}
