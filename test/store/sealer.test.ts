import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BugError, SetupError } from "../../runtime/model/errors";
import { connect } from "../../runtime/store/postgres-connection";
import { PostgresStore, type PostgresStoreOptions } from "../../runtime/store/postgres";
import { startEmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { createSealer } from "../../runtime/store/sealer";
import type { Change } from "../../runtime/model/changes";
import { newDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";
import { accountSecret as secret, anAccount, putNode } from "./rows";
import { withFolder } from "./temporary-folder";

const put = (accountId = "vm-main-1a2b3c4d"): Change => ({
  kind: "put",
  table: "account",
  row: anAccount({ accountId }),
});

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

describe("sealed rows", () => {
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

  it("hold credentials that stand nowhere in the database: not in its rows, nor in any of its files", async () => {
    await withFolder(async (folder) => {
      const server = await startEmbeddedPostgres({ folder });
      const { connectionString } = server;
      try {
        const mark = "a-text-in-clear";
        await withStore(connectionString, { sealer }, async (store) => {
          const rows = [put(), ...wayIn(), putNode({ nodeId: mark })];
          await store.write(rows);
          assert.deepEqual(await store.load(), rows);
        });
        const rows = await query(connectionString, "select doc::text as text from headroom.account");
        assert.equal(rows.length, 1);
        assert.ok(!rows[0]!.includes(secret) && !rows[0]!.includes("AKIDEXAMPLE"));
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

  it("are loaded after a restart, and by nobody with another passphrase", async () => {
    const connectionString = await newDatabase();
    const rows = [put(), putNode()];
    await withStore(connectionString, { sealer }, (store) => store.write(rows));

    for (const other of [createSealer(randomBytes(32)), undefined]) {
      const isClear = (error: Error): boolean =>
        error instanceof SetupError && /account vm-main-1a2b3c4d.*passphrase/.test(error.message);
      await assert.rejects(
        withStore(connectionString, { sealer: other }, (store) => store.load()),
        isClear,
      );
    }
    assert.deepEqual(await withStore(connectionString, { sealer }, (store) => store.load()), rows);
  });

  it("are forgotten, and no other row with them, when the operator gives another passphrase knowingly", async () => {
    const connectionString = await newDatabase();
    await withStore(connectionString, { sealer }, (store) => store.write([put(), putNode()]));
    const other = createSealer(randomBytes(32));
    const load = (store: PostgresStore): Promise<Change[]> => store.load();

    const options = { sealer: other, forgetsUnopenable: true };
    assert.deepEqual(await withStore(connectionString, options, load), [putNode()]);
    assert.deepEqual(await withStore(connectionString, { sealer: other }, load), [putNode()]);
  });

  it("are of no use in the place of another row", async () => {
    const connectionString = await newDatabase();
    const rows = [put("vm-a-00000001"), put("vm-b-00000002")];
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
    const connectionString = await newDatabase();
    await assert.rejects(
      withStore(connectionString, {}, (store) => store.write([putNode(), put()])),
      BugError,
    );
    assert.deepEqual(await query(connectionString, "select id as text from headroom.node"), []);
  });
});
