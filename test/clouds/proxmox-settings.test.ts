/** What a Proxmox VE config may say, and what its failures mean. */
import assert from "node:assert/strict";
import { vmInputs } from "../../provider/clouds/proxmox/overrides";
import { problemsOf } from "../../runtime/model/config";
import { templateName } from "./emulated-cluster";
import { secretOf } from "./emulated-pve-tokens";
import { vmProviderOf } from "./registered";
import { SdkTypes } from "./sdk-types";

const provider = vmProviderOf("proxmox");
const settings = (over: object = {}) => ({
  ...{ host: "pve.example.org", username: "headroom@pve", tokenName: "K1", tokenValue: secretOf("K1") },
  ...{ templateName, clusterNode: "pve1", cores: 2, memory: "4GiB" },
  ...over,
});

describe("a Proxmox VE config", () => {
  describe("settings", () => {
    const problems = (over: object) => {
      const given = settings(over);
      const parsed = provider.settings.safeParse(given);
      return parsed.success ? [] : problemsOf(parsed.error, given).map(({ path, message }) => `${path}: ${message}`);
    };

    for (const [what, over, expected] of [
      ["a host with a scheme", { host: "https://pve" }, /^host: .*host name or an IP address/],
      ["a token's whole id", { tokenName: "headroom@pve!runtime" }, /^tokenName: .*behind the "!"/],
      ["a user without a realm", { username: "headroom" }, /^username: .*with its realm/],
      [
        "a range that ends before it begins",
        { vmIdRangeLower: 500, vmIdRangeUpper: 400 },
        /^vmIdRangeUpper: .*at least vmIdRangeLower \(500\)/,
      ],
      ["an id that Proxmox VE does not take", { vmIdRangeLower: 99 }, /^vmIdRangeLower: /],
      ["a storage for a linked clone", { storagePool: "ceph" }, /^storagePool: .*needs fullClone/],
      ["memory without a unit", { memory: "4" }, /^memory: /],
      ["a relative folder", { startupScriptPath: "tmp" }, /^startupScriptPath: .*absolute folder/],
      ["a folder that ends a quoted text", { startupScriptPath: "C:\\a'b" }, /^startupScriptPath: /],
      [
        "more tries of a clone",
        { inputOverride: { clone: { retries: 3 } } },
        /^inputOverride\.clone\.retries: .*takes a VM that has the id already/,
      ],
      ["the identity", { inputOverride: { name: "mine" } }, /^inputOverride\.name: /],
      [
        "one address for all",
        { inputOverride: { networkDevices: [{ macAddress: "02:00:00:00:00:01" }] } },
        /macAddress: .*each VM needs a MAC address of its own/,
      ],
      [
        "another VM's disk",
        { inputOverride: { disks: [{ interface: "scsi1", pathInDatastore: "x" }] } },
        /pathInDatastore: .*would go with the first VM/,
      ],
      [
        "a device by a raw id",
        { inputOverride: { hostpcis: [{ device: "hostpci0", id: "0000:01" }] } },
        /hostpcis\[0\]\.id: .*name a resource mapping/,
      ],
      [
        "a password in clear",
        { inputOverride: { initialization: { userAccount: { password: "secret" } } } },
        /password: .*in clear/,
      ],
      ["a field of another shape", { inputOverride: { cpu: { cores: "many" } } }, /^inputOverride\.cpu\.cores: /],
      ["a template that can't be one", { templateName: "my template" }, /^templateName: .*as the names of VMs are/],
      ["a storage that can't be one", { fullClone: true, storagePool: "1a" }, /^storagePool: .*a letter first/],
      ["a storage with a slash", { fullClone: true, storagePool: "a/b" }, /^storagePool: /],
      ["a pool with blanks", { resourcePool: "my labs" }, /^resourcePool: /],
      ["a node that can't be one", { targetNode: "pve_2" }, /^targetNode: /],
      ["a disk nowhere", { inputOverride: { disks: [{ interface: "nvme0" }] } }, /disks\[0\]\.interface: .*"scsi0" to/],
      ["a disk of no number", { inputOverride: { disks: [{ interface: "ide4" }] } }, /disks\[0\]\.interface: /],
      [
        "two disks at one place",
        { inputOverride: { disks: [{ interface: "scsi1" }, { interface: "scsi1" }] } },
        /^inputOverride\.disks: .*each interface once/,
      ],
      ["disks that are no list", { inputOverride: { disks: { interface: "scsi1" } } }, /^inputOverride\.disks: /],
      ["a disk of no size", { inputOverride: { disks: [{ interface: "scsi1", size: 0 }] } }, /disks\[0\]\.size: /],
      ["a VLAN that is none", { inputOverride: { networkDevices: [{ vlanId: 4095 }] } }, /vlanId: /],
      ["an MTU that is none", { inputOverride: { networkDevices: [{ mtu: 100 }] } }, /mtu: .*576 to 65520/],
      ["a bridge that is none", { inputOverride: { networkDevices: [{ bridge: "0 br" }] } }, /bridge: .*"vmbr0"/],
      ["a card that is none", { inputOverride: { networkDevices: [{ model: "intel" }] } }, /model: /],
      [
        "a device beyond the last",
        { inputOverride: { hostpcis: [{ device: "hostpci16" }] } },
        /hostpcis\[0\]\.device: /,
      ],
      ["tags as a text", { inputOverride: { tags: "a;b" } }, /^inputOverride\.tags: /],
      ["a field that is not there", { inputOverride: { cpus: 2 } }, /^inputOverride\.cpus: .*unknown field/],
    ] as const) {
      it(`refuse ${what}, with its path`, () => {
        const [found = "nothing", ...others] = problems(over);
        assert.match(found, expected);
        assert.deepEqual(others, []);
        assert.ok(!found.includes(secretOf("K1")));
      });
    }

    it("take everything optional", () => {
      const more = {
        ...{ vmIdRangeLower: 200, vmIdRangeUpper: 200, targetNode: "pve2", fullClone: true, storagePool: "ceph" },
        ...{ resourcePool: "labs", startupScriptPath: "C:\\Windows\\Temp", agentTimeout: "90s" },
        inputOverride: { hostpcis: [{ device: "hostpci0", mapping: "gpu" }], cpu: { sockets: 2, flags: ["+aes"] } },
      };
      assert.deepEqual(problems(more), []);
      const shape = provider.shape(provider.settings.parse(settings(more)));
      assert.deepEqual(shape, { cores: 4, memoryBytes: 4 * 2 ** 30, gpus: 1 });
    });

    it("know every input of the installed SDK's resource, and no other", () => {
      const { fields } = new SdkTypes("@muhlba91/pulumi-proxmoxve").read("vmLegacy", "VmLegacyArgs");
      const deprecated = ["timeoutMoveDisk"];
      assert.deepEqual(
        Object.keys(vmInputs).sort(),
        [...fields.keys()].filter((name) => !deprecated.includes(name)).sort(),
      );
    });
  });

  it("each failure has its class by the API's own words, wherever else a word stands", () => {
    const said = (status: number, reason: string) =>
      `error cloning VM: received an HTTP ${status} response - Reason: ${reason}`;
    const task = (reason: string) =>
      `task "UPID:pve1:0:qmclone:9000:headroom@pve:" failed to complete with exit code: ${reason}`;
    for (const [message, failureClass] of [
      [said(500, "unable to create VM 10001: config file already exists"), "TRANSIENT"],
      [said(500, "unable to create VM 108 - VM 108 already exists on node 'pve1'"), "TRANSIENT"],
      [said(595, "No route to host"), "CAPACITY"],
      [said(401, "invalid token value!"), "CONFIG"],
      [said(403, "Permission check failed (/vms/9000, VM.Clone)"), "CONFIG"],
      [said(500, "storage 'gone' does not exist"), "CONFIG"],
      [task("clone failed: lvcreate 'pve/vm-1-disk-0' error: not enough free space"), "CAPACITY"],
      [task("start failed: can't lock file '/var/lock/qemu-server/lock-1.conf' - got timeout"), "TRANSIENT"],
      // PX-03: the API does not answer in time.
      ["unable to retrieve the next available VM identifier: context deadline exceeded", "TRANSIENT"],
      // PX-07, PX-11, PX-13: rights, disks of a clone that is just over, storage without snippets.
      [said(400, "Parameter verification failed. - privs: invalid privilege 'VM.Monitor'"), "CONFIG"],
      [task("volume 'local-lvm:vm-10001-disk-0' does not exist"), "TRANSIENT"],
      [task("clone failed: disk image '/var/lib/vz/images/108/vm-108-disk-0.qcow2' already exists"), "TRANSIENT"],
      ['the datastore "local" does not support content type "snippets"; supported content types are: images', "CONFIG"],
      ['timeout while waiting for VM "7001" configuration to become unlocked', "TRANSIENT"],
      ["timeout while waiting for VM 7001 configuration to become unlocked", "TRANSIENT"],
      ['template "no space left on device" of pool "401" is blue', undefined],
      ["ProxmoxVmIds: no id from 100 to 101 is free", "QUOTA"],
      ['ProxmoxTemplate: templateName "ProxmoxVmIds: x": node "pve1" has no template', "CONFIG"],
    ] as const) {
      assert.equal(provider.classify(message), failureClass, message);
    }
  });
});
