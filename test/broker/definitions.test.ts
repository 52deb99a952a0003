import assert from "node:assert/strict";
import type { DefinitionKind } from "../../runtime/model/config";
import { ConflictError, NotFoundError } from "../../runtime/model/errors";
import {
  agentConfigDoc,
  aNode,
  aSession,
  desktopDoc,
  poolDoc,
  rowChanges,
  scheduleDoc,
  serverConfigDoc,
  tester,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
  type WorldDocs,
} from "../support/builders";
import { World } from "../reconciler/world";
import { assertRefused, check } from "./refused";

async function aWorld(docs: WorldDocs = {}): Promise<World> {
  const world = new World();
  await world.declare({ configs: [agentConfigDoc(), serverConfigDoc()], ...docs });
  return world;
}

describe("definitions, references", () => {
  const member = { name: "m1", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" };
  const script = (text: string) => ({ startupScript: { text } });
  const cases: { name: string; docs?: WorldDocs; kind: DefinitionKind; doc: object; path: string; message: RegExp }[] =
    [
      {
        name: "a missing pool",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ pool: "nope" }),
        path: "pool",
        message: /"nope" is not a declared pool; declared: agents, servers/,
      },
      {
        name: "a missing zone",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ zone: "nope" }),
        path: "zone",
        message: /declared: eu/,
      },
      {
        name: "a missing VM provider config",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ vmProvider: "nope" }),
        path: "vmProvider",
        message: /declared: vms/,
      },
      {
        name: "a missing fallback VM provider config",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ fallbackVmProviders: ["nope"] }),
        path: "fallbackVmProviders[0]",
        message: /"nope" is not a declared vmProviderConfig; declared: vms/,
      },
      {
        name: "a fallback that is the preferred VM provider config",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ fallbackVmProviders: ["vms"] }),
        path: "fallbackVmProviders[0]",
        message: /each VM provider config once/,
      },
      {
        name: "a fallback without what is wanted on standby",
        docs: {
          vmProviders: [vmProviderDoc({ settings: { cores: 4, gpus: 1 } }), vmProviderDoc({ name: "plain" })],
        },
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ standbyGpus: 1, fallbackVmProviders: ["plain"] }),
        path: "standbyGpus",
        message: /on VM provider config "plain" have no GPUs/,
      },
      {
        name: "a startup script that is too long for a fallback's cloud",
        docs: { vmProviders: [vmProviderDoc(), vmProviderDoc({ name: "other", kind: "aws" })] },
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ fallbackVmProviders: ["other"], startupScript: { text: "x".repeat(20_000), raw: true } }),
        path: "startupScript.text",
        message: /20000 bytes as sent.* VM provider config "other" \(aws\) takes at most 16384/,
      },
      {
        name: "a pre-warm without an age",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ rotatePreWarm: "10m" }),
        path: "rotatePreWarm",
        message: /only with maxNodeAge/,
      },
      {
        name: "a pre-warm that is as long as the age",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ maxNodeAge: "1h", rotatePreWarm: "1h" }),
        path: "rotatePreWarm",
        message: /shorter than maxNodeAge/,
      },
      {
        name: "a missing DNS provider config",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ registerDns: true, baseDomainName: "a.example", dnsProvider: "nope" }),
        path: "dnsProvider",
        message: /no dnsProviderConfig is declared/,
      },
      {
        name: "a config of another type than its pool",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ name: "x", pool: "servers" }),
        path: "type",
        message: /pool "servers" is of type "server"/,
      },
      {
        name: "K: standby GPUs on nodes without",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ standbyGpus: 1 }),
        path: "standbyGpus",
        message: /got 1; the nodes .* have no GPUs/,
      },
      {
        name: "a bad startup script",
        kind: "autoscaleConfig",
        doc: agentConfigDoc(script("a\n {nope}")),
        path: "startupScript.text",
        message: /line 2, column 2/,
      },
      {
        name: "a docker agent whose script does not use its token",
        kind: "autoscaleConfig",
        doc: agentConfigDoc(script("echo hello")),
        path: "startupScript.text",
        message: /a docker agent checks in only with \{manager_token\}/,
      },
      {
        name: "half of an account for KasmVNC",
        kind: "autoscaleConfig",
        doc: serverConfigDoc({ connectionType: "kasmvnc", connectionPassword: "x" }),
        path: "connectionUsername",
        message: /both connectionUsername and connectionPassword, or neither/,
      },
      {
        name: "a startup script that is too long",
        kind: "autoscaleConfig",
        doc: agentConfigDoc(script("x".repeat(20_000))),
        path: "startupScript.text",
        message: /20000 bytes as sent.* at most 16384/,
      },
      {
        name: "a schedule of no config",
        kind: "schedule",
        doc: scheduleDoc({ autoscaleConfig: "nope" }),
        path: "autoscaleConfig",
        message: /declared: agents, servers/,
      },
      {
        name: "a schedule with standby of the other type",
        kind: "schedule",
        doc: scheduleDoc({ autoscaleConfig: "servers", standbyCores: 2 }),
        path: "standbyCores",
        message: /is of type "server"/,
      },
      {
        name: "a schedule's floor above max nodes",
        docs: { configs: [agentConfigDoc({ maxNodes: 2 })], workspaces: [] },
        kind: "schedule",
        doc: scheduleDoc({ minNodes: 3 }),
        path: "minNodes",
        message: /at most maxNodes \(2\)/,
      },
      {
        name: "a workspace of a missing pool",
        kind: "workspace",
        doc: workspaceDoc({ pools: ["agents", "nope"] }),
        path: "pools[1]",
        message: /not a declared pool/,
      },
      {
        name: "a workspace of a missing zone",
        kind: "workspace",
        doc: workspaceDoc({ zones: ["nope"] }),
        path: "zones[0]",
        message: /not a declared zone/,
      },
      {
        name: "a container in a server pool",
        kind: "workspace",
        doc: workspaceDoc({ pools: ["servers"] }),
        path: "pools[0]",
        message: /runs kind "desktop"/,
      },
      {
        name: "a RemoteApp in a pool of docker agents",
        kind: "workspace",
        doc: workspaceDoc({ kind: "remoteApp" }),
        path: "pools[0]",
        message: /of type "dockerAgent", which runs kind "container"; this workspace is of kind "remoteApp"/,
      },
      {
        name: "a workspace that fits no node",
        kind: "workspace",
        doc: workspaceDoc({ cores: 5 }),
        path: "cores",
        message: /needs 5 cores; a node of autoscale config "agents" has 4/,
      },
      {
        name: "a workspace with too many GPUs",
        kind: "workspace",
        doc: workspaceDoc({ gpus: 1 }),
        path: "gpus",
        message: /needs 1 GPU/,
      },
      {
        name: "a config that leaves a workspace without a node",
        kind: "autoscaleConfig",
        doc: agentConfigDoc({ coresOverride: 1 }),
        path: "vmProvider",
        message: /workspace "office" would fit no node/,
      },
      {
        name: "a size that leaves a workspace without a node",
        kind: "vmProviderConfig",
        doc: vmProviderDoc({ settings: { cores: 1 } }),
        path: "settings",
        message: /workspace "office" would fit no node/,
      },
      {
        name: "two static members of one name",
        kind: "pool",
        doc: poolDoc({ staticMembers: [member, member] }),
        path: "staticMembers[1].name",
        message: /staticMembers\[0\]/,
      },
      {
        name: "a static member on the runtime's own machine",
        kind: "pool",
        doc: poolDoc({ staticMembers: [member, { ...member, name: "m2", address: "localhost:22" }] }),
        path: "staticMembers[1].address",
        message: /got "localhost:22", which is this machine itself; .* a zone with local: true/,
      },
      {
        name: "a static member at a cloud's metadata service",
        kind: "pool",
        doc: poolDoc({ staticMembers: [{ ...member, address: "169.254.169.254" }] }),
        path: "staticMembers[0].address",
        message: /which is link-local/,
      },
      {
        name: "a static member in a missing zone",
        kind: "pool",
        doc: poolDoc({ staticMembers: [{ ...member, zone: "nope" }] }),
        path: "staticMembers[0].zone",
        message: /not a declared zone/,
      },
      {
        name: "a pool that changes its type under a config",
        kind: "pool",
        doc: poolDoc({ type: "server" }),
        path: "type",
        message: /"agents" of this pool is of type "dockerAgent"/,
      },
    ];
  for (const { name, docs, kind, doc, path, message } of cases) {
    it(`refuses ${name}, at preview and when declared`, async () => {
      await assertRefused(await aWorld(docs), { kind, doc, path, message });
    });
  }

  it("takes a workspace whose pools' nodes are not known yet, or that fits one of several configs", async () => {
    const unknown = await aWorld({ vmProviders: [vmProviderDoc({ settings: {} })] });
    assert.deepEqual(check(unknown, "workspace", workspaceDoc({ cores: 99 })), []);
    const several = await aWorld({ configs: [agentConfigDoc(), agentConfigDoc({ name: "large", coresOverride: 64 })] });
    assert.deepEqual(check(several, "workspace", workspaceDoc({ cores: 50 })), []);
    assert.deepEqual(check(several, "autoscaleConfig", agentConfigDoc({ coresOverride: 1 })), []);
  });

  it("checks against documents of the same update that are not applied yet", async () => {
    const world = new World();
    const pending = [
      { kind: "zone" as const, doc: zoneDoc() },
      { kind: "pool" as const, doc: poolDoc() },
      { kind: "vmProviderConfig" as const, doc: vmProviderDoc() },
    ];
    assert.notDeepEqual(check(world, "autoscaleConfig", agentConfigDoc()), []);
    assert.deepEqual(check(world, "autoscaleConfig", agentConfigDoc(), pending), []);
    const withConfig = [...pending, { kind: "autoscaleConfig" as const, doc: agentConfigDoc() }];
    assert.equal(check(world, "workspace", workspaceDoc({ cores: 8 }), withConfig)[0]!.path, "cores");
    assert.deepEqual(world.state.definitions.size, 0);
  });

  it("names the other owner of a name, also among pending documents", async () => {
    const world = await aWorld();
    const request = { kind: "zone" as const, name: "eu", doc: zoneDoc(), owner: "someone else" };
    await assert.rejects(world.broker.putDefinition(request), /declared by tester already/);
    assert.match(world.broker.checkDefinition(request).problems[0]!.message, /declared by tester already/);
    const twice = { kind: "zone" as const, doc: zoneDoc({ name: "us" }), owner: "b" };
    assert.match(
      world.broker.checkDefinition({ ...twice, owner: "a", pending: [twice] }).problems[0]!.message,
      /declared by b too/,
    );
  });

  it("wants the name of the address in the document", async () => {
    const world = await aWorld();
    const request = { kind: "zone" as const, name: "other", doc: zoneDoc(), owner: tester };
    await assert.rejects(world.broker.putDefinition(request), /got "eu"; the address says "other"/);
  });
});

describe("definitions, removal", () => {
  const remove = (world: World, kind: DefinitionKind, name: string, owner = tester) =>
    world.broker.deleteDefinition({ kind, name, owner });

  it("refuses while others refer to it and says who", async () => {
    const world = await aWorld({ schedules: [scheduleDoc()] });
    const who: [DefinitionKind, string, RegExp][] = [
      ["zone", "eu", /autoscaleConfig "agents", autoscaleConfig "servers"/],
      ["pool", "agents", /autoscaleConfig "agents", workspace "office"/],
      ["vmProviderConfig", "vms", /autoscaleConfig "agents"/],
      ["autoscaleConfig", "agents", /schedule "office"/],
    ];
    for (const [kind, name, message] of who) {
      await assert.rejects(
        remove(world, kind, name),
        (error: Error) => error instanceof ConflictError && message.test(error.message),
      );
    }
  });

  it("refuses another owner and what does not exist", async () => {
    const world = await aWorld();
    await assert.rejects(remove(world, "workspace", "office", "someone else"), ConflictError);
    await assert.rejects(remove(world, "workspace", "nope"), NotFoundError);
  });

  it("removes what nobody uses, a config without nodes at once", async () => {
    const world = await aWorld();
    assert.deepEqual(await remove(world, "autoscaleConfig", "agents"), { kind: "gone" });
    assert.deepEqual(await remove(world, "workspace", "office"), { kind: "gone" });
    assert.deepEqual(await remove(world, "pool", "agents"), { kind: "gone" });
    assert.equal(world.state.pools.has("agents"), false);
  });

  it("keeps a session whose workspace is gone", async () => {
    const world = await aWorld();
    await world.ledger.commit(rowChanges({ nodes: [aNode()], sessions: [aSession({ sessionId: "s", nodeId: "n1" })] }));
    await remove(world, "workspace", "office");
    await world.reconciler.tickNow();
    assert.equal(world.state.sessions.get("s")!.status, "running");
  });

  it("a config that is declared again while it drains stays", async () => {
    const world = await aWorld();
    await world.ledger.commit(rowChanges({ nodes: [aNode()] }));
    await remove(world, "autoscaleConfig", "agents");
    await world.declare({ configs: [agentConfigDoc()] });
    await world.reconciler.tickNow();
    assert.equal(world.state.nodes.get("n1")!.status, "running");
  });

  it("a config with nodes can't move to another pool or zone", async () => {
    const world = await aWorld({ zones: [zoneDoc(), zoneDoc({ name: "us" })] });
    await world.ledger.commit(rowChanges({ nodes: [aNode()] }));
    assert.equal(check(world, "autoscaleConfig", agentConfigDoc({ zone: "us" }))[0]!.path, "zone");
  });

  it("keeps static members in step with their pool, and one with sessions in its pool", async () => {
    const member = (name: string) => ({ name, zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" });
    const pools = (names: string[]) => [
      poolDoc({ staticMembers: names.map(member) }),
      poolDoc({ name: "servers", type: "server" }),
    ];
    const world = await aWorld({ pools: pools(["a", "b"]), workspaces: [workspaceDoc(), desktopDoc()] });
    assert.deepEqual([...world.state.nodes.keys()].sort(), ["static:agents:a", "static:agents:b"]);

    await world.declare({ pools: pools(["b", "c"]), configs: [] });
    assert.deepEqual([...world.state.nodes.keys()].sort(), ["static:agents:b", "static:agents:c"]);

    await world.ledger.commit(rowChanges({ sessions: [aSession({ nodeId: "static:agents:b" })] }));
    await assert.rejects(world.declare({ pools: pools(["c"]), configs: [] }), /static:agents:b .* has 1 session/);
  });
});
