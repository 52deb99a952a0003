import type { EmulatedUnderTest } from "../cloud-under-test";
import { credentialOf, fault, secretOf } from "../emulated-openstack-access";
import { EmulatedOpenStack, inErrorState, novaError } from "../emulated-openstack";
import { idOf } from "../openstack-facts";
import { runEmulated } from "../run-emulated";
import { openStackChecks } from "./openstack-checks";

/** Where the emulation that runs now listens, and its certificate: an account's settings say both. */
const running = { authUrl: "https://127.0.0.1:1", caCertificate: "" };

const refused = (status: number, message: string): string =>
  novaError("Error creating OpenStack server: ", "POST", "servers", fault(status, message));

export const underTest: EmulatedUnderTest<EmulatedOpenStack> = {
  template: () => ({
    region: "RegionOne",
    imageId: idOf("image", 1),
    flavor: "gen.medium",
    createVolume: true,
    volumeSize: "40GiB",
    volumeType: "ssd",
    networkId: idOf("network", 1),
    securityGroups: ["default", idOf("group", 2)],
    keyName: "ops",
    availabilityZone: "nova",
    metadata: { team: "labs" },
    configOverride: { tags: ["labs"], scheduler_hints: { group: idOf("group", 9), tier: "gold" } },
    inputOverride: { metadata: { site: "north" } },
  }),
  credentials: (key) => ({
    authUrl: running.authUrl,
    caCertificate: running.caCertificate,
    applicationCredentialId: credentialOf(key),
    applicationCredentialSecret: secretOf(key),
  }),
  edit: (template, number) => ({
    ...template,
    imageId: idOf("image", 2),
    flavor: "gpu.large",
    volumeSize: "80GiB",
    securityGroups: ["agents"],
    metadata: { edit: String(number) },
  }),
  sentScript: {
    linux: (script) => `#!/bin/sh\n${script}`,
    windows: (script) => `#ps1_sysnative\n${script}`,
  },
  emulate: () => new EmulatedOpenStack(),
  async start() {
    const emulated = await runEmulated(underTest);
    const { emulation } = emulated;
    await emulation.api.listen();
    running.authUrl = emulation.api.authUrl;
    running.caCertificate = emulation.api.certificate.cert;
    return {
      ...emulated,
      async close() {
        await emulated.close();
        emulation.close();
      },
    };
  },
  refusals: {
    CAPACITY: inErrorState(idOf("server", 1)),
    QUOTA: refused(403, "Quota exceeded for cores: Requested 2, but already used 20 of 20 cores"),
    CONFIG: refused(400, "Invalid imageRef provided."),
    TRANSIENT: refused(503, "The server is currently unavailable. Please try again at a later time."),
  },
  says: {
    revoked: /401.*The request you have made requires authentication/s,
    foreign: /leads to the OpenStack project 99525febec065ca37b2ffe4f852fd2b2/,
    denied: {
      "list VMs": /403.*os_compute_api:servers:detail/s,
      "create a VM": /403.*os_compute_api:servers:create/s,
      "delete a VM": /403.*os_compute_api:os-deferred-delete:force/s,
      "look up a domain": /there is no DNS service/,
    },
  },
  noticed: ["request"],
  providerField: "applicationCredentialSecret",
  otherPlace: { region: "RegionTwo" },
  // The plugin leaves out the project that Nova tells.
  vmsTellOwner: false,
  checks: openStackChecks,
  size: { name: "gen.medium", shape: { cores: 2, memoryBytes: 4 * 2 ** 30, gpus: 0 } },
};
