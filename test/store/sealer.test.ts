import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Change, Rows, TableName } from "../../runtime/model/changes";
import { BugError, SetupError } from "../../runtime/model/errors";
import { realClock } from "../../runtime/model/real-clock";
import { sealedFields } from "../../runtime/model/sealed-fields";
import type { Node, StoredDefinition } from "../../runtime/model/state";
import { documentReader } from "../../runtime/model/unreadable";
import { startEmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { PostgresStore, type PostgresStoreOptions } from "../../runtime/store/postgres";
import { connect } from "../../runtime/store/postgres-connection";
import { createRowSealer, type StoredRow } from "../../runtime/store/sealed-rows";
import { createSealer, secretsKey, type SecretsKey } from "../../runtime/store/sealer";
import { newDatabase } from "../support/postgres";
import {
  accountSecret as secret,
  aDefinition,
  anAccount,
  aNode,
  aSealer,
  oneOfEach,
  putNode,
  putSession,
} from "./rows";
import { withFolder } from "./temporary-folder";

const vmDoc = { name: "lab", kind: "aws", maxInstances: 3, orphans: "delete", settings: { secretAccessKey: secret } };
const serverDoc = {
  ...{ name: "desks", type: "server", pool: "servers", zone: "here", vmProvider: "lab" },
  ...{ connectionUsername: "desk", connectionPassword: secret, startupScript: { text: `#!/bin/sh\n${secret}` } },
};

/** Rows with {@link secret} in them, of each table that may hold one. */
const secretRows: readonly [TableName, string, Rows[TableName]][] = [
  ["account", "vm-main-1a2b3c4d", anAccount()],
  ["definition", "vmProviderConfig/lab", aDefinition({ kind: "vmProviderConfig", name: "lab", doc: vmDoc })],
  ["definition", "autoscaleConfig/desks", aDefinition({ kind: "autoscaleConfig", name: "desks", doc: serverDoc })],
  ["definition", "pool/odd", aDefinition({ kind: "pool", name: "odd", doc: { name: "odd", ofTheFuture: [secret] } })],
  [
    "node",
    "n1",
    aNode({
      spec: { ...aNode().spec!, startupScript: secret, settings: { token: { deep: [secret] } } },
      fetchedScript: secret,
    }),
  ],
];
const puts = secretRows.map(([table, , row]) => ({ kind: "put", table, row }) as Change);

const wayInSecret = "way-in-secret-0815";

/** What lets somebody into a server. */
function wayIn(): Change[] {
  const account = { accountId: "a1", sessionId: "s1", nodeId: "n1", userName: "hr-ann-0001", password: wayInSecret };
  const key = { privateKey: wayInSecret, passphrase: wayInSecret, publicKey: "ssh-rsa AAAA", fingerprint: "SHA256:x" };
  return [
    { kind: "put", table: "nodeSecrets", row: { nodeId: "n1", password: wayInSecret, info: { deep: [wayInSecret] } } },
    { kind: "put", table: "sessionAccount", row: account },
    { kind: "put", table: "userKey", row: { userId: "ann", ...key, updatedAtMs: 1 } },
  ];
}

async function withStore<Result>(
  connectionString: string,
  options: Partial<PostgresStoreOptions>,
  run: (store: PostgresStore) => Promise<Result>,
): Promise<Result> {
  const fixed = { connectionString, clock: realClock, holder: "test", onLost: () => undefined };
  const store = await PostgresStore.open({ ...fixed, ...options });
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}

async function query(connectionString: string, sql: string): Promise<string[]> {
  const client = await connect(connectionString);
  const { rows } = await client.query<{ text: string }>(sql);
  await client.end();
  return rows.map(({ text }) => text);
}

/** Every file below the folder that has the text in it. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

function sealerWith(...keys: SecretsKey[]) {
  return createRowSealer({ ring: { keys }, pathsOf: sealedFields() });
}

describe("sealed texts", () => {
  const key = randomBytes(32);
  const sealer = createSealer(key);

  it("give back what was sealed, and nothing with another key, in another place or changed by one bit", () => {
    for (const text of ["", "{}", secret, "häßlich ☂ 😀 \u0000", "x".repeat(100_000)]) {
      const sealed = sealer.seal(text, "account/a");
      assert.equal(sealer.open(sealed, "account/a"), text);
      assert.notEqual(sealer.seal(text, "account/a"), sealed, "no two are alike");
      assert.equal(sealer.open(sealed, "account/b"), undefined);
      assert.equal(createSealer(randomBytes(32)).open(sealed, "account/a"), undefined);
      for (const at of [0, 15, 27, Buffer.from(sealed, "base64").length - 1]) {
        const changed = Buffer.from(sealed, "base64");
        changed[at]! ^= 1;
        assert.equal(sealer.open(changed.toString("base64"), "account/a"), undefined, `bit of byte ${at}`);
      }
    }
    assert.equal(sealer.open("", "account/a"), undefined);
    assert.throws(() => createSealer(randomBytes(16)), BugError);
  });
});

describe("sealed rows", () => {
  const [newer, older] = [secretsKey(randomBytes(32)), secretsKey(randomBytes(32))];

  for (const [table, id, row] of secretRows) {
    it(`of table ${table} (${id}) show what is not secret, and give all back in their own place alone`, () => {
      const before = structuredClone(row);
      const sealer = sealerWith(newer);
      const stored = JSON.parse(JSON.stringify(sealer.seal(table, id, row))) as StoredRow;

      assert.deepEqual(row, before, "the row in memory stays as it is");
      assert.ok(!JSON.stringify(stored).includes(secret));
      assert.deepEqual(sealer.open(table, id, stored), { kind: "opened", row, isCurrent: true });
      for (const [elsewhere, other] of [
        [table, `${id}x`],
        ["session", id],
      ] as const) {
        assert.equal(sealer.open(elsewhere, other, stored).kind, "unopenable");
      }
      const { sealed } = stored as unknown as { sealed: { key: string; paths: unknown[][]; text: string } };
      const moved = { ...stored, elsewhere: 1, sealed: { ...sealed, paths: sealed.paths.map(() => ["elsewhere"]) } };
      assert.equal(sealer.open(table, id, moved as unknown as StoredRow).kind, "unopenable");
    });
  }

  it("show their other fields, by which the database finds them", () => {
    const [definition, config, odd, node] = secretRows
      .slice(1)
      .map(([table, id, row]) => aSealer().seal(table, id, row));

    assert.equal((definition as StoredDefinition).doc["orphans"], "delete");
    const { connectionUsername, connectionPassword, pool } = (config as StoredDefinition).doc;
    assert.deepEqual([connectionUsername, connectionPassword, pool], ["desk", "[sealed]", "servers"]);
    assert.equal(
      (odd as StoredDefinition).doc,
      "[sealed]",
      "which fields of what can't be read are secret is not known",
    );
    assert.deepEqual([(node as Node).status, (node as Node).spec?.kind], ["requested", "local"]);
  });

  it("are opened with an older key too, and told to be behind; so are those with a secret in clear", () => {
    for (const [table, id, row] of secretRows) {
      const stored = sealerWith(older).seal(table, id, row);
      assert.deepEqual(sealerWith(newer, older).open(table, id, stored), { kind: "opened", row, isCurrent: false });
      assert.equal(sealerWith(newer).open(table, id, stored).kind, "unopenable");
      const clear = row as StoredRow;
      assert.deepEqual(sealerWith(newer).open(table, id, clear), { kind: "opened", row, isCurrent: false });
      const forged = { ...clear, sealed: { key: newer.id } } as StoredRow;
      assert.deepEqual(sealerWith(newer).open(table, id, forged), { kind: "opened", row, isCurrent: false });
    }
  });

  it("hold secrets that stand nowhere in the database: not in its rows, nor in any of its files", async () => {
    await withFolder(async (folder) => {
      const server = await startEmbeddedPostgres({ folder });
      const { connectionString } = server;
      try {
        const mark = "a-text-in-clear";
        const changes = [...puts, ...wayIn(), putNode({ nodeId: mark })];
        await withStore(connectionString, { sealer: aSealer() }, async (store) => {
          await store.write(changes);
          assert.deepEqual(await store.load(), changes);
        });
        for (const table of ["account", "definition", "node"]) {
          const rows = await query(connectionString, `select doc::text as text from headroom.${table}`);
          assert.ok(rows.length > 0 && !rows.some((text) => text.includes(secret) || text.includes("AKIDEXAMPLE")));
        }
        await query(connectionString, "checkpoint");
        await server.stop();
        assert.notDeepEqual(filesWith(folder, mark), [], "the search finds what stands in clear");
        assert.deepEqual(filesWith(folder, secret), []);
        for (const other of ["AKIDEXAMPLE", wayInSecret]) assert.deepEqual(filesWith(folder, other), []);
      } finally {
        await server.stop();
      }
    });
  });

  it("are loaded after a restart, and by nobody with another key", async () => {
    const connectionString = await newDatabase();
    const sealer = aSealer();
    await withStore(connectionString, { sealer }, (store) => store.write(puts));

    for (const other of [aSealer(), undefined]) {
      const isClear = (error: Error): boolean =>
        error instanceof SetupError && /account vm-main-1a2b3c4d.*copy the file secrets-key/.test(error.message);
      await assert.rejects(
        withStore(connectionString, { sealer: other }, (store) => store.load()),
        isClear,
      );
    }
    assert.deepEqual(await withStore(connectionString, { sealer }, (store) => store.load()), puts);
  });

  it("lose their secrets, and keep all else, when the operator gives another key knowingly", async () => {
    const connectionString = await newDatabase();
    const clear = [putSession(), ...oneOfEach.filter((change) => change.kind === "put" && change.table === "lane")];
    await withStore(connectionString, { sealer: aSealer() }, (store) => store.write([...puts, ...clear]));
    const sealer = aSealer();
    const options = { sealer, forgetsSealedBy: (sealedBy: string) => sealedBy === "secrets-key" };

    await withStore(connectionString, options, (store) => store.load());
    const left = await withStore(connectionString, { sealer }, (store) => store.load());

    const rows = left.flatMap((change) => (change.kind === "put" ? [change] : []));
    assert.deepEqual(
      rows.filter(({ table }) => table === "session" || table === "lane"),
      clear,
    );
    assert.ok(!rows.some(({ table }) => table === "account"), "it is made anew from its definition");
    const definitions = rows.filter(({ table }) => table === "definition").map(({ row }) => row as StoredDefinition);
    assert.equal(definitions.length, 3);
    for (const { kind, doc } of definitions) {
      assert.notDeepEqual(documentReader(undefined)(kind, doc), [], "it can't be read until it is declared anew");
    }
    const node = rows.find(({ table }) => table === "node")?.row as Node;
    assert.deepEqual([node.nodeId, node.status, node.spec?.startupScript], ["n1", "requested", ""]);
    assert.equal(
      node.spec?.settings["secretsAreLost"],
      true,
      "no schema of a cloud takes it, so the node stays as it is",
    );
  });

  it("are of no use in the place of another row", async () => {
    const connectionString = await newDatabase();
    const sealer = aSealer();
    const accounts = ["vm-a-00000001", "vm-b-00000002"].map((accountId) => anAccount({ accountId }));
    const rows = accounts.map((row): Change => ({ kind: "put", table: "account", row }));
    await withStore(connectionString, { sealer }, (store) => store.write(rows));
    await query(
      connectionString,
      "update headroom.account set doc = (select doc from headroom.account where id = 'vm-a-00000001')",
    );

    await assert.rejects(
      withStore(connectionString, { sealer }, (store) => store.load()),
      /account vm-b-00000002/,
    );
  });

  it("are never written in clear: without a sealer the write fails", async () => {
    for (const put of puts) {
      const connectionString = await newDatabase();
      await assert.rejects(
        withStore(connectionString, {}, (store) => store.write([putSession(), put])),
        BugError,
      );
      assert.deepEqual(await query(connectionString, "select id as text from headroom.session"), []);
    }
  });
});
