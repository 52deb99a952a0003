import assert from "node:assert/strict";
import { classifyFailure, isOutcomeUnknown } from "../../runtime/executor/failure-class";
import { PassphraseCrypter } from "../../runtime/executor/passphrase";
import {
  addFound,
  computerRecordType,
  judgeAbsence,
  lackedNodes,
  nodeComponentType,
  nodeUrn,
  presentNodes,
  settlePending,
  untouchedUrns,
  vmUrn,
  type Deployment,
} from "../../runtime/executor/stack-state";
import { aNode } from "./bench";
import type { ToyWorld } from "../engine/toy-world";

const project = "headroom-nodes";
const stack = "l1";
const vmType = "toy:index:Thing";
const component = (nodeId: string, outputs: Record<string, unknown> = {}) => ({
  urn: nodeUrn(stack, project, nodeId),
  type: nodeComponentType,
  custom: false,
  outputs,
});
const vm = (nodeId: string, id?: string) => ({
  urn: vmUrn({ stack, project, nodeId, vmType }),
  type: vmType,
  custom: true,
  ...(id === undefined ? {} : { id }),
  inputs: { size: "small" },
  parent: nodeUrn(stack, project, nodeId),
});

describe("state of a lane's stack", () => {
  it("counts a node as present when something real of it exists, and tells remnants from VMs", () => {
    const deployment: Deployment = {
      resources: [
        component("a", { address: "10.0.0.1", dnsName: "a.test" }),
        vm("a", "i-1"),
        component("b"),
        component("c"),
        vm("c", "i-3"),
        component("d"),
        { ...vm("d", "r-4"), urn: `${vm("d").urn}-dns` },
        component("e"),
        { ...vm("e", "i-5"), delete: true },
      ],
    };

    assert.deepEqual(presentNodes(deployment), [
      { nodeId: "a", address: "10.0.0.1", vmId: "i-1", dnsName: "a.test" },
      { nodeId: "c", vmId: "i-3" },
      { nodeId: "d", isRemnant: true },
      { nodeId: "e", isRemnant: true },
    ]);
    assert.deepEqual(presentNodes(undefined), []);
  });

  it("lacks what is to stay and has no VM, and what is to be deleted and is not there at all", () => {
    const deployment: Deployment = {
      resources: [
        ...["a", "b"].flatMap((nodeId) => [component(nodeId), vm(nodeId, `i-${nodeId}`)]),
        ...["c", "d"].map((nodeId) => ({ ...vm(nodeId, "r-1"), urn: `${vm(nodeId).urn}-dns` })),
        ...["c", "d"].map((nodeId) => component(nodeId)),
      ],
    };
    const lacked = (nodes: string[], creates: string[], deletes: string[]) =>
      lackedNodes(deployment, {
        ...{ laneId: "l", stack, revision: 1, epoch: 1, accounts: {}, creates, deletes },
        nodes: nodes.map((nodeId) => aNode(nodeId, { folder: "w" } as ToyWorld)),
      });

    assert.deepEqual(lacked(["a", "b"], [], []), []);
    assert.deepEqual(lacked(["a", "x"], ["x"], ["b"]), []);
    assert.deepEqual(lacked(["a", "x", "c"], [], []), ["x", "c"]);
    assert.deepEqual(lacked(["a", "c"], ["c"], ["d"]), []);
    assert.deepEqual(lacked([], [], ["a", "y"]), ["y"]);
    assert.deepEqual(lacked([], [], []), []);
  });

  it("leaves alone what belongs to other nodes, with the Pulumi providers that only they use", () => {
    const provider = (name: string) => ({
      ...{ urn: `urn:pulumi:${stack}::${project}::pulumi:providers:toy::${name}`, type: "pulumi:providers:toy" },
      ...{ custom: true, id: name },
    });
    const usedBy = (nodeId: string, name: string) => ({
      ...vm(nodeId, "i"),
      provider: `${provider(name).urn}::${name}`,
    });
    const deployment: Deployment = {
      resources: [
        ...["shared", "theirs", "declared"].map(provider),
        ...["a", "b", "c", "d"].map((nodeId) => component(nodeId)),
        ...[usedBy("a", "shared"), usedBy("b", "shared"), usedBy("c", "theirs"), usedBy("d", "declared")],
      ],
    };
    const untouched = (...touched: string[]) =>
      untouchedUrns(deployment, new Set(touched), new Set(["declared"])).sort();
    const all = (...nodeIds: string[]) => nodeIds.flatMap((nodeId) => [component(nodeId).urn, vm(nodeId).urn]);

    assert.deepEqual(untouched("a", "b", "c", "d"), []);
    assert.deepEqual(untouched("a", "c", "d"), all("b").sort());
    assert.deepEqual(untouched("a", "b"), [...all("c", "d"), provider("theirs").urn].sort());
    assert.deepEqual(
      untouched(),
      [...all("a", "b", "c", "d"), ...["shared", "theirs"].map((n) => provider(n).urn)].sort(),
    );
  });

  it("takes a node for absent only when the cloud was asked for it", () => {
    const nodes = ["a", "b", "c", "d"].map((nodeId) => aNode(nodeId, { folder: "w" } as ToyWorld));
    const present = [{ nodeId: "a" }, { nodeId: "b", isRemnant: true }];

    assert.deepEqual(judgeAbsence(nodes, present, ["b", "c", "d"]), { absent: ["b", "c", "d"], unasked: [] });
    assert.deepEqual(judgeAbsence(nodes, present, ["a", "d"]), { absent: ["d"], unasked: ["b", "c"] });
    assert.deepEqual(judgeAbsence([], present, []), { absent: [], unasked: [] });
  });

  it("moves a found pending create into the resources with its inputs, and drops the others", () => {
    const deployment: Deployment = {
      manifest: { version: "v3" },
      resources: [component("a"), component("b")],
      pending_operations: [
        { resource: vm("a"), type: "creating" },
        { resource: vm("b"), type: "creating" },
      ],
    };

    const settled = settlePending(deployment, [{ urn: vm("a").urn, id: "i-7" }]);

    assert.deepEqual(settled.adopted, [vm("a").urn]);
    assert.equal(settled.deployment.pending_operations, undefined);
    assert.deepEqual(settled.deployment["manifest"], { version: "v3" });
    assert.deepEqual(settled.deployment.resources?.at(-1), { ...vm("a"), id: "i-7", outputs: {} });
  });

  it("does not adopt what the state has already", () => {
    const deployment: Deployment = {
      resources: [component("a"), vm("a", "i-1")],
      pending_operations: [{ resource: vm("a"), type: "creating" }],
    };

    assert.deepEqual(settlePending(deployment, [{ urn: vm("a").urn, id: "i-1" }]).adopted, []);
  });

  it("adds a found VM under its component and Pulumi provider, and refuses when they are missing", () => {
    const provider = {
      urn: `urn:pulumi:l1::${project}::pulumi:providers:toy::local-1`,
      type: "pulumi:providers:toy",
      custom: true,
      id: "uuid",
    };
    const found = {
      urn: vm("a").urn,
      id: "i-9",
      type: vmType,
      inputs: {},
      parent: component("a").urn,
      providerName: "local-1",
    };

    const added = addFound({ resources: [provider, component("a")] }, [found]);

    assert.equal(added.resources?.at(-1)?.provider, `${provider.urn}::uuid`);
    assert.throws(() => addFound({ resources: [component("a")] }, [found]), /the state lacks local-1/);
  });

  it("keeps a computer record whose making has no known end, so that it is looked after and never forgotten", () => {
    const urn = `${nodeUrn(stack, project, "n-1")}-computer`;
    const record = {
      ...{ urn, type: computerRecordType, custom: true, parent: nodeUrn(stack, project, "n-1") },
      inputs: { nodeId: "n-1", computerOu: "OU=a" },
    };
    const settled = (operation: string, resources: Deployment["resources"] = [component("n-1")]) =>
      settlePending({ resources, pending_operations: [{ resource: record, type: operation }] }, []).deployment;

    const { resources, pending_operations: pending } = settled("creating");
    assert.deepEqual(resources, [component("n-1"), { ...record, id: "n-1", inputs: {}, outputs: record.inputs }]);
    assert.equal(pending, undefined);
    const known = [component("n-1"), { ...record, id: "n-1" }];
    for (const operation of ["creating", "deleting", "updating"]) {
      assert.deepEqual(settled(operation, known).resources, known, operation);
    }
    assert.deepEqual(settled("deleting").resources, [component("n-1")]);
  });
});

describe("class of a failed create", () => {
  const cases: [string, string][] = [
    ["api error InsufficientInstanceCapacity: no room", "CAPACITY"],
    ["StatusCode: 500, Out of host capacity.", "CAPACITY"],
    ["ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS", "CAPACITY"],
    ['Code="ZonalAllocationFailed" Message="..."', "CAPACITY"],
    ["No valid host was found. There are not enough hosts available.", "CAPACITY"],
    ["api error VcpuLimitExceeded: You have requested more vCPU capacity than your limit", "QUOTA"],
    ["Quota 'CPUS' exceeded. QUOTA_EXCEEDED", "QUOTA"],
    ["Operation results in exceeding approved standardDv3 Cores quota", "QUOTA"],
    ["creating this/these droplet(s) will exceed your droplet limit", "QUOTA"],
    ['pods "x" is forbidden: exceeded quota: compute', "QUOTA"],
    ["api error RequestLimitExceeded: Request limit exceeded.", "TRANSIENT"],
    ["HTTP 503 Service Unavailable", "TRANSIENT"],
    ["api error UnauthorizedOperation: You are not authorized", "CONFIG"],
    ["InvalidAMIID.NotFound: The image id does not exist", "CONFIG"],
    ["something nobody has seen before", "TRANSIENT"],
  ];
  for (const [message, expected] of cases) {
    it(`${expected}: ${message}`, () => assert.equal(classifyFailure(message), expected));
  }

  for (const [name, others] of [
    ["Unavailable", "CONFIG"],
    ["quota exceeded", "CONFIG"],
    ["VcpuLimitExceeded", "CONFIG"],
    ["no capacity", "CONFIG"],
  ] as const) {
    it(`does not come from what somebody has named ${name}`, () => {
      for (const quote of ['"', "'", "`"]) {
        const quoted = `${quote}${name}${quote}`;
        assert.equal(
          classifyFailure(`image ${quoted} can't be used: api error InvalidParameterValue: ${quoted}`),
          others,
        );
        assert.equal(classifyFailure(`image=${quoted} (${quoted}): something nobody has seen before`), "TRANSIENT");
      }
    });
  }

  it("knows a dead plugin from a refusal", () => {
    assert.ok(isOutcomeUnknown("error reading from server: EOF"));
    assert.ok(isOutcomeUnknown("rpc error: code = Unavailable desc = transport is closing"));
    assert.ok(!isOutcomeUnknown("api error InsufficientInstanceCapacity"));
    assert.ok(!isOutcomeUnknown("HTTP 503 Service Unavailable"));
  });
});

describe("passphrase secrets", () => {
  it("opens what it sealed, with the right passphrase only", async () => {
    const crypter = await PassphraseCrypter.create("correct horse");
    const sealed = crypter.encrypt("päss ✓");

    const again = await PassphraseCrypter.open("correct horse", crypter.salt);
    assert.equal(again.decrypt(sealed), "päss ✓");
    assert.notEqual(crypter.encrypt("päss ✓"), sealed);
    await assert.rejects(PassphraseCrypter.open("wrong", crypter.salt), /does not fit the file encryption-salt/);
    await assert.rejects(PassphraseCrypter.open("correct horse", "v1:x"), /is damaged/);
  });
});
