import type { Settings } from "../../../runtime/model/accounts";
import type { EmulatedUnderTest } from "../cloud-under-test";
import { templateName } from "../emulated-cluster";
import { EmulatedProxmox } from "../emulated-proxmox";
import { secretOf } from "../emulated-pve-tokens";
import { runEmulated } from "../run-emulated";
import { proxmoxChecks } from "./proxmox-checks";

/** Where the emulation that runs now listens: an account's settings say it. */
const running = { host: "127.0.0.1:1" };

const said = (status: number, reason: string): string =>
  `error cloning VM: received an HTTP ${status} response - Reason: ${reason}`;

export const underTest: EmulatedUnderTest<EmulatedProxmox> = {
  template: () => ({
    vmIdRangeLower: 10_000,
    vmIdRangeUpper: 10_999,
    templateName,
    clusterNode: "pve1",
    targetNode: "pve2",
    cores: 4,
    memory: "8GiB",
    inputOverride: {
      tags: ["labs", "headroom-node.mine"],
      description: "A lab.\nheadroom-node=mine",
      cpu: { sockets: 2 },
    },
  }),
  credentials: (key) => ({
    host: running.host,
    username: "headroom@pve",
    tokenName: key,
    tokenValue: secretOf(key),
    verifySsl: false,
  }),
  edit: (template: Settings, number) => ({ ...template, cores: 8 + number, memory: "16GiB" }),
  sentScript: { linux: (script) => script, windows: (script) => script },
  emulate: () => new EmulatedProxmox(),
  async start() {
    const emulated = await runEmulated(underTest);
    const { emulation } = emulated;
    await emulation.api.listen();
    running.host = emulation.api.host;
    return {
      ...emulated,
      async close() {
        await emulated.close();
        emulation.close();
      },
    };
  },
  refusals: {
    CAPACITY: said(500, "storage 'ceph' error: no space left on device"),
    QUOTA:
      "ProxmoxVmIds: no id from 10000 to 10999 is free (vmIdRangeLower, vmIdRangeUpper): delete VMs, or use a wider range",
    CONFIG: said(403, "Permission check failed (/pool/labs, VM.Allocate)"),
    TRANSIENT: said(500, "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout"),
  },
  says: {
    revoked: /HTTP 401 response - Reason: invalid token value|Proxmox VE says "invalid token value/,
    foreign: /is cluster .*other-cluster.*, and not .*home-cluster/,
    denied: {
      "list VMs": /VM\.Audit/,
      "create a VM": /Permission check failed \(\/vms\/9000, VM\.Clone\)/,
      "delete a VM": /Permission check failed \(\/vms\/\d+, VM\.Allocate\)/,
      "look up a domain": /there is no DNS service/,
    },
  },
  noticed: ["request"],
  providerField: "apiToken",
  otherPlace: { vmIdRangeLower: 20_000, vmIdRangeUpper: 20_999 },
  vmsTellOwner: false,
  checks: proxmoxChecks,
};
