import assert from "node:assert/strict";
import { nodeStatuses, type NodeStatus } from "../../runtime/model/state";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { orphanPermitText, type Permit } from "../../runtime/store/permit";
import { PostgresStore } from "../../runtime/store/postgres";
import { connect } from "../../runtime/store/postgres-connection";
import type { Store } from "../../runtime/store/store";
import { newDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";
import type { Change } from "../../runtime/model/changes";
import { anOrphan, aSealer, putNode, putSession } from "./rows";

type Leading = Store & { readonly epoch: number };

interface World {
  readonly store: Leading;
  /** Another runtime has taken over; this one has not noticed. */
  readonly depose: () => Promise<void>;
  /** The row of the lease has run out by the database's clock; undefined where nothing runs out. */
  readonly expire?: () => Promise<void>;
  /** A long write of this store, under way until the function it answers is called. */
  readonly holdWriter?: () => Promise<() => Promise<void>>;
  /** How the database would carry out a statement, knowing how many rows there are. */
  readonly explain?: (sql: string, values: readonly string[]) => Promise<unknown>;
}

async function onMemory(): Promise<World> {
  const disk = new MemoryDisk();
  const depose = async (): Promise<void> => void (disk.epoch += 1);
  return { store: new MemoryStore({ disk }), depose };
}

async function onPostgres(): Promise<World> {
  const connectionString = await newDatabase();
  const run = async (sql: string): Promise<void> => {
    const client = await connect(connectionString);
    await client.query(sql);
    await client.end();
  };
  const store = await PostgresStore.open({
    connectionString,
    clock: realClock,
    holder: "test",
    onLost: () => undefined,
    sealer: aSealer(),
  });
  return {
    store,
    depose: () => run("update headroom.lease set epoch = epoch + 1, holder = 'another'"),
    expire: () => run("update headroom.lease set expires_at = clock_timestamp() - interval '1 ms'"),
    explain: async (sql, values) => {
      const client = await connect(connectionString);
      await client.query("analyze headroom.node");
      const { rows } = await client.query<Record<string, unknown>>(`explain (format json) ${sql}`, [...values]);
      await client.end();
      return rows[0]!["QUERY PLAN"];
    },
    holdWriter: async () => {
      const client = await connect(connectionString);
      await client.query("begin");
      await client.query("lock table headroom.session in access exclusive mode");
      const writing = store.write([putSession()]);
      return async () => {
        await client.query("rollback");
        await client.end();
        await writing;
      };
    },
  };
}

function reasonOf(permit: Permit): string {
  return permit.isAllowed ? "" : permit.reason;
}

for (const [name, prepare] of [
  ["MemoryStore", onMemory],
  ["PostgresStore", onPostgres],
] as const) {
  describe(`permits of the ${name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await prepare();
    });
    afterEach(() => world.store.close());

    const ask = (step: "create" | "delete", nodeId = "n1", epoch = world.store.epoch): Promise<Permit> =>
      world.store.permit({ epoch, step, nodeId });

    it("a create only for what is requested or provisioning, a delete only for what is destroying", async () => {
      const allowed: Record<"create" | "delete", NodeStatus[]> = { create: [], delete: [] };
      for (const status of nodeStatuses) {
        await world.store.write([putNode({ nodeId: "n1", status })]);
        for (const step of ["create", "delete"] as const) {
          const permit = await ask(step);
          if (permit.isAllowed) allowed[step].push(status);
          else assert.match(permit.reason, new RegExp(`node n1 is ${status}; only .* may be ${step}d$`));
        }
      }

      assert.deepEqual(allowed, { create: ["requested", "provisioning"], delete: ["destroying"] });
    });

    it("nothing for a node without a row", async () => {
      for (const step of ["create", "delete"] as const) assert.match(reasonOf(await ask(step)), /node n1 has no row/);
    });

    it("nothing under another epoch, older or newer", async () => {
      await world.store.write([putNode({ nodeId: "n1", status: "requested" })]);
      for (const epoch of [world.store.epoch - 1, world.store.epoch + 1]) {
        assert.match(reasonOf(await ask("create", "n1", epoch)), /another runtime has taken over/);
        const operate = await world.store.permit({ epoch, step: "operate" });
        assert.match(reasonOf(operate), /another runtime has taken over/);
      }
    });

    it("nothing once another runtime has taken over, before this one has noticed", async () => {
      await world.store.write([
        putNode({ nodeId: "n1", status: "requested" }),
        putNode({ nodeId: "n2", status: "destroying" }),
      ]);
      const { epoch } = world.store;
      const asked = () =>
        Promise.all([ask("create"), ask("delete", "n2"), world.store.permit({ epoch, step: "operate" })]);
      assert.deepEqual((await asked()).map(reasonOf), ["", "", ""]);

      await world.depose();

      for (const permit of await asked()) assert.match(reasonOf(permit), /another runtime has taken over/);
    });

    const wants = (orphans?: string) => ({
      ...{ kind: "vmProviderConfig", name: "main", owner: "test", updatedAtMs: 1 },
      doc: { name: "main", kind: "aws", maxInstances: 1, settings: {}, ...(orphans === undefined ? {} : { orphans }) },
    });
    const orphanRow = { orphanId: "a/i-1", vmId: "i-1", nodeId: "n1", vmProvider: "main", reportedAtMs: 2_000 };
    const put = (row: object, table: "orphan" | "definition"): Promise<void> =>
      world.store.write([{ kind: "put", table, row: table === "orphan" ? { ...anOrphan(), ...row } : row } as Change]);
    const askForOrphan = (over: object = {}): Promise<Permit> =>
      world.store.permit({
        ...{ epoch: world.store.epoch, step: "deleteOrphan", orphanId: "a/i-1", vmId: "i-1", nodeId: "n1" },
        ...over,
      });

    it("the end of a VM that nobody knows, while it is told, nobody may have it, and its definition says so", async () => {
      await put(wants("delete"), "definition");
      assert.match(reasonOf(await askForOrphan()), /not told as one that nobody knows/);
      for (const wrong of [{ reportedAtMs: undefined }, { vmId: "i-2" }, { nodeId: "n2" }, { nodeId: undefined }]) {
        await put({ ...orphanRow, ...wrong }, "orphan");
        assert.match(reasonOf(await askForOrphan()), /not told as one that nobody knows/, JSON.stringify(wrong));
      }
      await put(orphanRow, "orphan");
      for (const policy of ["report", undefined]) {
        await put(wants(policy), "definition");
        assert.match(reasonOf(await askForOrphan()), /"main" does not say orphans: "delete"/);
      }
      await put(wants("delete"), "definition");
      const mayHaveIt = [{ nodeId: "n1" }, { nodeId: "n1", vmId: "i-1" }, { nodeId: "n7", vmId: "i-1" }];
      for (const owner of mayHaveIt) {
        for (const status of nodeStatuses) {
          await world.store.write([putNode({ ...owner, status })]);
          assert.match(reasonOf(await askForOrphan()), new RegExp(`that of node ${owner.nodeId}$`));
        }
        await world.store.write([{ kind: "delete", table: "node", id: owner.nodeId }]);
      }
      await world.store.write([putNode({ nodeId: "n1", vmId: "i-9" }), putNode({ nodeId: "n7" })]);

      assert.deepEqual(await askForOrphan(), { isAllowed: true });
      await put({ ...orphanRow, nodeId: undefined }, "orphan");
      assert.deepEqual(await askForOrphan({ nodeId: undefined }), { isAllowed: true });
      assert.match(reasonOf(await askForOrphan({ epoch: world.store.epoch - 1, nodeId: undefined })), /taken over/);
      await world.store.write([{ kind: "delete", table: "definition", id: "vmProviderConfig/main" }]);
      assert.match(reasonOf(await askForOrphan({ nodeId: undefined })), /does not say orphans/);
    });

    it("nothing from a store that is closed", async () => {
      await world.store.write([putNode({ nodeId: "n1", status: "requested" })]);
      await world.store.close();

      assert.match(reasonOf(await ask("create")), /closed/);
    });

    if (name !== "PostgresStore") return;

    it("nothing once the lease has run out by the database's clock", async () => {
      await world.store.write([putNode({ nodeId: "n1", status: "requested" })]);
      await world.expire?.();

      assert.match(reasonOf(await ask("create")), /has run out/);
      assert.match(reasonOf(await world.store.permit({ epoch: world.store.epoch, step: "operate" })), /has run out/);
    });

    it("the end of a VM that nobody knows is judged without a look at each node", async () => {
      await world.store.write(
        Array.from({ length: 3_000 }, (_, index) => putNode({ nodeId: `n${index}`, vmId: `i-${index}` })),
      );

      const plan = JSON.stringify(await world.explain!(orphanPermitText, ["runtime", "a/i-1"]));

      assert.match(plan, /"Index Name":"node_vm"/);
      assert.doesNotMatch(plan, /"Node Type":"Seq Scan","[^{}]*"Relation Name":"node"/);
    });

    it("is answered while a write takes long", async () => {
      await world.store.write([putNode({ nodeId: "n1", status: "requested" })]);
      const release = await world.holdWriter?.();

      const permits = await Promise.all(Array.from({ length: 25 }, () => ask("create")));

      assert.ok(permits.every(({ isAllowed }) => isAllowed));
      await release?.();
    });
  });
}
