/** DNS records as files on this machine, for the demo and tests. */
import { z } from "zod";
import { localRoot, newHeadroomPlugin } from "../clouds/local";
import { noAccountRules } from "../../runtime/model/accounts";
import { rootSchema } from "../local-vm/vm-resource";
import type { DnsProvider } from "../vm-provider";

export const localDnsSettingsSchema = z.strictObject({
  root: rootSchema
    .optional()
    .describe("Absolute folder; records are files in `dns/` below it. Default: that of the local VMs."),
});
export type LocalDnsSettings = z.infer<typeof localDnsSettingsSchema>;

export const localDnsProvider: DnsProvider<LocalDnsSettings> = {
  kind: "local",
  settings: localDnsSettingsSchema,
  secretFields: [],
  account: noAccountRules,

  async pulumiProvider(name) {
    return newHeadroomPlugin(name);
  },

  async declareRecord({ nodeId, dns, address }, options) {
    const { DnsRecord } = require("../local-vm/local-vm") as typeof import("../local-vm/local-vm");
    const name = `${nodeId}.${dns.baseDomainName}`;
    const record = new DnsRecord(
      `${nodeId}-dns`,
      { name, address, ttlSeconds: dns.ttlSeconds, nodeId, root: localRoot(dns.settings) },
      { ...options, ignoreChanges: [...(options.ignoreChanges ?? []), "root"] },
    );
    return { dnsName: record.name };
  },
};
