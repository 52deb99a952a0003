import assert from "node:assert/strict";
import type { DefinitionKind } from "../../runtime/model/config";
import {
  agentConfigDoc,
  poolDoc,
  scheduleDoc,
  serverConfigDoc,
  tester,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
  type AgentConfigDoc,
  type WorldDocs,
} from "../support/builders";
import { World } from "../reconciler/world";
import { assertRefused, check } from "./refused";

async function aWorld(docs: WorldDocs = {}): Promise<World> {
  const world = new World();
  await world.declare({ configs: [agentConfigDoc(), serverConfigDoc()], ...docs });
  return world;
}

const slots = (workspace: string, count = 1, doc: Partial<AgentConfigDoc> = {}) =>
  agentConfigDoc({ standbySlots: { workspace, count }, ...doc });

describe("definitions, standby slots", () => {
  const cases: { name: string; docs?: WorldDocs; kind: DefinitionKind; doc: object; path: string; message: RegExp }[] =
    [
      {
        name: "slots for a missing workspace",
        kind: "autoscaleConfig",
        doc: slots("nope"),
        path: "standbySlots.workspace",
        message: /"nope" is not a declared workspace; declared: desktop, office/,
      },
      {
        name: "slots for a desktop",
        kind: "autoscaleConfig",
        doc: slots("desktop"),
        path: "standbySlots.workspace",
        message: /of kind "desktop"; only kind "container" has slots/,
      },
      {
        name: "slots for a workspace of another pool",
        docs: {
          pools: [poolDoc(), poolDoc({ name: "servers", type: "server" }), poolDoc({ name: "lab" })],
          workspaces: [workspaceDoc({ pools: ["lab"] })],
        },
        kind: "autoscaleConfig",
        doc: slots("office"),
        path: "standbySlots.workspace",
        message: /runs only in pool lab/,
      },
      {
        name: "slots for a workspace of another zone",
        docs: { zones: [zoneDoc(), zoneDoc({ name: "us" })], workspaces: [workspaceDoc({ zones: ["us"] })] },
        kind: "autoscaleConfig",
        doc: slots("office"),
        path: "standbySlots.workspace",
        message: /runs only in zone us/,
      },
      {
        name: "slots for a workspace that does not fit a fallback's nodes",
        docs: { vmProviders: [vmProviderDoc(), vmProviderDoc({ name: "small", settings: { cores: 1 } })] },
        kind: "autoscaleConfig",
        doc: slots("office", 1, { fallbackVmProviders: ["small"] }),
        path: "standbySlots.workspace",
        message: /"office" needs 2 cores; a node .* on VM provider config "small" has 1/,
      },
      {
        name: "half a slot",
        kind: "autoscaleConfig",
        doc: slots("office", 0.5),
        path: "standbySlots.count",
        message: /got 0.5/,
      },
      {
        name: "a schedule's count of slots that the config does not have",
        kind: "schedule",
        doc: scheduleDoc({ standbySlots: 3 }),
        path: "standbySlots",
        message: /got 3; autoscale config "agents" has no standbySlots/,
      },
      {
        name: "a schedule's count of slots for servers",
        kind: "schedule",
        doc: scheduleDoc({ autoscaleConfig: "servers", standbySlots: 3 }),
        path: "standbySlots",
        message: /is of type "server", which has no standbySlots/,
      },
    ];
  for (const { name, docs, kind, doc, path, message } of cases) {
    it(`refuses ${name}, at preview and when declared`, async () => {
      await assertRefused(await aWorld(docs), { kind, doc, path, message });
    });
  }

  it("refuses a change or removal that would leave the slots without their workspace", async () => {
    const world = await aWorld();
    const doc = slots("office", 3);
    await world.broker.putDefinition({ kind: "autoscaleConfig", name: "agents", doc, owner: tester });

    const [misfit] = check(world, "workspace", workspaceDoc({ cores: 5 }));
    assert.equal(misfit!.path, "cores");
    assert.match(misfit!.message, /"agents" has standbySlots for it: workspace "office" needs 5 cores/);
    assert.equal(check(world, "workspace", workspaceDoc({ pools: ["servers"], kind: "desktop" }))[0]!.path, "kind");
    const [tooSmall] = check(world, "vmProviderConfig", vmProviderDoc({ settings: { cores: 1 } }));
    assert.match(tooSmall!.message, /"office" needs 2 cores; a node .* on VM provider config "vms" has 1/);
    const removal = { kind: "workspace", name: "office", owner: tester } as const;
    await assert.rejects(world.broker.deleteDefinition(removal), /autoscaleConfig "agents"/);
    assert.deepEqual(check(world, "schedule", scheduleDoc({ standbySlots: 3 })), [], "a window may replace the count");
  });
});
