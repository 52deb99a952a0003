/** VMs that are process trees on this machine: for the demo, tests and development. */
import type * as pulumi from "@pulumi/pulumi";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { noAccountRules } from "../../runtime/model/accounts";
import { durationSchema, memorySchema } from "../../runtime/model/config";
import type { CloudFailureClass } from "../../runtime/model/errors";
import { localDockerAgentScript, localServerScript } from "../local-vm/default-scripts";
import { faultsSchema, refusalCodes } from "../local-vm/faults";
import { findLocalVms } from "../local-vm/find-local-vms";
import { rootFindings } from "../local-vm/check-root";
import { rootSchema } from "../local-vm/vm-resource";
import { checkUserDataSize } from "../user-data";
import type { VmProvider } from "../vm-provider";

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

/** Longer than any script should be; here nothing else limits it. */
const startupScriptBytesMax = 1_000_000;

export const localVmProvider: VmProvider<LocalSettings> = {
  kind: "local",
  settings: localSettingsSchema,
  secretFields: [],
  // Not an account's place in a cloud, but where its VMs are looked for.
  account: { ...noAccountRules, place: ["root"] },
  vmType: "headroom:local:Vm",
  startupScriptBytesMax,
  // They are processes of this machine, which run a script by its first line, else by /bin/sh.
  osTypes: ["linux"],
  wrapScript: (script) => script,
  defaultScripts: { dockerAgent: localDockerAgentScript, server: localServerScript },
  sshPublicKey: ({ sshPublicKey }) => sshPublicKey,
  shape: ({ cores, memory, gpus }) => ({ cores, memoryBytes: memory, gpus }),

  async declareNode(node, options) {
    const { Vm } = require("../local-vm/local-vm") as typeof import("../local-vm/local-vm");
    const { settings } = node;
    checkUserDataSize(node.nodeId, node.startupScript, startupScriptBytesMax);
    const vm = new Vm(
      node.nodeId,
      {
        nodeId: node.nodeId,
        ...(node.installation === undefined ? {} : { installation: node.installation }),
        root: localRoot(settings),
        cores: settings.cores,
        memoryBytes: settings.memory,
        gpus: settings.gpus,
        startupScript: node.startupScript,
        createSeconds: settings.createTime,
        bootSeconds: settings.bootTime,
        heartbeatSeconds: settings.heartbeatEvery,
        ports: settings.ports,
        faults: settings.faults,
      },
      // The default root may be another one in a later run; a VM stays where it was born.
      { ...options, ignoreChanges: [...(options.ignoreChanges ?? []), "root"] },
    );
    return { vm, address: vm.address };
  },

  async pulumiProvider(name) {
    return newHeadroomPlugin(name);
  },

  async findVms(nodeIds, settings) {
    const vms = findLocalVms(localRoot(settings));
    return vms.filter((vm) => nodeIds.includes(vm.nodeId)).map(({ nodeId, vmId }) => ({ nodeId, id: vmId }));
  },

  async listVms({ installationId, knownIds }, settings) {
    const root = rootIn(settings);
    // A folder that is not there says nothing of what may be in it.
    if (!existsSync(root)) throw new Error(`the folder of the local VMs, ${root}, is not there`);
    return findLocalVms(root)
      .filter(({ vmId, installation }) => installation === installationId || knownIds.includes(vmId))
      .map(({ vmId, nodeId, installation }) => ({ vmId, nodeId, ...(installation && { installation }) }));
  },

  readInputs: (settings) => ({ root: rootIn(settings) }),

  async check(settings) {
    return { findings: rootFindings(localRoot(settings)) };
  },

  classify(message) {
    const found = Object.entries(refusalCodes).find(([, code]) => message.includes(code));
    if (found) return found[0] as CloudFailureClass;
    return /\bLocal(AnswerLost|VmNotStarted|VmVanished|VmStillRunning)\b/.test(message) ? "TRANSIENT" : undefined;
  },
};

export function localRoot(settings: { readonly root?: string | undefined }): string {
  return settings.root ?? process.env["HEADROOM_LOCAL_ROOT"] ?? join(homedir(), ".headroom", "local");
}

function rootIn(settings: Readonly<Record<string, unknown>>): string {
  return localRoot({ root: settings["root"] as string | undefined });
}

/** Our own plugin, with nothing to configure: local resources need no runtime. */
export function newHeadroomPlugin(name: string): pulumi.ProviderResource {
  const { HeadroomPlugin } = require("../local-vm/local-vm") as typeof import("../local-vm/local-vm");
  return new HeadroomPlugin(name);
}
