/** What a vSphere config may say, and what becomes of it. */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { customization, guestInfo } from "../../provider/clouds/vsphere/delivery";
import { diskGibMax, hardwareInputs, hardwareProblems } from "../../provider/clouds/vsphere/hardware";
import { machineShapes } from "../../provider/clouds/vsphere/machine-inputs";
import { windowsName } from "../../provider/clouds/vsphere/names";
import { machineOverrides } from "../../provider/clouds/vsphere/overrides";
import type { TemplateHardware } from "../../provider/clouds/vsphere/resources";
import { vsphereSettingsSchema, type VSphereSettings } from "../../provider/clouds/vsphere/settings";
import { problemsOf } from "../../runtime/model/config";
import { vmProviderOf } from "./registered";

const provider = vmProviderOf("vsphere");
const given = (over: object = {}) => ({
  ...{ vcenterAddress: "vcenter.example.org", username: "headroom@vsphere.local", password: "password-of-the-account" },
  ...{ datacenter: "DC1", templateName: "ubuntu-agent", cpus: 4, memory: "8GiB" },
  ...over,
});
const settings = (over: object = {}): VSphereSettings => vsphereSettingsSchema.parse(given(over));
const override = (inputOverride: object) => ({ inputOverride });
const guest = { guestUsername: "root", guestPassword: "password-in-the-guest" };

describe("a vSphere config", () => {
  const problems = (over: object) => {
    const parsed = provider.settings.safeParse(given(over));
    return parsed.success
      ? []
      : problemsOf(parsed.error, given(over)).map(({ path, message }) => `${path}: ${message}`);
  };

  for (const [what, over, expected] of [
    [
      "an address with a scheme",
      { vcenterAddress: "https://vcenter" },
      /^vcenterAddress: .*host name or an IP address/,
    ],
    ["an address with a port", { vcenterAddress: "vcenter:8443" }, /^vcenterAddress: .*vcenterPort for its port/],
    ["a port that is none", { vcenterPort: 70_000 }, /^vcenterPort: /],
    ["a path of a datacenter", { datacenter: "folder/DC1" }, /^datacenter: .*without a path/],
    ["a folder with a slash at its end", { folder: "labs/agents/" }, /^folder: .*from the top/],
    ["a folder with one at its beginning", { folder: "/DC1/vm/labs" }, /^folder: .*from the top/],
    ["a name that ends in a blank", { cluster: "compute " }, /^cluster: .*neither begins nor ends with a blank/],
    ["memory without a unit", { memory: "8" }, /^memory: /],
    ["memory that vSphere can't give", { memory: "1001MiB" }, /^memory: .*multiple of 4MiB/],
    ["no vCPU", { cpus: 0 }, /^cpus: /],
    [
      "a datastore and a cluster of them",
      { datastore: "a", datastoreCluster: "b" },
      /^datastoreCluster: .*not with datastore/,
    ],
    [
      "a linked clone in a cluster of datastores",
      { cloneType: "linked", datastoreCluster: "b" },
      /^datastoreCluster: .*Storage DRS does not place linked clones/,
    ],
    ["an instant clone", { cloneType: "instant" }, /^cloneType: /],
    ["a snapshot of a full clone", { snapshotName: "golden" }, /^snapshotName: .*only with cloneType linked/],
    ["a clone that may take too little time", { cloneTimeout: "5m" }, /^cloneTimeout: .*at least 10m/],
    [
      "tools without a user",
      { startupScriptMethod: "tools", guestPassword: "x" },
      /^guestUsername: .*needed for startupScriptMethod tools/,
    ],
    ["a user without a password", { guestUsername: "root" }, /^guestPassword: .*needed for startupScriptMethod tools/],
    [
      "sysprep without a password",
      { startupScriptMethod: "sysprep" },
      /^guestPassword: .*needed for startupScriptMethod sysprep/,
    ],
    [
      "a user for cloud-init",
      { startupScriptMethod: "guestinfo", guestUsername: "root" },
      /^guestUsername: .*cloud-init runs the script/,
    ],
    [
      "a password for nobody",
      { guestPassword: "secret-of-nobody" },
      /^guestPassword: .*only with startupScriptMethod tools or sysprep/,
    ],
    ["a key that is none", { sshPublicKey: "AAAA" }, /^sshPublicKey: .*one line/],
    ["the identity", override({ name: "mine" }), /^inputOverride\.name: .*found again by its name/],
    ["a field with a setting of its own", override({ numCpus: 8 }), /^inputOverride\.numCpus: .*the setting cpus/],
    [
      "another template",
      override({ clone: { templateUuid: "x" } }),
      /^inputOverride\.clone\.templateUuid: .*templateName/,
    ],
    [
      "too little time for a clone",
      override({ clone: { timeout: 5 } }),
      /^inputOverride\.clone\.timeout: .*cloneTimeout/,
    ],
    ["waiting for an address", override({ waitForGuestNetTimeout: 5 }), /waitForGuestNetTimeout: .*VMware Tools/],
    [
      "one address for all",
      override({ networkInterfaces: [{ macAddress: "00:50:56:00:00:01" }] }),
      /macAddress: .*of its own/,
    ],
    [
      "somebody else's disk",
      override({ disks: [{ attach: true, path: "a.vmdk" }] }),
      /disks\[0\]\.(attach|path): .*go with the first VM/,
    ],
    ["a disk that stays", override({ disks: [{ keepOnRemove: true }] }), /keepOnRemove: .*would stay and cost money/],
    ["a disk of no size", override({ disks: [{ size: 0 }] }), /disks\[0\]\.size: /],
    [
      "thick and thin at once",
      override({ disks: [{ thinProvisioned: true, eagerlyScrub: true }] }),
      /eagerlyScrub: .*not true with thinProvisioned/,
    ],
    [
      "a script beside the script",
      override({ extraConfig: { "guestinfo.userdata": "x" } }),
      /guestinfo\.userdata: .*startup script is sent there/,
    ],
    [
      "a time to shut down that is refused",
      override({ shutdownWaitTimeout: 30 }),
      /^inputOverride\.shutdownWaitTimeout: /,
    ],
    ["no force", override({ forcePowerOff: false }), /^inputOverride\.forcePowerOff: .*must go/],
    [
      "sockets that don't divide",
      override({ numCoresPerSocket: 3 }),
      /numCoresPerSocket: .*cpus \(4\) must be a multiple/,
    ],
    ["a device of no host", override({ pciDeviceIds: ["0000:3b:00.0"] }), /pciDeviceIds: .*only with host/],
    [
      "secure boot without EFI",
      override({ firmware: "bios", efiSecureBootEnabled: true }),
      /firmware: .*not "bios" with/,
    ],
    [
      "customizing what is not customized",
      override({ clone: { customize: { timeout: 20 } } }),
      /clone\.customize: .*only with startupScriptMethod sysprep/,
    ],
    [
      "one computer name for all",
      {
        ...override({ clone: { customize: { windowsOptions: { computerName: "LAB" } } } }),
        startupScriptMethod: "sysprep",
        guestPassword: "x",
      },
      /computerName: .*a name of its own/,
    ],
    ["an unknown input", override({ cpus: 2 }), /^inputOverride\.cpus: .*unknown field/],
    ["an input of another shape", override({ cpuHotAddEnabled: "yes" }), /^inputOverride\.cpuHotAddEnabled: /],
  ] as const) {
    it(`refuses ${what}, with its path`, () => {
      const found = problems(over);
      assert.match(found[0] ?? "nothing", expected);
      assert.ok(found.length === 1 || what === "somebody else's disk", found.join("\n"));
      for (const secret of ["password-of-the-account", "secret-of-nobody"]) assert.ok(!found.join().includes(secret));
    });
  }

  it("takes everything optional, and offers what it says", () => {
    const more = {
      ...{
        vcenterPort: 8443,
        verifySsl: false,
        folder: "labs/agents",
        datastore: "fast",
        cluster: "compute",
        host: "esx1",
      },
      ...{
        resourcePool: "labs/agents",
        network: "labs",
        cloneType: "linked",
        snapshotName: "golden",
        cloneTimeout: "2h",
      },
      ...{ toolsTimeout: "90s", sshPublicKey: "ssh-ed25519 AAAAC3Nz ops", ...guest },
      ...override({
        pciDeviceIds: ["0000:3b:00.0"],
        numCoresPerSocket: 2,
        extraConfig: { "svga.vramSize": "8388608" },
        annotation: "A lab.",
      }),
    };
    assert.deepEqual(problems(more), []);
    assert.deepEqual(provider.shape(settings(more)), { cores: 4, memoryBytes: 8 * 2 ** 30, gpus: 1 });
    assert.equal(provider.sshPublicKey?.(settings(more)), "ssh-ed25519 AAAAC3Nz ops");
  });

  it("has a rule for every input of the resource", () => {
    assert.deepEqual(Object.keys(machineOverrides).sort(), Object.keys(machineShapes).sort());
  });
});

describe("the hardware of a clone", () => {
  const disk = { label: "Hard disk 1", size: 40, thinProvisioned: true, eagerlyScrub: false, unitNumber: 0 };
  const template: TemplateHardware = {
    ...{
      guestId: "windows2022srvNext_64Guest",
      firmware: "efi",
      efiSecureBootEnabled: true,
      scsiType: "pvscsi",
      vtpm: true,
    },
    ...{ numCoresPerSocket: 2, alternateGuestName: "", nestedHvEnabled: false, memory: 2048, numCpus: 2 },
    disks: [disk, { ...disk, label: "Hard disk 2", size: 10, unitNumber: 1 }],
    networkInterfaces: [
      { networkId: "network-1", adapterType: "vmxnet3" },
      { networkId: "network-2", adapterType: "e1000e" },
    ],
  };

  it("is that of its template, but for what the settings say", () => {
    assert.deepEqual(hardwareInputs(template, settings(), "network-9"), {
      ...{ guestId: "windows2022srvNext_64Guest", firmware: "efi", efiSecureBootEnabled: true, scsiType: "pvscsi" },
      ...{ vtpm: { version: "2.0" }, nestedHvEnabled: false, numCpus: 4, numCoresPerSocket: 2, memory: 8192 },
      disks: [
        { label: "disk0", size: 40, thinProvisioned: true, eagerlyScrub: false, unitNumber: 0 },
        { label: "disk1", size: 10, thinProvisioned: true, eagerlyScrub: false, unitNumber: 1 },
      ],
      networkInterfaces: [
        { networkId: "network-9", adapterType: "vmxnet3" },
        { networkId: "network-2", adapterType: "e1000e" },
      ],
    });
  });

  it("leaves sockets out that would not divide, and a bus that the plugin does not take itself", () => {
    const inputs = hardwareInputs({ ...template, scsiType: "mixed" }, settings({ cpus: 3 }));

    assert.deepEqual([inputs["numCoresPerSocket"], inputs["scsiType"]], [undefined, undefined]);
  });

  it("reserves all memory where the template does", () => {
    const inputs = hardwareInputs({ ...template, memoryReservationLockedToMax: true }, settings());

    assert.deepEqual([inputs["memoryReservationLockedToMax"], inputs["memoryReservation"]], [true, 8192]);
  });

  it("merges lists by their order, and numbers disks that come on top without the controller's own number", () => {
    const disks = [{}, { size: 20 }, ...Array.from({ length: 7 }, () => ({ size: 5 }))];
    const inputs = hardwareInputs(
      template,
      settings(override({ disks, networkInterfaces: [{ adapterType: "e1000" }] })),
    );

    const made = inputs["disks"] as { unitNumber: number; size: number; label: string }[];
    assert.deepEqual(
      made.map(({ size }) => size),
      [40, 20, 5, 5, 5, 5, 5, 5, 5],
    );
    assert.deepEqual(
      made.map(({ unitNumber }) => unitNumber),
      [0, 1, 2, 3, 4, 5, 6, 8, 9],
    );
    assert.equal(new Set(made.map(({ label }) => label)).size, 9);
    assert.deepEqual((inputs["networkInterfaces"] as object[])[0], { networkId: "network-1", adapterType: "e1000" });
    assert.equal(diskGibMax(template, settings(override({ disks }))), 95);
  });

  it("is refused where a disk is smaller than the template's, whichever it is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 1 }), (size, index) => {
        const disks = index === 0 ? [{ size }] : [{}, { size }];
        const found = hardwareProblems(template, settings(override({ disks })));
        const isSmaller = size < template.disks[index]!.size;
        assert.equal(found.length, isSmaller ? 1 : 0, found.join());
        if (isSmaller) assert.match(found[0]!, new RegExp(`^inputOverride\\.disks\\[${index}\\]: size: got ${size}; `));
      }),
    );
  });

  it("is refused where a linked clone has any other disk settings, and a new disk no size", () => {
    const linked = (...disks: object[]) =>
      hardwareProblems(template, settings({ ...override({ disks }), cloneType: "linked" }));

    assert.deepEqual(linked({ size: 40, thinProvisioned: true }, {}, { size: 5 }), []);
    assert.match(linked({ size: 41 }).join(), /disks\[0\]: size: got 41; a linked clone must keep/);
    assert.match(linked({ thinProvisioned: false }).join(), /disks\[0\]: thinProvisioned: got false/);
    assert.match(linked({}, { eagerlyScrub: true }).join(), /disks\[1\]: eagerlyScrub: got true/);
    assert.match(linked({}, {}, {}).join(), /disks\[2\]: size is needed/);
  });

  it("is refused without a disk or a network adapter", () => {
    const found = hardwareProblems({ ...template, disks: [], networkInterfaces: [] }, settings());

    assert.match(found.join(), /no disk on its first SCSI controller.*no network adapter/);
  });
});

describe("what a vSphere guest finds when it starts", () => {
  const node = (over: object = {}, osType: "linux" | "windows" = "linux", nodeId = "nabc1234") => ({
    ...{ nodeId, osType, settings: settings(over) },
  });
  const metadataOf = (info: Record<string, string>) =>
    JSON.parse(Buffer.from(info["guestinfo.metadata"]!, "base64").toString()) as Record<string, unknown>;
  const unpacked = (text = "") => gunzipSync(Buffer.from(text, "base64")).toString();

  it("is its name, its key and its script, which cloud-init takes away", () => {
    const info = guestInfo(node({ sshPublicKey: "ssh-ed25519 AAAAC3Nz ops" }), "#!/bin/sh\ntrue");

    assert.equal(unpacked(info["guestinfo.userdata"]), "#!/bin/sh\ntrue");
    assert.equal(info["guestinfo.userdata.encoding"], "gzip+base64");
    assert.deepEqual(metadataOf(info), {
      ...{ "instance-id": "nabc1234", "local-hostname": "nabc1234", "public-keys-data": "ssh-ed25519 AAAAC3Nz ops" },
      ...{ redact: ["userdata"], "cleanup-guestinfo": ["userdata"] },
    });
  });

  it("is the same each time: what is packed anew must not seem to change", () => {
    assert.deepEqual(guestInfo(node(), "#!/bin/sh\ntrue"), guestInfo(node(), "#!/bin/sh\ntrue"));
  });

  it("is only its name without a script", () => {
    assert.deepEqual(Object.keys(guestInfo(node(), "")), ["guestinfo.metadata", "guestinfo.metadata.encoding"]);
  });

  it("is out of cloud-init's sight where VMware Tools or Windows itself run it", () => {
    for (const over of [guest, { startupScriptMethod: "sysprep", guestPassword: "x" }]) {
      const info = guestInfo(node(over, "windows"), "exit 0");
      assert.equal(info["guestinfo.userdata"], undefined);
      assert.equal(unpacked(info["guestinfo.headroom.script"]), "exit 0");
    }
  });

  it("is refused with both sizes where VMware Tools would cut it off", () => {
    assert.doesNotThrow(() => guestInfo(node(), "# a comment\n".repeat(5_000)));
    assert.throws(
      () => guestInfo(node(), scrambled(63_900)),
      /startupScript\.text: the startup script has \d{5} bytes when .* at most 65536/,
    );
  });

  it("of Windows has a name that NetBIOS takes, another for each node", () => {
    const nodeIds = fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/);
    fc.assert(
      fc.property(nodeIds, nodeIds, (one, other) => {
        const [name, second] = [windowsName(one), windowsName(other)];
        assert.match(name, /^(?=.*[^0-9])[A-Za-z0-9]([A-Za-z0-9-]{0,13}[A-Za-z0-9])?$/);
        assert.equal(name === second, one === other);
      }),
    );
    assert.equal(windowsName("nabc1234"), "nabc1234");
  });

  it("by sysprep is a name and a password of its own, and a first logon that runs the script", () => {
    const sysprep = { startupScriptMethod: "sysprep", guestPassword: "password-in-the-guest" };
    const made = customization(node(sysprep, "windows", "a-node-with-a-long-name"), "exit 0") as {
      windowsOptions: { computerName: string; adminPassword: string; runOnceCommandLists: string[] };
    };

    const { computerName, adminPassword, runOnceCommandLists } = made.windowsOptions;
    assert.equal(computerName, windowsName("a-node-with-a-long-name"));
    assert.equal(adminPassword, "password-in-the-guest");
    assert.ok(runOnceCommandLists[0]!.length <= 1024 && runOnceCommandLists.length === 1);
    assert.throws(() => customization(node(sysprep, "linux"), "true"), /startupScriptMethod: got "sysprep".*for Linux/);
    assert.equal(customization(node(guest, "windows"), "true"), undefined);
  });

  it("warns of a script for cloud-init where nobody reads it", () => {
    assert.match(provider.scriptWarning?.("#cloud-config\n{}", settings(guest)) ?? "", /is for cloud-init/);
    assert.equal(provider.scriptWarning?.("#cloud-config\n{}", settings()), undefined);
    assert.equal(provider.scriptWarning?.("#!/bin/sh", settings(guest)), undefined);
  });
});

/** Text that can't be compressed. */
function scrambled(length: number): string {
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647);
  return Array.from({ length }, () => String.fromCharCode(33 + (next() % 94))).join("");
}
