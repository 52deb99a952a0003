/** What the conformance test needs to know of each cloud: good settings, bad ones, and how to look behind it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findLocalLeftovers, findLocalVms } from "../../provider/local-vm/find-local-vms";
import { removeVm } from "../../provider/local-vm/vm-resource";
import { EmulatedAws, ec2Error } from "./emulated-aws";
import type { CloudFailureClass } from "../../runtime/model/errors";
import type { DesiredNode } from "../../runtime/model/state";

/** A VM as the cloud itself has it. */
export interface VmInCloud {
  readonly nodeId: string;
  readonly id: string;
  /** The startup script as the VM got it. */
  readonly script: string;
  readonly address: string;
}

/** The cloud behind the protocol, running. */
export interface RunningCloud {
  readonly environment: Readonly<Record<string, string>>;
  vms(): VmInCloud[];
  /** Names and addresses of DNS records. */
  records(): { readonly name: string; readonly address: string }[];
  leftovers(): string[];
  /** Breaches of order that the cloud saw. */
  violations(): readonly string[];
  /** The node to declare so that its create is refused as the cloud does it for this class. */
  refuse(failureClass: CloudFailureClass, node: DesiredNode): DesiredNode;
  /** The node to declare so that its create happens, but the answer is lost. */
  loseAnswer(node: DesiredNode): DesiredNode;
  close(): Promise<void>;
}

export interface CloudUnderTest {
  /** Settings as a user writes them; `folder` is the test's own. */
  settings(folder: string): Record<string, unknown>;
  /** Absent for a cloud without a DNS service. */
  dnsSettings?(folder: string): Record<string, unknown>;
  /** Values in those settings that must not appear in any file of the state. */
  readonly secrets: readonly string[];
  /** A template edit that must not touch VMs that exist. */
  edit(settings: Record<string, unknown>): Record<string, unknown>;
  /** What the cloud's image gets for a script without a first line, by operating system. */
  readonly sentScript: { readonly linux: (script: string) => string; readonly windows?: (script: string) => string };
  start(folder: string): Promise<RunningCloud>;
}

const ec2Codes: Readonly<Record<CloudFailureClass, string>> = {
  CAPACITY: "InsufficientInstanceCapacity",
  QUOTA: "VcpuLimitExceeded",
  CONFIG: "InvalidSubnetID.NotFound",
  TRANSIENT: "RequestLimitExceeded",
};

const aws: CloudUnderTest = {
  settings: () => ({
    region: "us-east-1",
    accessKeyId: "AKIAEXAMPLEEXAMPLE12",
    secretAccessKey: "plain-secret-of-the-account",
    amiId: "ami-0123456789abcdef0",
    instanceType: "m7i.large",
    securityGroupIds: ["sg-0a"],
    subnetId: "subnet-0a",
    tags: { team: "labs", "headroom-node": "mine" },
    configOverride: { instance_config: { Monitoring: { Enabled: true }, EbsOptimized: true } },
  }),
  dnsSettings: () => ({ accessKeyId: "AKIAEXAMPLEEXAMPLE12", secretAccessKey: "plain-secret-of-the-account" }),
  secrets: ["plain-secret-of-the-account", "AKIAEXAMPLEEXAMPLE12"],
  edit: (settings) => ({ ...settings, amiId: "ami-0123456789abcdef1", tags: { team: "other" } }),
  sentScript: {
    linux: (script) => `#!/bin/sh\n${script}`,
    windows: (script) => `<powershell>\n${script}\n</powershell>`,
  },

  async start() {
    const emulated = new EmulatedAws(
      ["ami-0123456789abcdef0", "ami-0123456789abcdef1"],
      [{ name: "example.org", zoneId: "Z0123456789ABC" }],
    );
    const { cloud } = emulated;
    await cloud.listen();
    const refusals = new Map<string, string>();
    const lost = new Set<string>();
    const nodeIdOf = (inputs: Record<string, unknown>) =>
      (inputs["tags"] as Record<string, string> | undefined)?.["headroom-node"] ?? "";
    cloud.trouble = {
      refuse: (inputs) => refusals.get(nodeIdOf(inputs)),
      losesAnswer: (inputs) => lost.delete(nodeIdOf(inputs)),
    };
    return {
      environment: { PULUMI_DEBUG_PROVIDERS: cloud.debugProvider },
      vms: () =>
        [...emulated.instances.values()].map(({ id, inputs, outputs }) => ({
          nodeId: nodeIdOf(inputs),
          id,
          script: String(inputs["userData"] ?? ""),
          address: String(outputs["privateIp"]),
        })),
      records: () => [...emulated.records.values()],
      leftovers: () => emulated.leftovers(),
      violations: () => emulated.violations,
      refuse: (failureClass, node) => {
        refusals.set(node.nodeId, ec2Error(ec2Codes[failureClass], "as asked for by the test"));
        return node;
      },
      loseAnswer: (node) => {
        lost.add(node.nodeId);
        return node;
      },
      close: async () => cloud.close(),
    };
  },
};

const local: CloudUnderTest = {
  settings: (folder) => ({ root: join(folder, "local"), bootTime: "0s", cores: 1, memory: "1GiB" }),
  dnsSettings: (folder) => ({ root: join(folder, "local") }),
  secrets: [],
  edit: (settings) => ({ ...settings, cores: 8 }),
  sentScript: { linux: (script) => script },

  async start(folder) {
    const root = join(folder, "local");
    const withFaults = (node: DesiredNode, faults: object) => ({ ...node, settings: { ...node.settings, faults } });
    return {
      environment: {},
      vms: () =>
        findLocalVms(root).map(({ nodeId, vmId, address, folder: place }) => ({
          nodeId,
          id: vmId,
          script: readFileSync(join(place, "startup.sh"), "utf8"),
          address: String(address),
        })),
      records: () =>
        findLocalLeftovers(root)
          .filter((what) => what.startsWith("dns/"))
          .map((what) => JSON.parse(readFileSync(join(root, what), "utf8")) as { name: string; address: string }),
      leftovers: () => findLocalLeftovers(root),
      violations: () => [],
      refuse: (refuseClass, node) => withFaults(node, { refuseEvery: 1, refuseClass }),
      loseAnswer: (node) => withFaults(node, { loseAnswerEvery: 1 }),
      close: async () => void (await Promise.all(findLocalVms(root).map(({ vmId }) => removeVm(root, vmId)))),
    };
  },
};

/** One entry for each VM provider of the registry. */
export const cloudsUnderTest: Readonly<Record<string, CloudUnderTest>> = { aws, local };
