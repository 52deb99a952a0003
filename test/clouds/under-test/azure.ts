import type { EmulatedUnderTest } from "../cloud-under-test";
import { createError, pluginError, shortError } from "../azure-errors";
import { EmulatedAzure } from "../emulated-azure";
import { networkId, securityGroupId, subscriptionId } from "../emulated-azure-facts";
import { secretOf } from "../emulated-azure-tokens";
import { runEmulated } from "../run-emulated";
import { azureChecks } from "./azure-checks";

/** Where the emulation that runs now is asked for lists: an account's settings say it. */
const running = { url: "http://127.0.0.1:1" };

const directory = "11111111-aaaa-4aaa-8aaa-111111111111";

export const underTest: EmulatedUnderTest<EmulatedAzure> = {
  template: () => ({
    resourceGroup: "dev",
    region: "eastus",
    vmSize: "Standard_D4s_v5",
    imageReference: { publisher: "Canonical", offer: "ubuntu-24_04-lts", sku: "server" },
    networkSecurityGroup: securityGroupId,
    subnet: `${networkId}/subnets/default`,
    tags: { team: "labs" },
    osUsername: "labs",
    osPassword: "Secret-of-the-login-1",
    dataDisks: [{ size: "100GiB" }],
    configOverride: { "storage_profile.os_disk.caching": "ReadWrite", tags: { more: "yes" } },
  }),
  credentials: (key) => ({
    subscriptionId,
    tenantId: directory,
    clientId: "33333333-cccc-4ccc-8ccc-333333333333",
    clientSecret: secretOf(key),
    resourceManagerUrl: running.url,
  }),
  dns: {
    settings: () => ({ resourceGroup: "dev" }),
    baseDomainName: "pool.labs.example.org",
    zones: [
      { what: "the longest", settings: {}, baseDomainName: "a.labs.example.org", leadsTo: "labs.example.org" },
      { what: "a shorter one", settings: {}, baseDomainName: "alabs.example.org", leadsTo: "example.org" },
      {
        what: "the one that is given",
        settings: { dnsZone: "example.org" },
        baseDomainName: "b.labs.example.org",
        leadsTo: "example.org",
      },
      {
        what: "a private one",
        settings: { privateZone: true },
        baseDomainName: "c.corp.internal",
        leadsTo: "corp.internal",
      },
      {
        what: "one that is given, of another name",
        settings: { dnsZone: "example.com" },
        baseDomainName: "labs.example.org",
        leadsTo: /baseDomainName: got "labs\.example\.org"; it does not end in the zone that is given, "example\.com"/,
      },
      {
        what: "none",
        settings: {},
        baseDomainName: "elsewhere.net",
        leadsTo: /baseDomainName: got "elsewhere\.net"; resource group "dev" has no public DNS zone/,
      },
    ],
  },
  edit: (template, number) => ({
    ...template,
    vmSize: "Standard_D2_v3",
    osDiskType: "Standard_LRS",
    tags: { edit: String(number) },
  }),
  sentScript: { linux: (script) => `#!/bin/sh\n${script}`, windows: (script) => script },
  emulate: () => new EmulatedAzure(),
  async start() {
    const emulated = await runEmulated(underTest);
    const { emulation } = emulated;
    await emulation.arm.listen();
    running.url = emulation.arm.url;
    return {
      ...emulated,
      async close() {
        await emulated.close();
        emulation.arm.close();
      },
    };
  },
  refusals: {
    CAPACITY: createError(
      409,
      "SkuNotAvailable",
      "The requested VM size is currently not available in location 'eastus'.",
    ),
    QUOTA: createError(
      409,
      "OperationNotAllowed",
      "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota.",
    ),
    CONFIG: shortError({
      status: 400,
      code: "InvalidParameter",
      message: "The Admin Username specified is not allowed.",
    }),
    TRANSIENT: pluginError("PUT https://management.azure.com/nic", {
      status: 429,
      code: "RetryableError",
      message: "A retryable error occurred. The call can be retried in 14 seconds.",
    }),
  },
  says: {
    revoked: /AADSTS7000215/,
    foreign: /leads to the directory 22222222-bbbb-4bbb-8bbb-222222222222/,
    denied: {
      "list VMs": denied("Microsoft.Compute/virtualMachines/read"),
      "create a VM": denied("Microsoft.Compute/virtualMachines/write"),
      "delete a VM": denied("Microsoft.Compute/virtualMachines/delete"),
      "look up a domain": denied("Microsoft.Network/dnsZones/read"),
    },
    noDomain: /baseDomainName: got "nowhere\.org"; resource group "dev" has no public DNS zone of which it is a part/,
  },
  noticed: ["request"],
  providerField: "clientSecret",
  otherPlace: { resourceGroup: "other" },
  vmsTellOwner: false,
  checks: azureChecks,
  size: { name: "Standard_D4s_v5", shape: { cores: 4, memoryBytes: 16 * 2 ** 30, gpus: 0 } },
};

function denied(action: string): RegExp {
  return new RegExp(`perform action '${action.replace(/[./]/g, "\\$&")}'`);
}
