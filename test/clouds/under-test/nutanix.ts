import type { EmulatedUnderTest } from "../cloud-under-test";
import { EmulatedNutanix, pluginError, taskError } from "../emulated-nutanix";
import { passwordOf, PrismRefusal, username } from "../emulated-prism-users";
import { runEmulated } from "../run-emulated";
import { nutanixChecks } from "./nutanix-checks";

/** Where the emulation that runs now listens: an account's settings say it. */
const running = { port: 1 };

export const underTest: EmulatedUnderTest<EmulatedNutanix> = {
  template: () => ({
    vmCandidate: "ubuntu-agent",
    cluster: "compute",
    subnet: "desktops",
    project: "labs",
    cores: 4,
    memory: "8GiB",
    diskSize: "60GiB",
    inputOverride: {
      description: "A lab.\nheadroom-node=mine",
      categories: [{ name: "Environment", value: "Labs" }],
    },
  }),
  credentials: (key) => ({
    host: "127.0.0.1",
    port: running.port,
    username,
    password: passwordOf(key),
    verifySsl: false,
  }),
  edit: (template, number) => ({
    ...template,
    vmCandidate: "windows-agent",
    cores: 8 + number,
    memory: "16GiB",
    bootType: "UEFI",
  }),
  sentScript: {
    linux: (script) => `#!/bin/sh\n${script}`,
    windows: (script) => `#ps1_sysnative\n${script}`,
  },
  emulate: () => new EmulatedNutanix(),
  async start() {
    const emulated = await runEmulated(underTest);
    const { emulation } = emulated;
    await emulation.api.listen();
    running.port = emulation.api.port;
    return {
      ...emulated,
      async close() {
        await emulated.close();
        emulation.close();
      },
    };
  },
  refusals: {
    CAPACITY: taskError("NoHostResources: No host has enough available memory for the VM"),
    QUOTA: taskError("INTERNAL_ERROR: VM create failed: vcpus quota of the project labs is exceeded"),
    CONFIG: pluginError(new PrismRefusal(422, "INVALID_REQUEST", "image 2222 does not exist")),
    TRANSIENT: pluginError(new PrismRefusal(503, "SERVICE_UNAVAILABLE", "The service is being upgraded")),
  },
  says: {
    revoked: /invalid auth Credentials|HTTP 401 AUTHENTICATION_REQUIRED|Prism Central says "Authentication required/,
    foreign: /is Prism Central 22222222-.*, and not 11111111-/,
    denied: {
      "list VMs": /No permission to view virtual machine/,
      "create a VM": /No permission to create virtual machine/,
      "delete a VM": /No permission to delete virtual machine/,
      "look up a domain": /there is no DNS service/,
    },
  },
  noticed: ["request"],
  providerField: "password",
  vmsTellOwner: false,
  checks: nutanixChecks,
};
