/** Long lists of nodes: small, in order, and whole over pages whatever happens meanwhile. */
import assert from "node:assert/strict";
import { nodeStatuses, type Node } from "../../runtime/model/state";
import { nodeListQuerySchema, nodeOrders, type NodeListView } from "../../runtime/api/node-list-contracts";
import { listNodes } from "../../runtime/api/node-list";
import { HotState } from "../../runtime/store/hot-state";
import { SeededRng } from "../support/virtual-clock";
import { Api, aNode } from "./harness";

const nowMs = Date.now();
const seed = Number(process.env["HEADROOM_SEED"] ?? nowMs % 1_000_000);

function someNode(index: number, rng: SeededRng): Node {
  const config = `agents-${rng.below(5)}`;
  return aNode({
    nodeId: `${config}-eu-central-${String(index).padStart(6, "0")}`,
    autoscaleConfig: config,
    status: nodeStatuses[rng.below(nodeStatuses.length)]!,
    createdAtMs: nowMs - rng.below(20) * 60_000,
    statusSinceMs: nowMs - rng.below(20) * 1_000,
    zone: rng.below(2) === 0 ? "eu" : "us",
  });
}

function stateOf(nodes: readonly Node[]): HotState {
  const state = new HotState();
  state.apply(nodes.map((row) => ({ kind: "put", table: "node", row })));
  return state;
}

function list(state: HotState, query: Record<string, unknown> = {}): NodeListView {
  return listNodes(nodeListQuerySchema.parse(query), state, nowMs);
}

describe("the list of nodes", () => {
  it("has 10,000 of them in far less than 1 MB", () => {
    const rng = new SeededRng(seed);
    const state = stateOf(Array.from({ length: 10_000 }, (_nothing, index) => someNode(index, rng)));

    const view = list(state, { limit: 10_000 });

    assert.equal(view.nodes.nodeId.length, 10_000);
    assert.equal(view.next, undefined);
    const bytes = JSON.stringify(view).length;
    assert.ok(bytes < 700_000, `${bytes} bytes`);
  });

  it(`is told page by page without leaving out or repeating a node, though others come and go (seed ${seed})`, () => {
    const rng = new SeededRng(seed);
    const nodes = Array.from({ length: 300 }, (_nothing, index) => someNode(index, rng));
    for (const sort of nodeOrders) {
      const state = stateOf(nodes);
      const seen: string[] = [];
      let page: string | undefined;
      const removed = new Set<string>();
      do {
        const view = list(state, { sort, limit: 1 + rng.below(40), ...(page === undefined ? {} : { page }) });
        seen.push(...view.nodes.nodeId);
        page = view.next;
        const gone = nodes[rng.below(nodes.length)]!.nodeId;
        if (!seen.includes(gone)) removed.add(gone);
        state.apply([{ kind: "delete", table: "node", id: gone }]);
      } while (page !== undefined);

      assert.equal(new Set(seen).size, seen.length, sort);
      for (const { nodeId } of nodes) assert.ok(seen.includes(nodeId) || removed.has(nodeId), `${sort}: ${nodeId}`);
      const whole = list(stateOf(nodes), { sort, limit: 10_000 }).nodes.nodeId;
      assert.deepEqual(
        seen,
        whole.filter((nodeId) => seen.includes(nodeId)),
        sort,
      );
    }
  });

  it(`is filtered as one would by hand, with counts that leave the statuses alone (seed ${seed})`, () => {
    const rng = new SeededRng(seed);
    const nodes = Array.from({ length: 200 }, (_nothing, index) => someNode(index, rng));
    const state = stateOf(nodes);
    const filters: [Record<string, string>, (node: Node) => boolean][] = [
      [{ config: "agents-1" }, (node) => node.autoscaleConfig === "agents-1"],
      [{ zone: "us", pool: "agents" }, (node) => node.zone === "us"],
      [{ lane: "lane-1", config: "agents-2" }, (node) => node.autoscaleConfig === "agents-2"],
      [{ vmProvider: "elsewhere" }, () => false],
      [{ text: "CENTRAL-00001" }, (node) => node.nodeId.includes("central-00001")],
    ];
    for (const [query, isWanted] of filters) {
      const view = list(state, { ...query, status: "running,failed", limit: 10_000 });
      const wanted = nodes.filter(isWanted);
      const listed = wanted.filter(({ status }) => status === "running" || status === "failed");
      assert.deepEqual([...view.nodes.nodeId].sort(), listed.map(({ nodeId }) => nodeId).sort(), JSON.stringify(query));
      assert.equal(view.total, listed.length);
      const counted = Object.values(view.counts).reduce((sum, count) => sum + count, 0);
      assert.equal(counted, wanted.length, JSON.stringify(query));
    }
  });

  it("begins with those that need somebody, and tells place, age, sessions and load of each", async () => {
    const api = await Api.start();
    try {
      await api.furnish();
      await api.client("broker").requestSession({ workspace: "office", userId: "ada" });
      const rows = [aNode({ nodeId: "sick", status: "failed" }), aNode({ nodeId: "new", status: "starting" })];
      await api.leader.ledger.commit(rows.map((row) => ({ kind: "put", table: "node", row })));

      const { body } = await api.request("/api/v1/node-list", { key: api.keys.viewer });

      const { nodes, places, statuses } = body as unknown as NodeListView;
      assert.deepEqual(nodes.nodeId, ["sick", "new", "node-1"]);
      assert.deepEqual(
        nodes.status.map((index) => statuses[index]),
        ["failed", "starting", "running"],
      );
      assert.deepEqual(places[nodes.place[2]!], { autoscaleConfig: "agents-eu", pool: "agents", zone: "eu" });
      assert.deepEqual(
        [nodes.sessions, nodes.loadPercent],
        [
          [0, 0, 1],
          [0, 0, 25],
        ],
      );
    } finally {
      await api.close();
    }
  });

  it("refuses a cursor that it never gave", async () => {
    const api = await Api.start();
    try {
      for (const page of ["abc", "W10", Buffer.from('["a",1,"x"]').toString("base64url"), "-", "a b"]) {
        const reply = await api.request(`/api/v1/node-list?page=${encodeURIComponent(page)}`, { key: api.keys.viewer });
        assert.deepEqual([reply.status, reply.body["path"]], [400, "page"], page);
      }
    } finally {
      await api.close();
    }
  });
});
