/** Rotation of the secrets key, cut off wherever that can be: nothing is lost, and the next term ends it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SecretsKeys, secretsKeyFile } from "../../runtime/main/secrets-keys";
import { installationRow, type Change } from "../../runtime/model/changes";
import { ConflictError, UnavailableError } from "../../runtime/model/errors";
import { realClock } from "../../runtime/model/real-clock";
import { sealedFields } from "../../runtime/model/sealed-fields";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { PostgresStore } from "../../runtime/store/postgres";
import { connect } from "../../runtime/store/postgres-connection";
import { Resealing } from "../../runtime/store/resealing";
import { createRowSealer } from "../../runtime/store/sealed-rows";
import type { Store } from "../../runtime/store/store";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { aDefinition, anAccount, aNode, putNode } from "./rows";
import { withFolder } from "./temporary-folder";

const secret = "a-secret-of-this-test";
const nodesCount = 130;

const rows: readonly Change[] = [
  { kind: "put", table: "account", row: anAccount({ settings: { secretAccessKey: secret } }) },
  { kind: "put", table: "definition", row: aDefinition() },
  ...Array.from({ length: nodesCount }, (_, index): Change => {
    const nodeId = `n${String(index).padStart(3, "0")}`;
    return putNode({ nodeId, spec: { ...aNode().spec!, nodeId, startupScript: `${secret} ${nodeId}` } });
  }),
];

class Cut extends Error {}

/** What happens in one term, until it is cut off. */
interface Term {
  readonly resealing: Resealing;
  readonly keys: SecretsKeys;
  readonly store: PostgresStore;
  readonly state: HotState;
  readonly trouble: string[];
  readonly told: string[];
  commit(changes: readonly Change[]): Promise<void>;
}

class Site {
  constructor(
    readonly connectionString: string,
    readonly folder: string,
  ) {}

  /** @param cutAfter After so many steps, writes to the store and to the key file, nothing works any more. */
  async term<Result>(use: (term: Term) => Promise<Result>, cutAfter = Infinity): Promise<Result> {
    let steps = 0;
    const step = <T>(run: () => Promise<T>): Promise<T> => {
      steps += 1;
      return steps > cutAfter ? Promise.reject(new Cut("cut off")) : run();
    };
    const keys = await SecretsKeys.open(this.folder);
    const sealer = createRowSealer({ ring: keys, pathsOf: sealedFields() });
    const { connectionString } = this;
    const options = { connectionString, clock: realClock, holder: "test", onLost: () => undefined, sealer };
    const store = await PostgresStore.open(options);
    const state = new HotState();
    state.apply(await store.load());
    const cutStore: Store = {
      ...{ load: () => store.load(), decisions: (filter) => store.decisions(filter), close: () => store.close() },
      ...{ session: (id) => store.session(id), permit: (request) => store.permit(request) },
      history: store.history,
      write: (changes) => step(() => store.write(changes)),
    };
    const ledger = new GroupCommitLedger({ state, store: cutStore, onLost: () => undefined });
    const trouble: string[] = [];
    const told: string[] = [];
    const resealing = new Resealing({
      ...{ ledger, store, clock: realClock },
      keys: {
        get keys() {
          return keys.keys;
        },
        add: () => step(() => keys.add()),
        dropOlder: () => step(() => keys.dropOlder()),
      },
      keyChanged: () => [
        {
          kind: "put",
          table: "installation",
          row: { installationId: "i1", backend: "", passphrase: "", tokenSecret: "", secretsKey: keys.keys[0]!.id },
        },
      ],
      tell: (event) => {
        told.push(event);
        return [];
      },
      onTrouble: (message) => trouble.push(message),
    });
    try {
      return await use({ resealing, keys, store, state, trouble, told, commit: (changes) => ledger.commit(changes) });
    } finally {
      resealing.stop();
      await store.close();
    }
  }

  keyLines(): string[] {
    return readFileSync(join(this.folder, secretsKeyFile), "utf8").trim().split("\n");
  }

  /** Ids of the keys that rows are sealed with. */
  async keysInUse(): Promise<string[]> {
    const client = await connect(this.connectionString);
    const parts = ["definition", "node", "account"].map(
      (table) => `select doc -> 'sealed' ->> 'key' as key, doc::text as text from headroom.${table}`,
    );
    const found = await client.query<{ key: string | null; text: string }>(parts.join(" union all "));
    await client.end();
    assert.ok(!found.rows.some(({ text }) => text.includes(secret)), "nothing secret stands in clear");
    return [...new Set(found.rows.map(({ key }) => key ?? "none"))].sort();
  }
}

async function withSite(use: (site: Site) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const site = new Site(await newDatabase(), folder);
    await site.term(({ commit }) => commit(rows));
    await use(site);
  });
}

/** Lets the term end what an earlier one left, and what it was told to do. */
async function untilDone({ resealing, trouble }: Term): Promise<void> {
  resealing.start();
  await until("everything is sealed with one key", async () => {
    const { toSeal, olderKeyIds } = await resealing.state();
    return trouble.length > 0 || (toSeal === 0 && olderKeyIds.length === 0);
  });
  assert.deepEqual(trouble, []);
}

describe("rotation of the secrets key", function () {
  this.timeout(120_000);

  it("seals every row with a new key while others write, and then the old key is gone", async () => {
    await withSite(async (site) => {
      const [before] = site.keyLines();
      await site.term(async (term) => {
        const { resealing, commit, keys, told } = term;
        const started = await resealing.rotate();
        assert.deepEqual([started.rows, started.olderKeyIds.length], [rows.length, 1]);
        for (let written = 0; written < 20; written += 1)
          await commit([putNode({ nodeId: "n000", createdAtMs: written })]);
        await untilDone(term);

        assert.deepEqual(await site.keysInUse(), [keys.keys[0]!.id]);
        assert.deepEqual(await resealing.state(), {
          keyId: keys.keys[0]!.id,
          olderKeyIds: [],
          rows: rows.length,
          toSeal: 0,
        });
        assert.deepEqual(told, ["secretsRotating", "secretsRotated"]);
      });
      assert.equal(site.keyLines().length, 1);
      assert.ok(!site.keyLines().includes(before!));
      await site.term(async ({ state }) => {
        assert.equal(state.nodes.size, nodesCount);
        assert.equal(state.nodes.get("n007")?.spec?.startupScript, `${secret} n007`);
      });
      writeFileSync(join(site.folder, secretsKeyFile), before!);
      await assert.rejects(
        site.term(async () => undefined),
        /secrets key does not open/,
        "the old key opens nothing",
      );
    });
  });

  it("is refused while another one goes on", async () => {
    await withSite(async (site) => {
      await site.term(async (term) => {
        const [first, second] = await Promise.allSettled([term.resealing.rotate(), term.resealing.rotate()]);
        assert.equal(first.status, "fulfilled");
        assert.ok(second.status === "rejected" && second.reason instanceof ConflictError);
        await untilDone(term);
        await term.resealing.rotate();
        await untilDone(term);
      });
    });
  });

  it("loses nothing wherever it is cut off, and the next term ends it", async () => {
    await withSite(async (site) => {
      let wasCut = true;
      let cuts = 0;
      for (let cutAfter = 0; wasCut; cutAfter += 1) {
        wasCut = await site.term(async ({ resealing, trouble }) => {
          const rotated = await resealing.rotate().then(
            () => undefined,
            (error: unknown) => error,
          );
          if (rotated !== undefined) {
            assert.ok(rotated instanceof Cut || rotated instanceof UnavailableError, String(rotated));
            return true;
          }
          const isDone = async (): Promise<boolean> => (await resealing.state()).olderKeyIds.length === 0;
          await until("it ends", async () => trouble.length > 0 || (await isDone()));
          // A line of the journal may be lost; the rotation is over by then.
          return !(await isDone());
        }, cutAfter);
        cuts += wasCut ? 1 : 0;
        const { length } = site.keyLines();
        assert.ok(length <= 2, `${length} keys after a cut at step ${cutAfter}`);
        await site.term(async (term) => {
          const { state } = term;
          assert.equal(state.nodes.size, nodesCount, `cut after ${cutAfter} steps`);
          for (const [nodeId, { spec }] of state.nodes) assert.equal(spec?.startupScript, `${secret} ${nodeId}`);
          await untilDone(term);
          assert.equal(
            state.installation.get(installationRow)?.secretsKey ?? term.keys.keys[0]!.id,
            term.keys.keys[0]!.id,
          );
        });
        assert.equal((await site.keysInUse()).length, 1);
      }
      assert.ok(cuts >= 5, `${cuts} cuts`);
    });
  });

  it("is what happens to rows of older versions, which stand in clear", async () => {
    await withSite(async (site) => {
      const client = await connect(site.connectionString);
      await client.query(
        `update headroom.node set doc = jsonb_set(doc - 'sealed', '{spec,startupScript}', to_jsonb('old script'::text))
         where id < 'n100'`,
      );
      await client.end();
      await site.term(async (term) => {
        assert.equal((await term.resealing.state()).toSeal, 100);
        await untilDone(term);
        assert.deepEqual(await site.keysInUse(), [term.keys.keys[0]!.id]);
      });
      await site.term(async ({ state }) => assert.equal(state.nodes.get("n001")?.spec?.startupScript, "old script"));
    });
  });
});

describe("the file of the secrets keys", () => {
  it("is refused with its name when it is damaged", async () => {
    for (const text of ["short", "x".repeat(43) + "\n" + "y", "\u0000\u0001\n"]) {
      await withFolder(async (folder) => {
        writeFileSync(join(folder, secretsKeyFile), text);
        await assert.rejects(SecretsKeys.open(folder), new RegExp(`${secretsKeyFile} is damaged.*backup`));
      });
    }
  });
});
