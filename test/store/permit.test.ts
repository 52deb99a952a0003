import assert from "node:assert/strict";
import { nodeStatuses, type NodeStatus } from "../../runtime/model/state";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import type { Permit } from "../../runtime/store/permit";
import { PostgresStore } from "../../runtime/store/postgres";
import { connect } from "../../runtime/store/postgres-connection";
import type { Store } from "../../runtime/store/store";
import { newDatabase, realClock } from "../support/postgres";
import { putNode, putSession } from "./rows";

type Leading = Store & { readonly epoch: number };

interface World {
  readonly store: Leading;
  /** Another runtime has taken over; this one has not noticed. */
  readonly depose: () => Promise<void>;
  /** The row of the lease has run out by the database's clock; undefined where nothing runs out. */
  readonly expire?: () => Promise<void>;
  /** A long write of this store, under way until the function it answers is called. */
  readonly holdWriter?: () => Promise<() => Promise<void>>;
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
  });
  return {
    store,
    depose: () => run("update headroom.lease set epoch = epoch + 1, holder = 'another'"),
    expire: () => run("update headroom.lease set expires_at = clock_timestamp() - interval '1 ms'"),
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

    it("is answered while a write takes long", async () => {
      await world.store.write([putNode({ nodeId: "n1", status: "requested" })]);
      const release = await world.holdWriter?.();

      const permits = await Promise.all(Array.from({ length: 25 }, () => ask("create")));

      assert.ok(permits.every(({ isAllowed }) => isAllowed));
      await release?.();
    });
  });
}
