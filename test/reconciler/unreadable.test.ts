/** Definitions that another version wrote and this one can't read: nothing is made, and nothing goes, because of them. */
import assert from "node:assert/strict";
import type { DefinitionKind } from "../../runtime/model/config";
import { ConfigError, ConflictError, UnavailableError } from "../../runtime/model/errors";
import type { StoredDefinition } from "../../runtime/model/state";
import { plan } from "../../runtime/planner/planning/plan";
import { HotState } from "../../runtime/store/hot-state";
import { definitionId, type Change } from "../../runtime/model/changes";
import { catalog, scheduleDoc, tester } from "../support/builders";
import { agents, countByStatus, request } from "./questions";
import { World } from "./world";

const hour = 3600_000;

const named: readonly (readonly [DefinitionKind, string])[] = [
  ["zone", "eu"],
  ["pool", "agents"],
  ["workspace", "office"],
  ["vmProviderConfig", "vms"],
  ["autoscaleConfig", "agents"],
  ["schedule", "always"],
];

type Damage = (doc: StoredDefinition["doc"]) => StoredDefinition["doc"];
const damages: Readonly<Record<string, Damage>> = {
  "a field of a newer version": (doc) => ({ ...doc, fromTheFuture: { level: 3 } }),
  "a value that is not allowed any more": (doc) => ({ ...doc, name: 7 }),
  "all that it needs missing": () => ({}),
};

/** Only definitions of clouds can be of one that is not here. */
function damagesOf(kind: DefinitionKind): Readonly<Record<string, Damage>> {
  if (kind !== "vmProviderConfig") return damages;
  return { ...damages, "a cloud that this version lacks": (doc) => ({ ...doc, kind: "moon" }) };
}

/** Two nodes full of sessions, more that wait, and a schedule that is always open. */
async function busyWorld(): Promise<World> {
  const config = agents({ minNodes: 2, maxNodes: 2, downscaleBackoff: "1m" });
  const world = await World.start({
    configs: [config],
    schedules: [
      scheduleDoc({
        name: "always",
        autoscaleConfig: "agents",
        start: "00:00",
        end: "00:00",
        days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
      }),
    ],
  });
  await world.clock.advance(5 * 60_000);
  for (let user = 0; user < 20; user += 1) await request(world, "office", `user-${user}`);
  await world.clock.advance(60_000);
  assert.deepEqual(countByStatus(world), { running: 2 });
  assert.ok(world.state.queue().length > 0);
  return world;
}

async function damage(world: World, kind: DefinitionKind, name: string, by: Damage): Promise<StoredDefinition> {
  const row = world.state.definitions.get(definitionId(kind, name))!;
  await world.ledger.commit([{ kind: "put", table: "definition", row: { ...row, doc: by(row.doc) } }]);
  assert.equal(world.state.unreadable.size, 1);
  return row;
}

function picture(world: World): object {
  const sessions = [...world.state.sessions.values()].map(({ sessionId, status, nodeId }) => [
    sessionId,
    status,
    nodeId,
  ]);
  return { nodes: world.statuses(), sessions, cloud: world.nodesInCloud().sort() };
}

describe("a definition that can't be read", () => {
  let world: World;
  beforeEach(async () => {
    world = await busyWorld();
  });
  afterEach(async () => {
    await world.stop();
    assert.deepEqual(world.errors, []);
  });

  it("is named first of several whatever the order of the rows, so that a plan says the same after a restart", async () => {
    for (const [kind, name] of [
      ["zone", "eu"],
      ["pool", "agents"],
      ["workspace", "office"],
    ] as const) {
      const row = world.state.definitions.get(definitionId(kind, name))!;
      const doc = { ...row.doc, fromTheFuture: 1 };
      await world.ledger.commit([{ kind: "put", table: "definition", row: { ...row, doc } }]);
    }
    const { state } = world;
    const rows: Change[] = [
      ...[...state.definitions.values()].map((row): Change => ({ kind: "put", table: "definition", row })),
      ...[...state.nodes.values()].map((row): Change => ({ kind: "put", table: "node", row })),
      ...[...state.sessions.values()].map((row): Change => ({ kind: "put", table: "session", row })),
    ];
    const said = [rows, rows.toReversed()].map((ordered) => {
      const read = new HotState();
      read.apply(ordered);
      return JSON.stringify(plan(read, { nowMs: world.clock.now(), catalog }));
    });

    assert.match(said[0]!, /can't be read/);
    assert.equal(said[0], said[1]);
  });

  for (const [kind, name] of named) {
    for (const [what, by] of Object.entries(damagesOf(kind))) {
      it(`of kind ${kind} with ${what} keeps nodes and sessions as they are, and a new one replaces it`, async () => {
        const before = picture(world);
        const { doc } = await damage(world, kind, name, by);

        await world.clock.advance(5 * hour);

        assert.deepEqual(picture(world), before);
        const plan = await world.reconciler.tickNow();
        assert.deepEqual(plan.changes, []);

        await world.broker.putDefinition({ kind, name, doc, owner: tester });
        assert.equal(world.state.unreadable.size, 0);
        for (const { sessionId } of [...world.state.sessions.values()]) await world.broker.releaseSession(sessionId);
        await request(world);
        assert.equal(world.state.queue().length, 0);
      });
    }
  }

  it("of a config is told with what is wrong, also by what refers to it", async () => {
    await damage(world, "zone", "eu", damages["a field of a newer version"]!);
    const fault =
      /zone "eu" can't be read by this version \(fromTheFuture: unknown field\); declare it anew or delete it/;

    const [decision] = (await world.reconciler.tickNow()).configs;
    assert.match(decision!.reasons.map(({ text }) => text).join("\n"), fault);
    const other = agents({ name: "others" });
    await assert.rejects(
      world.broker.putDefinition({ kind: "autoscaleConfig", name: "others", doc: other, owner: tester }),
      (error) => error instanceof ConfigError && fault.test(error.message),
    );
  });

  it("of a workspace refuses requests for it for now, not for good", async () => {
    await damage(world, "workspace", "office", damages["a value that is not allowed any more"]!);

    await assert.rejects(
      request(world),
      (error) => error instanceof UnavailableError && /"office" can't be read/.test(error.message),
    );
  });

  it("can be deleted, with its nodes drained first, and keeps what it may refer to", async () => {
    await damage(world, "autoscaleConfig", "agents", damages["a field of a newer version"]!);

    await assert.rejects(
      world.broker.deleteDefinition({ kind: "zone", name: "eu", owner: tester }),
      (error) => error instanceof ConflictError && /autoscaleConfig "agents", which can't be read/.test(error.message),
    );
    await world.broker.deleteDefinition({ kind: "schedule", name: "always", owner: tester });
    const outcome = await world.broker.deleteDefinition({ kind: "autoscaleConfig", name: "agents", owner: tester });
    assert.equal(outcome.kind, "draining");
    for (const { sessionId } of [...world.state.sessions.values()]) await world.broker.releaseSession(sessionId);
    await world.clock.advance(hour);

    assert.deepEqual(world.nodesInCloud(), []);
    assert.equal(world.state.isDeclared("autoscaleConfig", "agents"), false);
    assert.equal(world.state.unreadable.size, 0);
  });

  it("never lets a repaired config take its nodes to another place", async () => {
    const { doc } = await damage(world, "autoscaleConfig", "agents", damages["a field of a newer version"]!);

    await assert.rejects(
      world.broker.putDefinition({
        kind: "autoscaleConfig",
        name: "agents",
        doc: { ...doc, zone: "us" },
        owner: tester,
      }),
      /can't change from "eu" while it has 2 nodes/,
    );
  });
});
