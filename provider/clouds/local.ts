/** VMs that are process trees on this machine, and records that are files: for the demo, tests and development. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { noAccountRules } from "../../runtime/model/accounts";
import { durationSchema, memorySchema } from "../../runtime/model/config";
import { defineDns, defineVm, type Cloud } from "../cloud";
import { typeOfAddress } from "../frame/dns-names";
import { findAmong, soughtAmong } from "../frame/find";
import { homeFolder } from "../frame/home-folder";
import { asItIs } from "../frame/script";
import { rootFindings } from "../local-vm/check-root";
import { localDockerAgentScript, localServerScript } from "../local-vm/default-scripts";
import { faultsSchema, refusalCodes } from "../local-vm/faults";
import { findLocalVms } from "../local-vm/find-local-vms";
import { localNotAllowed, rootProblem } from "../local-vm/local-rules";
import { readLocalRecord } from "../local-vm/dns-record-resource";
import type { DnsRecordArgs, VmArgs } from "../local-vm/local-vm";
import { rootSchema } from "../local-vm/vm-resource";
import type { CloudAccess } from "../vm-provider";

export const localSettingsSchema = z.strictObject({
  root: rootSchema
    .optional()
    .describe(
      "Absolute folder below which the VMs live; for a runtime in `local/` of its data folder or in its " +
        "HEADROOM_LOCAL_ROOT. Default: HEADROOM_LOCAL_ROOT, else `local/` of the runtime's data folder, without a " +
        "runtime `~/.headroom/local`.",
    ),
  cores: z
    .number()
    .min(0)
    .max(10_000)
    .default(2)
    .describe("vCPUs that one VM says it has; nothing is reserved on the machine."),
  memory: memorySchema.prefault("4GiB").describe('Memory that one VM says it has, e.g. `"8GiB"`.'),
  gpus: z.int().min(0).max(100_000).default(0).describe("GPUs that one VM says it has."),
  createTime: durationSchema.prefault("0s").describe('How long a create takes until it answers, e.g. `"3s"`.'),
  bootTime: durationSchema
    .prefault("2s")
    .describe('From the answer of the create to the start of the startup script, e.g. `"10s"`.'),
  heartbeatEvery: durationSchema
    .prefault("5s")
    .refine((seconds) => seconds >= 1, "at least 1s")
    .describe('Pause between two heartbeats of a docker agent, at least `"1s"`.'),
  ports: z
    .array(z.int().min(1).max(65_535))
    .max(16)
    .default([3389, 5901, 8443])
    .describe("TCP ports on which the VM answers after its startup script succeeded."),
  sshPublicKey: z
    .string()
    .max(16_000)
    .optional()
    .describe("Public key for startup scripts that use `{ssh_key}`. Default none."),
  faults: faultsSchema.prefault({}).describe("Trouble on demand, for tests and demonstrations."),
});
export type LocalSettings = z.infer<typeof localSettingsSchema>;

export const localDnsSettingsSchema = z.strictObject({
  root: rootSchema
    .optional()
    .describe("Absolute folder; records are files in `dns/` below it. Default: that of the local VMs."),
});
export type LocalDnsSettings = z.infer<typeof localDnsSettingsSchema>;

const access: CloudAccess = {
  usesOwnPlugin: true,
  secretFields: [],
  account: noAccountRules,
  pulumiProvider: async (name) => new (loadResources().HeadroomPlugin)(name),
};

const vm = defineVm<LocalSettings, VmArgs, InstanceType<Resources["Vm"]>>({
  ...access,
  description:
    "VMs that are process trees on the runtime's machine: for trying out, development and tests. The runtime takes them " +
    "only when it was started with `headroom serve --allow-local`.",
  example: 'const small = new headroom.LocalVmProvider("small", { maxInstances: 8, cores: 4, memory: "8GiB" });',
  // Nobody says on which ports a single node is to be reached.
  nodeDefaults: { ports: [] },
  settings: localSettingsSchema,
  // Not an account's place in a cloud, but where its VMs are looked for.
  account: { ...noAccountRules, place: ["root"] },
  vmType: "headroom:local:Vm",
  load: () => loadResources().Vm,
  // Processes of this machine, which run a script by its first line, else by /bin/sh. Nothing else limits its size.
  script: { wrap: { linux: asItIs }, encoding: "plain", bytesMax: 1_000_000 },
  defaultScripts: { dockerAgent: localDockerAgentScript, server: localServerScript },
  sshPublicKey: ({ sshPublicKey }) => sshPublicKey,
  powerInputs: ["power"],
  inputs: ({ nodeId, settings, power }, startupScript) => ({
    nodeId,
    root: localRoot(settings),
    cores: settings.cores,
    memoryBytes: settings.memory,
    gpus: settings.gpus,
    startupScript,
    createSeconds: settings.createTime,
    bootSeconds: settings.bootTime,
    heartbeatSeconds: settings.heartbeatEvery,
    ports: settings.ports,
    faults: settings.faults,
    ...(power && { power }),
  }),
  placeIdentity: (inputs, { nodeId, installation }) => ({
    ...inputs,
    nodeId,
    ...(installation === undefined ? {} : { installation }),
  }),
  secretInputs: ["startupScript"],
  // The default root may be another one in a later run; a VM stays where it was born.
  ignoreChanges: ["root"],
  address: ({ address }) => address,
  shape: ({ cores, memory, gpus }) => ({ cores, memoryBytes: memory, gpus }),
  findVms: async (nodeIds, settings) => findAmong(nodeIds, findLocalVms(localRoot(settings))),

  async listVms(sought, settings) {
    const root = rootIn(settings);
    // A folder that is not there says nothing of what may be in it.
    if (!existsSync(root)) throw new Error(`the folder of the local VMs, ${root}, is not there`);
    return soughtAmong(sought, findLocalVms(root));
  },

  readInputs: (settings) => ({ root: rootIn(settings) }),
  check: async (settings) => ({ findings: rootFindings(localRoot(settings)) }),
  failures: {
    place: /\b((?:Insufficient|Invalid)?Local[a-z]+): /,
    codes: {
      CAPACITY: [refusalCodes.CAPACITY],
      QUOTA: [refusalCodes.QUOTA],
      CONFIG: [refusalCodes.CONFIG],
      TRANSIENT: [
        refusalCodes.TRANSIENT,
        ...["LocalAnswerLost", "LocalVmNotStarted", "LocalVmVanished", "LocalVmStillRunning"],
      ],
    },
  },
});

const dns = defineDns<LocalDnsSettings, DnsRecordArgs>({
  ...access,
  description: "Records as files on the runtime's machine.",
  settings: localDnsSettingsSchema,
  recordType: "headroom:local:DnsRecord",
  load: () => loadResources().DnsRecord,
  standing: async (name, { identity: { nodeId }, dns: { settings } }) => {
    const record = readLocalRecord(localRoot(settings), name);
    if (record === undefined) return [];
    return [{ type: typeOfAddress(record.address), values: [record.address], isOwn: record.nodeId === nodeId }];
  },
  inputs: ({ identity: { nodeId }, dns: { settings, ttlSeconds }, address }, name) => ({
    name,
    address,
    ttlSeconds,
    nodeId,
    root: localRoot(settings),
  }),
  placeIdentity: (inputs, { nodeId }) => ({ ...inputs, nodeId }),
  ignoreChanges: ["root"],
  failures: {
    place: /\b(DnsRecordInTheWay): /,
    codes: { CAPACITY: [], QUOTA: [], CONFIG: ["DnsRecordInTheWay"], TRANSIENT: [] },
  },
});

export const local = {
  kind: "local",
  vm,
  dns,
  factsUnder(rules) {
    if (!rules.isAllowed) return { refusal: localNotAllowed };
    return {
      findProblems({ root }) {
        const message = typeof root === "string" ? rootProblem(root, rules) : undefined;
        return message === undefined ? [] : [{ path: "root", message }];
      },
    };
  },
} satisfies Cloud;

type Resources = typeof import("../local-vm/local-vm");

function loadResources(): Resources {
  return require("../local-vm/local-vm") as Resources;
}

function localRoot(settings: { readonly root?: string | undefined }): string {
  return (
    settings.root ?? process.env["HEADROOM_LOCAL_ROOT"] ?? join(homeFolder("HEADROOM_LOCAL_ROOT"), ".headroom", "local")
  );
}

function rootIn(settings: Readonly<Record<string, unknown>>): string {
  return localRoot({ root: settings["root"] as string | undefined });
}
