import type { EmulatedUnderTest } from "../cloud-under-test";
import { EmulatedVSphere } from "../emulated-vsphere";
import { templateName } from "../emulated-vcenter";
import { passwordOf, userOf } from "../emulated-vcenter-users";
import { runEmulated } from "../run-emulated";
import { vsphereChecks } from "./vsphere-checks";

/** Where the emulation that runs now listens: an account's settings say it. */
const running = { port: 1 };

const cloning = (sentence: string): string => `error cloning virtual machine: ${sentence}`;

export const underTest: EmulatedUnderTest<EmulatedVSphere> = {
  template: () => ({
    datacenter: "DC1",
    templateName,
    folder: "labs/agents",
    datastore: "fast",
    cluster: "compute",
    resourcePool: "labs",
    cpus: 4,
    memory: "8GiB",
    inputOverride: { annotation: "A lab.\nheadroom-node=mine", cpuShareLevel: "high", disks: [{ size: 60 }] },
  }),
  credentials: (key) => ({
    vcenterAddress: "127.0.0.1",
    vcenterPort: running.port,
    username: userOf(key),
    password: passwordOf(key),
    verifySsl: false,
  }),
  edit: (template, number) => ({ ...template, cpus: 8 + number, memory: "16GiB", datastore: "slow", folder: "labs" }),
  sentScript: { linux: (script) => `#!/bin/sh\n${script}`, windows: (script) => `#ps1_sysnative\n${script}` },
  emulate: () => new EmulatedVSphere(),
  async start() {
    const emulated = await runEmulated(underTest);
    const { emulation } = emulated;
    await emulation.vim.listen();
    running.port = emulation.vim.port;
    return {
      ...emulated,
      async close() {
        await emulated.close();
        emulation.close();
      },
    };
  },
  refusals: {
    CAPACITY: cloning("Insufficient disk space on datastore 'fast'."),
    QUOTA: cloning("There are not enough licenses installed to perform the operation."),
    CONFIG: cloning("A specified parameter was not correct: spec.location.pool"),
    TRANSIENT: cloning("timeout waiting for clone to complete"),
  },
  says: {
    revoked: /Cannot complete login due to an incorrect user name or password/,
    foreign: /is the vCenter 0f2c4e1a-0002-[^ ]* .*and the VMs are in 0f2c4e1a-0001-/,
    denied: {
      "list VMs": /lacks System\.Read on datacenter/,
      "create a VM": /error cloning virtual machine: ServerFaultCode: Permission to perform this operation was denied/,
      "delete a VM":
        /error destroying virtual machine: ServerFaultCode: Permission to perform this operation was denied/,
      "look up a domain": /there is no DNS service/,
    },
  },
  noticed: ["start"],
  providerField: "user",
  otherPlace: { datacenter: "DC2" },
  vmsTellOwner: false,
  checks: vsphereChecks,
};
