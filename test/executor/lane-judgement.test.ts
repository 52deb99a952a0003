/** What a lane makes of what it knows and of what it is told, one judgement at a time. */
import assert from "node:assert/strict";
import { concludeUpdate, trustedResult } from "../../runtime/executor/lane-changes";
import { withAccounts } from "../../runtime/executor/lane-accounts";
import { nextStep } from "../../runtime/executor/lane-work";
import type { PresentNode, RecoverRequest, UpdateRequest, UpdateResult } from "../../runtime/executor/node-updater";
import { Decisions } from "../../runtime/deciding/decisions";
import type { Account } from "../../runtime/model/accounts";
import { nodeStatuses, type DesiredNode, type Lane, type Node, type NodeStatus } from "../../runtime/model/state";
import { HotState } from "../../runtime/store/hot-state";
import { catalog } from "../support/builders";
import { SeededRng } from "../support/virtual-clock";

const nowMs = 1_000_000;
const lane: Lane = { laneId: "l", autoscaleConfig: "c", stack: "l", desiredRevision: 3, appliedRevision: 2 };

function specOf(nodeId: string): DesiredNode {
  const names = { zone: "z", pool: "p", autoscaleConfig: "c", vmProvider: "v", kind: "local" as const };
  return { nodeId, ...names, settings: {}, osType: "linux", startupScript: "" };
}

function nodeOf(nodeId: string, status: NodeStatus, address?: string): Node {
  return {
    ...{ nodeId, zone: "z", pool: "p", autoscaleConfig: "c", vmProvider: "v", laneId: "l", status },
    ...{ spec: specOf(nodeId), statusSinceMs: 0, createdAtMs: 0, readyWhen: "checkin" },
    ...{ provisionTimeoutSeconds: 60, missingTimeoutSeconds: 60, deadTimeoutSeconds: 60 },
    reason: { code: "test", text: "test", numbers: {} },
    ...(address === undefined ? {} : { address }),
  };
}

const presence = (...nodeIds: string[]) =>
  new Map(nodeIds.map((nodeId): [string, PresentNode] => [nodeId, { nodeId }]));
/** Their VM was made, and they have not been given up. */
const withVm: readonly NodeStatus[] = ["starting", "running", "missing", "draining"];

describe("what a lane takes for true", () => {
  it("asks the cloud before anything else when nothing is known, an update is open, or a VM is missing", () => {
    const running = [nodeOf("a", "running", "10.0.0.1"), nodeOf("b", "running", "10.0.0.2")];
    const kindOf = (nodes: Node[], present: ReturnType<typeof presence> | undefined, over: Partial<Lane> = {}) =>
      nextStep({ ...lane, ...over }, nodes, present).kind;

    assert.equal(kindOf(running, undefined), "recover");
    assert.equal(kindOf([nodeOf("a", "destroying")], undefined), "recover");
    assert.equal(kindOf([], undefined), "recover");
    assert.equal(kindOf(running, presence("a", "b"), { openRevision: 3 }), "recover");
    assert.equal(kindOf([...running, nodeOf("x", "requested")], presence("a")), "recover");
    for (const status of nodeStatuses) {
      const step = kindOf([nodeOf("a", status, "10.0.0.1"), nodeOf("b", "requested")], presence());
      assert.equal(step === "recover", withVm.includes(status), status);
      const remnant = new Map([["a", { nodeId: "a", isRemnant: true }]]);
      assert.equal(kindOf([nodeOf("a", status, "10.0.0.1")], remnant) === "recover", withVm.includes(status), status);
    }
    assert.equal(kindOf([nodeOf("x", "requested")], undefined, { appliedRevision: 0 }), "update");
  });

  it("does not trust an update that ended without what it was to leave alone, or has made", () => {
    const nodes = ["a", "b", "new"].map(specOf);
    const request: UpdateRequest = {
      ...{ laneId: "l", stack: "l", revision: 3, epoch: 1, accounts: {}, nodes, creates: ["new"], deletes: ["old"] },
    };
    const ended = (present: PresentNode[], outcome: UpdateResult["outcome"], made: string[] = []) => {
      const result: UpdateResult = { laneId: "l", revision: 3, outcome, present };
      return trustedResult({ kind: "update", request, result, made: new Set(made) });
    };

    for (const outcome of ["succeeded", "failed"] as const) {
      assert.equal(ended([{ nodeId: "b" }, { nodeId: "new" }], outcome).present, undefined);
      assert.equal(ended([{ nodeId: "a", isRemnant: true }, { nodeId: "b" }], outcome).present, undefined);
      assert.equal(ended([], outcome).present, undefined);
      assert.equal(ended([{ nodeId: "a" }, { nodeId: "b" }], outcome).present?.length, 2);
      assert.equal(ended([{ nodeId: "a" }, { nodeId: "b" }, { nodeId: "old" }], outcome).present?.length, 3);
      const all = [{ nodeId: "a" }, { nodeId: "b" }, { nodeId: "new" }];
      assert.equal(ended(all, outcome, ["new"]).present?.length, 3);
      assert.equal(ended(all.slice(0, 2), outcome, ["new"]).present, undefined, "what it has made is not there");
      assert.equal(ended([], outcome, ["new"]).present, undefined);
    }
  });

  it("tells in one entry of the journal when an update began and how it ended", () => {
    const state = new HotState();
    const open: Lane = { ...lane, openRevision: 3, openSinceMs: nowMs - 5_000 };
    state.apply([{ kind: "put", table: "lane", row: open }]);
    const clock = { now: () => nowMs, after: () => () => undefined };
    const decisions = new Decisions({ ledger: { state }, clock, rng: new SeededRng(1), catalog });
    const request: UpdateRequest = {
      ...{ laneId: "l", stack: "l", revision: 3, epoch: 1, accounts: {}, nodes: [], creates: [], deletes: ["old"] },
    };
    for (const [told, event, outcome] of [
      [{ outcome: "succeeded" }, "updated", "succeeded"],
      [{ outcome: "failed", message: "error: no quota" }, "updated", "failed"],
    ] as const) {
      const context = decisions.begin();
      const result: UpdateResult = { laneId: "l", revision: 3, present: [], ...told };
      concludeUpdate(context, open, { kind: "update", request, result, made: new Set() });
      const entries = context.draft.changes.flatMap((change) => (change.kind === "decision" ? [change.decision] : []));
      const ends = entries.filter(({ reason }) => reason.code === "updateEnded");
      assert.equal(ends.length, 1);
      const { numbers } = ends[0]!.reason;
      assert.deepEqual([ends[0]!.event, numbers["outcome"], numbers["deletes"]], [event, outcome, 1]);
      assert.deepEqual([numbers["startedAtMs"], ends[0]!.atMs], [nowMs - 5_000, nowMs]);
    }
  });

  it("gives a node up only when the cloud has said that it has no VM of it", () => {
    for (const status of nodeStatuses) {
      const state = new HotState();
      const node = nodeOf("a", status, "10.0.0.1");
      state.apply([
        { kind: "put", table: "lane", row: lane },
        { kind: "put", table: "node", row: node },
      ]);
      const clock = { now: () => nowMs, after: () => () => undefined };
      const decisions = new Decisions({ ledger: { state }, clock, rng: new SeededRng(1), catalog });
      const nodes = [specOf("a")];
      const request: RecoverRequest = {
        ...{ laneId: "l", stack: "l", revision: 3, epoch: 1, accounts: {}, nodes, known: {} },
      };
      const after = (told: Partial<UpdateResult>) => {
        const result: UpdateResult = { laneId: "l", revision: 3, outcome: "succeeded", present: [], ...told };
        const context = decisions.begin();
        concludeUpdate(context, lane, { kind: "recover", request, result });
        const { changes } = context.draft;
        if (changes.some((change) => change.kind === "delete" && change.table === "node")) return "gone";
        const row = changes.find((change) => change.kind === "put" && change.table === "node");
        return row?.kind === "put" && row.table === "node" ? row.row.status : status;
      };

      // Not told of at all: nothing is known.
      assert.equal(after({}), status);
      const lost = withVm.includes(status) ? "dead" : status === "destroying" ? "gone" : undefined;
      if (lost !== undefined) assert.equal(after({ absent: ["a"] }), lost, status);
      assert.equal(after({ present: [{ nodeId: "a", address: "10.0.0.1" }] }), status);
    }
  });

  it("has the accounts of nodes that leave, also when nothing else is left in the lane", () => {
    const state = new HotState();
    const account = (accountId: string, key: string): Account => ({
      ...{ accountId, service: "vm", kind: "local", definition: "v", identity: {}, isCurrent: true, updatedAtMs: 0 },
      settings: { key },
    });
    const inAccount = (nodeId: string, accountId: string): Node => ({
      ...nodeOf(nodeId, "destroying", "10.0.0.1"),
      spec: { ...specOf(nodeId), account: accountId },
    });
    const [old, other] = [inAccount("a", "one"), inAccount("b", "two")];
    state.apply([
      { kind: "put", table: "account", row: account("one", "k1") },
      { kind: "put", table: "account", row: account("two", "k2") },
    ]);
    const keys = (nodes: Node[], asked: DesiredNode[]) =>
      Object.entries(withAccounts(state, nodes, asked).accounts).map(([id, { settings }]) => [id, settings["key"]]);

    assert.deepEqual(keys([old], []), [["one", "k1"]]);
    assert.deepEqual(keys([old, other], [other.spec!]).sort(), [
      ["one", "k1"],
      ["two", "k2"],
    ]);
    state.apply([{ kind: "put", table: "account", row: account("one", "renewed") }]);
    assert.deepEqual(keys([old], []), [["one", "renewed"]]);
  });
});
