/** Which configs will be asked for a node soon; that updates are opened for them is shown in `executor/open-ahead`. */
import assert from "node:assert/strict";
import type { Session } from "../../runtime/model/state";
import { ComingDemand, recentMs, soonMs } from "../../runtime/reconciler/coming-demand";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import {
  agentConfigDoc,
  aNode,
  aSession,
  catalog,
  definitionChanges,
  poolDoc,
  scheduleDoc,
  someFailures,
  vmProviderDoc,
  workspaceDoc,
  type WorldDocs,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";

class Site {
  readonly state = new HotState();
  private readonly coming = new ComingDemand(catalog);

  constructor(docs: WorldDocs) {
    this.put(...definitionChanges(docs));
  }

  put(...changes: readonly Change[]): void {
    this.state.apply(changes);
  }

  queue(session: Partial<Session> = {}): void {
    this.put({ kind: "put", table: "session", row: aSession(session) });
  }

  /** Names of the configs and of the VM provider configs that their nodes would be made with. */
  at(nowMs: number): string[] {
    return this.coming
      .likelyNodes(this.state, nowMs)
      .map(({ spec }) => `${spec.autoscaleConfig} on ${spec.vmProvider}`)
      .sort();
  }
}

describe("coming demand", () => {
  it("is that of a config without nodes for which a session waits, for 15 minutes", () => {
    const site = new Site({ configs: [agentConfigDoc()] });
    assert.deepEqual(site.at(startMs), []);

    site.queue();

    assert.deepEqual(site.at(startMs), ["agents on vms"]);
    assert.deepEqual(site.at(startMs + recentMs - 1), ["agents on vms"]);
    assert.deepEqual(site.at(startMs + recentMs), []);
  });

  it("is that of the config which would make the session's node, and of no other", () => {
    const gpus = { name: "gpus", pool: "wide", gpusOverride: 1, coresOverride: 8, memoryOverride: "64GiB" };
    const site = new Site({
      pools: [poolDoc(), poolDoc({ name: "wide" })],
      configs: [agentConfigDoc({ name: "a" }), agentConfigDoc({ name: "b" }), agentConfigDoc(gpus)],
      workspaces: [workspaceDoc(), workspaceDoc({ name: "wide", pools: ["wide"] })],
    });
    site.queue();
    assert.deepEqual(site.at(startMs), ["a on vms"]);

    site.queue({ workspace: "wide", needs: { cores: 2, memoryBytes: 2 ** 31, gpus: 2 } });
    assert.deepEqual(site.at(startMs), ["a on vms"], "its nodes are too small");
    site.queue({ workspace: "gone" });
    assert.deepEqual(site.at(startMs), ["a on vms"]);
  });

  it("goes to the VM provider config that takes nodes, and is none when none does", () => {
    const site = new Site({
      vmProviders: [vmProviderDoc(), vmProviderDoc({ name: "spare" })],
      configs: [agentConfigDoc({ fallbackVmProviders: ["spare"] })],
    });
    site.queue();
    const refused = someFailures({ retryAtMs: startMs + 1 });
    site.put({ kind: "put", table: "configState", row: { autoscaleConfig: "agents", failures: { vms: refused } } });
    assert.deepEqual(site.at(startMs), ["agents on spare"]);

    const failures = { vms: refused, spare: refused };
    site.put({ kind: "put", table: "configState", row: { autoscaleConfig: "agents", failures } });
    assert.deepEqual(site.at(startMs), []);
    assert.deepEqual(site.at(startMs + 1), ["agents on vms"]);
  });

  for (const [what, config] of [
    ["is disabled", { enabled: false }],
    ["is drained", { drain: true }],
    ["has all the nodes that it may have", { maxNodes: 1 }],
  ] as const) {
    it(`is not that of a config that ${what}`, () => {
      const site = new Site({ configs: [agentConfigDoc(config)], schedules: [scheduleDoc({ start: "12:01" })] });
      site.put({ kind: "put", table: "node", row: aNode() });
      site.queue();
      for (const nowMs of [startMs, startMs + soonMs]) assert.deepEqual(site.at(nowMs), []);
    });
  }

  it("is that of a schedule which opens or has just opened, not of one that is open or closed for long", () => {
    const site = new Site({ configs: [agentConfigDoc()], schedules: [scheduleDoc({ start: "13:00", end: "13:20" })] });
    const opensMs = startMs + 3_600_000;
    for (const [atMs, expected] of [
      [opensMs - soonMs - 1, false],
      [opensMs - soonMs, true],
      [opensMs, true],
      [opensMs + recentMs - 1, true],
      [opensMs + recentMs, false],
      [opensMs + 20 * 60_000, false],
    ] as const) {
      assert.deepEqual(site.at(atMs), expected ? ["agents on vms"] : [], new Date(atMs).toISOString());
    }
  });

  it("ends with a schedule that closes within these 15 minutes", () => {
    const site = new Site({ configs: [agentConfigDoc()], schedules: [scheduleDoc({ start: "13:00", end: "13:05" })] });
    const opensMs = startMs + 3_600_000;
    assert.deepEqual(site.at(opensMs + 299_000), ["agents on vms"]);
    assert.deepEqual(site.at(opensMs + 300_000), []);
  });
});
