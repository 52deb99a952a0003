import assert from "node:assert/strict";
import type { DefinitionKind } from "../../runtime/model/config";
import { ConflictError } from "../../runtime/model/errors";
import {
  agentConfigDoc,
  desktopDoc,
  poolDoc,
  serverConfigDoc,
  stagingDoc,
  tester,
  workspaceDoc,
  zoneDoc,
} from "../support/builders";
import { World } from "../reconciler/world";
import { assertRefused, check } from "./refused";

/** Zones eu and us, agents in both, a pool `others` that `office` may not use; `offices` staged in eu. */
async function aWorld(): Promise<World> {
  const world = new World();
  await world.declare({
    zones: [zoneDoc(), zoneDoc({ name: "us" })],
    pools: [poolDoc(), poolDoc({ name: "others" }), poolDoc({ name: "servers", type: "server" })],
    configs: [
      agentConfigDoc(),
      agentConfigDoc({ name: "over-there", zone: "us" }),
      agentConfigDoc({ name: "others", pool: "others" }),
      serverConfigDoc(),
    ],
    workspaces: [
      workspaceDoc(),
      workspaceDoc({ name: "local", zones: ["us"] }),
      workspaceDoc({ name: "anywhere", pools: ["agents", "others"] }),
      desktopDoc(),
    ],
    staging: [stagingDoc({ autoscaleConfig: "agents" })],
  });
  return world;
}

describe("staging configs", () => {
  const cases: { name: string; kind?: DefinitionKind; doc: object; path: string; message: RegExp }[] = [
    { name: "a missing zone", doc: stagingDoc({ zone: "nope" }), path: "zone", message: /declared: eu, us/ },
    { name: "a missing workspace", doc: stagingDoc({ workspace: "nope" }), path: "workspace", message: /declared: / },
    { name: "a missing pool", doc: stagingDoc({ pool: "nope" }), path: "pool", message: /not a declared pool/ },
    {
      name: "a missing autoscale config",
      doc: stagingDoc({ autoscaleConfig: "nope" }),
      path: "autoscaleConfig",
      message: /not a declared autoscaleConfig/,
    },
    {
      name: "a workspace that is no container",
      doc: stagingDoc({ workspace: "desktop" }),
      path: "workspace",
      message: /of kind "desktop"; only kind "container" can be staged/,
    },
    {
      name: "a zone that the workspace may not use",
      doc: stagingDoc({ workspace: "local" }),
      path: "zone",
      message: /"local" runs only in us/,
    },
    {
      name: "a pool that the workspace may not use",
      doc: stagingDoc({ pool: "others" }),
      path: "pool",
      message: /runs only in pool agents/,
    },
    {
      name: "an autoscale config of another zone",
      doc: stagingDoc({ autoscaleConfig: "over-there" }),
      path: "autoscaleConfig",
      message: /in zone "us", not in "eu"/,
    },
    {
      name: "an autoscale config of another pool",
      doc: stagingDoc({ autoscaleConfig: "others" }),
      path: "autoscaleConfig",
      message: /of pool "others"; .* only in pool agents/,
    },
    {
      name: "another pool than that of its autoscale config",
      doc: stagingDoc({ workspace: "anywhere", pool: "others", autoscaleConfig: "agents" }),
      path: "pool",
      message: /got "others"; autoscale config "agents" makes nodes of pool "agents": name that one, or leave it out/,
    },
    { name: "an expiration below a minute", doc: stagingDoc({ expiration: "5s" }), path: "expiration", message: /1m/ },
    {
      name: "a permission that does not exist",
      doc: { ...stagingDoc(), permissions: { flying: true } },
      path: "permissions.flying",
      message: /unknown field/,
    },
    {
      name: "a staged workspace that leaves the zone",
      kind: "workspace",
      doc: workspaceDoc({ zones: ["us"] }),
      path: "zones",
      message: /staging config "offices" stages it/,
    },
  ];
  for (const { name, kind = "stagingConfig", doc, path, message } of cases) {
    it(`refuse ${name}, at preview and when declared`, async () => {
      await assertRefused(await aWorld(), { kind, doc, path, message });
    });
  }

  it("take pool and autoscale config together when they agree", async () => {
    const world = await aWorld();
    const doc = stagingDoc({ pool: "agents", autoscaleConfig: "agents" });

    assert.deepEqual(check(world, "stagingConfig", doc), []);
    await world.broker.putDefinition({ kind: "stagingConfig", name: "offices", doc, owner: tester });
    assert.equal(world.state.stagingConfigs.get("offices")!.pool, "agents");
  });

  it("keep what they name from being removed", async () => {
    const world = await aWorld();
    const remove = (kind: DefinitionKind, name: string) => world.broker.deleteDefinition({ kind, name, owner: tester });
    for (const [kind, name] of [
      ["zone", "eu"],
      ["workspace", "office"],
      ["autoscaleConfig", "agents"],
    ] as const) {
      await assert.rejects(
        remove(kind, name),
        (error) => error instanceof ConflictError && error.message.includes('stagingConfig "offices"'),
      );
    }
    assert.deepEqual(await remove("stagingConfig", "offices"), { kind: "gone" });
    assert.deepEqual(await remove("workspace", "office"), { kind: "gone" });
  });

  it("fill in what is left out: a day until they expire, and the usual permissions", async () => {
    const world = await aWorld();
    const { expiration, permissions, sessions } = world.state.stagingConfigs.get("offices")!;

    assert.deepEqual([expiration, sessions], [86_400, 2]);
    const granted = Object.entries(permissions).filter(([, isGranted]) => isGranted);
    assert.deepEqual(granted.map(([name]) => name).sort(), [
      "audio",
      "clipboardDown",
      "clipboardUp",
      "downloads",
      "uploads",
    ]);
  });
});
