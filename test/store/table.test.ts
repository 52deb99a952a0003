/** Every index of the live state tells at any moment what a look at all rows would tell. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { byRequest } from "../../runtime/model/queue-order";
import { sessionStatuses, type Node, type Session } from "../../runtime/model/state";
import { usageOf } from "../../runtime/model/usage";
import type { Change } from "../../runtime/model/changes";
import { HotState } from "../../runtime/store/hot-state";
import { anAccount, aLane, aNode, aSession } from "./rows";

const name = (prefix: string, max = 3) => fc.integer({ min: 0, max }).map((number) => `${prefix}${number}`);

/** A node that is in no group but that of its place. */
const grouped = ["autoscaleConfig", "vmProvider", "laneId", "vmId"];
const bareNode = Object.fromEntries(
  Object.entries(aNode()).filter(([field]) => !grouped.includes(field)),
) as unknown as Node;

const nodes = fc
  .record(
    {
      nodeId: name("n", 6),
      pool: name("p", 1),
      zone: name("z", 1),
      autoscaleConfig: name("c"),
      vmProvider: name("v"),
      laneId: name("l"),
      vmId: name("i"),
    },
    { requiredKeys: ["nodeId", "pool", "zone"] },
  )
  .map((over): Change => ({ kind: "put", table: "node", row: { ...bareNode, ...over } }));

const sessions = fc
  .record({
    sessionId: name("s", 8),
    status: fc.constantFrom(...sessionStatuses),
    nodeId: fc.option(name("n", 6), { nil: undefined }),
    requestedAtMs: fc.integer({ min: 0, max: 2 }),
    sequence: fc.integer({ min: 0, max: 50 }),
    stagingConfig: fc.option(name("g"), { nil: undefined }),
    kept: fc.uniqueArray(name("n", 6), { maxLength: 2 }),
  })
  .map(({ nodeId, stagingConfig, kept, ...over }): Change => {
    const row: Session = {
      ...aSession(),
      ...over,
      ...(nodeId === undefined || over.status === "queued" ? {} : { nodeId }),
      ...(stagingConfig === undefined ? {} : { stagingConfig }),
      ...(kept.length === 0 ? {} : { reservation: { sinceMs: 0, nodeIds: kept } }),
    };
    return { kind: "put", table: "session", row };
  });

const others = fc.oneof(
  fc
    .record({ laneId: name("l"), autoscaleConfig: name("c") })
    .map((over): Change => ({ kind: "put", table: "lane", row: { ...aLane(), ...over } })),
  fc
    .record({ accountId: name("a"), definition: name("v", 1), isCurrent: fc.boolean() })
    .map((over): Change => ({ kind: "put", table: "account", row: { ...anAccount(), ...over } })),
);

const deletes = fc.oneof(
  name("n", 6).map((id): Change => ({ kind: "delete", table: "node", id })),
  name("s", 8).map((id): Change => ({ kind: "delete", table: "session", id })),
  name("l").map((id): Change => ({ kind: "delete", table: "lane", id })),
  name("a").map((id): Change => ({ kind: "delete", table: "account", id })),
);

const ids = (prefix: string, max: number) => Array.from({ length: max + 1 }, (_, index) => `${prefix}${index}`);
const sortedKeys = (rows: ReadonlyMap<string, unknown>) => [...rows.keys()].sort();

function idsWhere<Row>(rows: ReadonlyMap<string, Row>, holds: (row: Row) => boolean): string[] {
  return [...rows].flatMap(([id, row]) => (holds(row) ? [id] : [])).sort();
}

function check(state: HotState): void {
  const nodesWhere = (holds: (node: Node) => boolean) => idsWhere(state.nodes, holds);
  for (const pool of ids("p", 1)) {
    for (const zone of ids("z", 1)) {
      const expected = nodesWhere((node) => node.pool === pool && node.zone === zone);
      assert.deepEqual(sortedKeys(state.nodesIn(pool, zone)), expected);
    }
  }
  for (const config of ids("c", 3)) {
    const expected = nodesWhere((node) => node.autoscaleConfig === config);
    assert.deepEqual(sortedKeys(state.nodesOfConfig(config)), expected);
    assert.equal([...state.configsWithNodes()].includes(config), expected.length > 0);
    const lanes = idsWhere(state.lanes, (lane) => lane.autoscaleConfig === config);
    assert.deepEqual(sortedKeys(state.lanesOfConfig(config)), lanes);
  }
  for (const lane of ids("l", 3)) {
    assert.deepEqual(
      sortedKeys(state.nodesOfLane(lane)),
      nodesWhere(({ laneId }) => laneId === lane),
    );
  }
  for (const vmProvider of ids("v", 3)) {
    assert.equal(state.instancesOf(vmProvider), nodesWhere((node) => node.vmProvider === vmProvider).length);
  }
  checkSessions(state);
  for (const node of state.nodes.values()) assert.equal(state.nodesIn(node.pool, node.zone).get(node.nodeId), node);
}

function checkSessions(state: HotState): void {
  const all = [...state.sessions.values()];
  assert.deepEqual(state.queue(), all.filter(({ status }) => status === "queued").sort(byRequest));
  assert.ok(all.every(({ status }) => status !== "ended"));
  assert.deepEqual(
    sortedKeys(state.assigned),
    idsWhere(state.sessions, ({ status }) => status === "assigned"),
  );
  for (const nodeId of ids("n", 6)) {
    const onNode = all.filter((session) => session.nodeId === nodeId);
    assert.deepEqual(sortedKeys(state.sessionsOf(nodeId)), onNode.map(({ sessionId }) => sessionId).sort());
    assert.deepEqual(state.usage(nodeId), usageOf(onNode));
    const keeper = state.reservations.get(nodeId);
    const keepers = all.filter(
      ({ status, reservation }) => status === "queued" && reservation?.nodeIds.includes(nodeId),
    );
    assert.ok(keeper === undefined || keepers.includes(keeper));
  }
  for (const stagingConfig of ids("g", 3)) {
    const staged = all.filter((session) => session.status === "staged" && session.stagingConfig === stagingConfig);
    assert.equal(state.staged.get(stagingConfig)?.size ?? 0, staged.length);
  }
}

describe("indexes of the live state", () => {
  it("tell what a look at all rows would tell, after any changes", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(nodes, sessions, others, deletes), { maxLength: 60 }), (changes) => {
        const state = new HotState();
        for (const change of changes) {
          state.apply([change]);
          check(state);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("know the node of a VM and the account of a definition, also after others took their place", () => {
    const state = new HotState();
    const put = (nodeId: string, vmId: string): void =>
      state.apply([{ kind: "put", table: "node", row: { ...aNode(), nodeId, vmId } }]);
    put("n1", "i-1");
    put("n2", "i-2");
    put("n1", "i-3");
    assert.deepEqual(
      ["i-1", "i-2", "i-3"].map((vmId) => state.nodeOfVm(vmId)?.nodeId),
      [undefined, "n2", "n1"],
    );

    const account = (accountId: string, isCurrent: boolean): Change => ({
      kind: "put",
      table: "account",
      row: { ...anAccount(), accountId, isCurrent },
    });
    const { service, definition } = anAccount();
    state.apply([account("a1", true), account("a2", true), account("a1", false)]);
    assert.equal(state.accountOf(service, definition)?.accountId, "a2");
    state.apply([{ kind: "delete", table: "account", id: "a2" }]);
    assert.equal(state.accountOf(service, definition), undefined);
  });

  it("keep the rows of a table and of its groups in the order in which they came", () => {
    const state = new HotState();
    for (const nodeId of ["n3", "n1", "n2"]) state.apply([{ kind: "put", table: "node", row: { ...aNode(), nodeId } }]);
    state.apply([{ kind: "put", table: "node", row: { ...aNode(), nodeId: "n1", vmId: "i-9", status: "draining" } }]);
    const { pool, zone } = aNode();

    assert.deepEqual([...state.nodes.keys()], ["n3", "n1", "n2"]);
    assert.deepEqual([...state.nodesIn(pool, zone).keys()], ["n3", "n1", "n2"]);
  });
});
