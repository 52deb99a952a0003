/**
 * A cloud for the executor's tests: real VmProvider, real plugin process, real engine; only the machines are files in a
 * folder. Its settings say how long a create takes and how it ends.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { AccountRules } from "../../runtime/model/accounts";
import type { Registry } from "../../provider/registry";
import type { DnsProvider, VmProvider } from "../../provider/vm-provider";

export const toySettingsSchema = z.strictObject({
  /** Folder of the toy world. */
  world: z.string(),
  delayMs: z.int().default(0),
  /** What exists takes this long to be compared with what is declared. */
  diffDelayMs: z.int().default(0),
  fail: z.enum(["", "create", "init", "delete"]).default(""),
  /** A secret of the account. */
  token: z.string().default(""),
});
const toyAccountRules: AccountRules = { fields: ["token"], place: [], identity: () => ({}) };
type ToySettings = z.infer<typeof toySettingsSchema>;

class Thing extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, inputs: Record<string, unknown>, options: pulumi.CustomResourceOptions) {
    super("toy:index:Thing", name, { ...inputs, address: undefined }, options);
  }
}

class ToyPlugin extends pulumi.ProviderResource {
  constructor(name: string, token: string) {
    super("toy", name, { token: pulumi.secret(token) });
  }
}

const toyVmProvider: VmProvider<ToySettings> = {
  usesOwnPlugin: true,
  description: "VMs that are files.",
  settings: toySettingsSchema,
  secretFields: ["token"],
  account: toyAccountRules,
  vmType: "toy:index:Thing",
  startupScriptBytesMax: 100_000,
  osTypes: ["linux"],
  wrapScript: (script) => script,
  shape: () => ({ cores: 1, memoryBytes: 2 ** 30, gpus: 0 }),
  async declareNode({ nodeId, settings, startupScript }, options) {
    const { delayMs, diffDelayMs, fail } = settings;
    const script = pulumi.secret(startupScript);
    const inputs = { nodeId, size: "small", delayMs, diffDelayMs, script, ...(fail ? { fail } : {}) };
    const vm = new Thing(nodeId, inputs, options);
    return { vm, address: vm.address };
  },
  async pulumiProvider(name, { settings }) {
    return new ToyPlugin(name, String(settings["token"] ?? ""));
  },
  async check() {
    return { findings: [] };
  },
  async findVms(nodeIds, { world }) {
    return thingsOf(world).filter(({ nodeId }) => nodeIds.includes(nodeId));
  },
  async listVms() {
    throw new Error("toy things carry no installation");
  },
  classify: (message) => (message.includes("toy quota") ? "QUOTA" : undefined),
};

const toyDnsProvider: DnsProvider<ToySettings> = {
  usesOwnPlugin: true,
  description: "Records that are files.",
  settings: toySettingsSchema,
  secretFields: ["token"],
  account: toyAccountRules,
  recordType: "toy:index:Thing",
  async pulumiProvider(name, { settings }) {
    return new ToyPlugin(name, String(settings["token"] ?? ""));
  },
  async prepareRecord({ identity: { nodeId }, dns }) {
    const { fail } = dns.settings;
    const dnsName = `${nodeId}.${dns.baseDomainName}`;
    return (address, options) => {
      const inputs = { record: dnsName, target: address, size: "small", ...(fail ? { fail } : {}) };
      const record = new Thing(`${nodeId}-dns`, inputs, options);
      return { dnsName: record.address.apply(() => dnsName) };
    };
  },
};

export const toyRegistry: Registry = { vm: { local: toyVmProvider }, dns: { local: toyDnsProvider } };

/** The machines that exist now. */
export function thingsOf(world: string): { readonly id: string; readonly nodeId: string }[] {
  const folder = join(world, "things");
  return readdirSync(folder).flatMap((id) => {
    const thing = JSON.parse(readFileSync(join(folder, id), "utf8")) as { inputs: { nodeId?: string } };
    return thing.inputs.nodeId === undefined ? [] : [{ id, nodeId: thing.inputs.nodeId }];
  });
}
