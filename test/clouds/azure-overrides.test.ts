/** Changes of Azure's request by path: which paths there are, what they hold, and what is refused. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { vmShape, type Shape } from "../../provider/clouds/azure/override-shapes";
import { valueAt } from "../../provider/frame/inputs";
import { azureSettingsSchema } from "../../provider/clouds/azure/settings";
import { minimal, pathsIn, problemsIn, requestIn, sshKey } from "./azure-nodes";
import { findShapeProblems, SdkTypes, type JsonShape, type SdkType } from "./sdk-types";

const override = (configOverride: object, more: object = {}) => problemsIn({ configOverride, ...more });
const messagesOf = (configOverride: object, more: object = {}) =>
  override(configOverride, more).map(({ message }) => message);
const changed = (configOverride: object, more: object = {}) => requestIn({ configOverride, ...more });

describe("an override of Azure's request", () => {
  it("changes what the seeds' own examples change", () => {
    const examples = {
      location: "westeurope",
      "hardware_profile.vm_size": "Standard_D4s_v3",
      "os_profile.linux_configuration.ssh.public_keys.0.path": "/home/ubuntu/.ssh/authorized_keys",
    };
    const request = changed(examples, { sshPublicKey: sshKey });
    assert.equal(request["location"], "westeurope");
    assert.equal(valueAt(request, "hardwareProfile.vmSize"), "Standard_D4s_v3");
    assert.deepEqual(valueAt(request, "osProfile.linuxConfiguration.ssh"), {
      publicKeys: [{ path: "/home/ubuntu/.ssh/authorized_keys", keyData: sshKey }],
    });
  });

  it("is the same in each spelling: of Python, of JSON, of the portal's view, with dots and nested", () => {
    const expected = changed({ "hardwareProfile.vmSize": "Standard_E4s_v5", "storageProfile.osDisk.diskSizeGB": 99 });
    const spellings = [
      { "hardware_profile.vm_size": "Standard_E4s_v5", "storage_profile.os_disk.disk_size_gb": 99 },
      { hardware_profile: { vm_size: "Standard_E4s_v5" }, storage_profile: { os_disk: { disk_size_gb: 99 } } },
      { hardwareProfile: { vmSize: "Standard_E4s_v5" }, "storageProfile.osDisk": { diskSizeGB: 99 } },
      { "properties.hardwareProfile.vmSize": "Standard_E4s_v5", "properties.storageProfile.osDisk.diskSizeGB": 99 },
      { "HARDWARE_PROFILE.VMSIZE": "Standard_E4s_v5", "storageprofile.osdisk.disksizegb": 99 },
    ];
    for (const spelling of spellings) assert.deepEqual(changed(spelling), expected, JSON.stringify(spelling));
  });

  it("finds every name with a spelling of its own by Python's", () => {
    const named: readonly (readonly [string, unknown, string])[] = [
      ["os_profile.linux_configuration.provision_vm_agent", true, "osProfile.linuxConfiguration.provisionVMAgent"],
      ["additional_capabilities.ultra_ssd_enabled", true, "additionalCapabilities.ultraSSDEnabled"],
      ["os_profile.secrets", [], "osProfile.secrets"],
      ["storage_profile.align_regional_disks_to_vm_zone", true, "storageProfile.alignRegionalDisksToVMZone"],
    ];
    for (const [key, value, path] of named) assert.deepEqual(valueAt(changed({ [key]: value }), path), value, key);
    const security = changed(
      { "security_profile.uefi_settings.v_tpm_enabled": false },
      { securityType: "TrustedLaunch" },
    );
    assert.equal(valueAt(security, "securityProfile.uefiSettings.vTpmEnabled"), false);
    const [own] = valueAt(
      changed({ "network_profile.network_interface_configurations.0.enable_ip_forwarding": true }),
      "networkProfile.networkInterfaceConfigurations",
    ) as Record<string, unknown>[];
    assert.equal(own!["enableIPForwarding"], true);
  });

  it("changes elements that are there, and refuses an index of none", () => {
    const disks = { dataDisks: [{ size: "100GiB" }, { size: "200GiB" }] };
    const second = changed({ "storage_profile.data_disks.1.caching": "None" }, disks);
    const list = valueAt(second, "storageProfile.dataDisks") as Record<string, unknown>[];
    assert.deepEqual(
      list.map(({ caching }) => caching),
      [undefined, "None"],
    );
    for (const [key, more, says] of [
      ["storage_profile.data_disks.2.caching", disks, /there is no element 2: the list has 0 to 1/],
      ["storage_profile.data_disks.0.caching", {}, /there is no element 0: the list has none/],
      ["os_profile.linux_configuration.ssh.public_keys.0.path", {}, /there is no element 0/],
      ["network_profile.network_interface_configurations.1.primary", {}, /the list has 0 to 0/],
    ] as const) {
      const value = key.endsWith("path") ? "/x" : key.endsWith("primary") ? true : "None";
      const [problem, ...others] = override({ [key]: value }, more);
      assert.match(problem?.message ?? "", says, key);
      assert.ok(problem!.path.includes(key), problem!.path);
      assert.deepEqual(others, []);
    }
    for (const index of ["first", "-1", "1.5", "", "+0"]) {
      assert.match(
        messagesOf({ [`storage_profile.data_disks.${index}.caching`]: "None" }, disks)[0] ?? "",
        /is no index|unknown field/,
        index,
      );
    }
  });

  it("refuses what says whose a VM is, what Azure answers, and what the runtime sets itself, each with its reason", () => {
    const refused: Readonly<Record<string, unknown>> = {
      id: "x",
      name: "x",
      type: "x",
      resources: [],
      vm_name: "x",
      resource_group_name: "other",
      "os_profile.computer_name": "x",
      "os_profile.custom_data": "eA==",
      "os_profile.admin_password": "Aa1-secret",
      "network_profile.network_interfaces": [],
      "network_profile.network_interfaces.0.id": "x",
      "storage_profile.os_disk.name": "fixed",
      "storage_profile.os_disk.managed_disk.id": "x",
      "storage_profile.os_disk.vhd.uri": "x",
    };
    for (const [key, value] of Object.entries(refused)) {
      const [problem, ...others] = override({ [key]: value });
      assert.match(problem?.message ?? "", /^(?:got [^;]*; )?not settable/, key);
      assert.deepEqual(others, [], key);
    }
    assert.ok(!JSON.stringify(override({ "os_profile.admin_password": "Aa1-secret" })).includes("Aa1-secret"));
    assert.deepEqual(pathsIn({ configOverride: { tags: { "headroom-node": "mine" } } }).length, 1);
    assert.deepEqual(pathsIn({ configOverride: { "tags.headroom-node": "mine" } }).length, 1);
  });

  it("refuses unknown names, values of another shape and what is said twice, with their paths", () => {
    const wrong: Readonly<Record<string, unknown>> = {
      hardware_profil: {},
      "hardware_profile.vm_siz": "x",
      "hardware_profile.vm_size": 4,
      "hardware_profile.vm_size.more": 4,
      "storage_profile.os_disk": "big",
      "storage_profile.data_disks": {},
      "storage_profile.data_disks.caching": "None",
      "storage_profile.os_disk.disk_size_gb": "64",
      priority: "Cheap",
      constructor: {},
      __proto__x: 1,
      "": 1,
      ".": 1,
    };
    for (const [key, value] of Object.entries(wrong)) {
      const problems = override({ [key]: value });
      assert.ok(problems.length >= 1, key);
      for (const { path } of problems) assert.ok(path.startsWith("configOverride"), path);
    }
    const nested = override({ storage_profile: { os_disk: { colour: "red", disk_size_gb: "64" } } });
    assert.equal(nested.length, 2);
    const twice = { "hardware_profile.vm_size": "Standard_D4s_v5", hardwareProfile: { vmSize: "Standard_D8s_v5" } };
    assert.match(messagesOf(twice)[0] ?? "", /says another hardwareProfile\.vmSize than a field before it/);
    const alike = { "hardware_profile.vm_size": "Standard_D4s_v5", hardwareProfile: { vmSize: "Standard_D4s_v5" } };
    assert.deepEqual(messagesOf(alike), []);
  });

  it("never makes something that stays behind: whatever is added goes with its VM", () => {
    const disks = [
      { lun: 0, diskSizeGB: 100, createOption: "Empty" },
      { lun: 1, diskSizeGB: 5, createOption: "Empty", deleteOption: "Delete" },
    ];
    const interfaces = [
      { name: "a", primary: true, ipConfigurations: [{ name: "a", publicIPAddressConfiguration: { name: "p" } }] },
      { name: "b", primary: false, ipConfigurations: [{ name: "b" }] },
    ];
    const request = changed({
      "storage_profile.data_disks": disks,
      "network_profile.network_interface_configurations": interfaces,
    });
    const made = [
      ...(valueAt(request, "storageProfile.dataDisks") as Record<string, unknown>[]),
      ...(valueAt(request, "networkProfile.networkInterfaceConfigurations") as Record<string, unknown>[]),
      valueAt(request, "storageProfile.osDisk") as Record<string, unknown>,
    ];
    for (const part of made) assert.equal(part["deleteOption"], "Delete", JSON.stringify(part));
    assert.ok(JSON.stringify(request).includes('"publicIPAddressConfiguration":{"name":"p","deleteOption":"Delete"}'));
    for (const key of [
      "storage_profile.os_disk.delete_option",
      "network_profile.network_interface_configurations.0.delete_option",
    ]) {
      assert.match(messagesOf({ [key]: "Detach" })[0] ?? "", /use "Delete"/, key);
    }
    assert.match(
      messagesOf({ "storage_profile.data_disks": [{ lun: 0, createOption: "Attach" }] })[0] ?? "",
      /attached to one VM only/,
    );
    assert.match(messagesOf({ "storage_profile.data_disks": [{ lun: 0 }, { lun: 0 }] })[0] ?? "", /LUNs 0, 0/);
    assert.match(messagesOf({ eviction_policy: "Deallocate" }, { spot: {} })[0] ?? "", /use "Delete"/);
  });

  it("keeps spot whole: a priority brings its eviction policy, and neither policy nor price stands alone", () => {
    assert.equal(changed({ priority: "Spot" })["evictionPolicy"], "Delete");
    assert.match(messagesOf({ eviction_policy: "Delete" })[0] ?? "", /only for spot VMs/);
    assert.match(messagesOf({ "billing_profile.max_price": 0.1 })[0] ?? "", /only for spot VMs/);
    assert.match(messagesOf({ "billing_profile.max_price": -2, priority: "Spot" })[0] ?? "", /above 0/);
    assert.deepEqual(messagesOf({ "billing_profile.max_price": -1, priority: "Spot", eviction_policy: "Delete" }), []);
  });

  it("refuses what the service would refuse of the whole", () => {
    const set = { id: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/availabilitySets/a" };
    const cases: readonly (readonly [object, object, RegExp])[] = [
      [{ zones: ["1", "2"] }, {}, /a VM is in one zone/],
      [{ availability_set: set }, { zone: "1" }, /not with an availability set/],
      [{ availability_set: set }, { spot: {} }, /can't be in an availability set/],
      [{ placement: { zone_placement_policy: "Any" } }, { zone: "1" }, /not with placement/],
      [{ host: set, host_group: set }, {}, /exclude each other/],
      [{ "storage_profile.image_reference.id": "/x" }, {}, /names more than one image/],
      [
        { "storage_profile.os_disk.diff_disk_settings": { option: "Local" } },
        {},
        /needs storage_profile\.os_disk\.caching ReadOnly/,
      ],
      [{ "os_profile.linux_configuration.disable_password_authentication": true }, {}, /nobody could log in/],
      [{ "network_profile.network_interface_configurations.0.primary": false }, {}, /exactly one must be/],
      [{ identity: { type: "UserAssigned" } }, {}, /names no identity/],
      [{ plan: { name: "a" } }, {}, /needs name, product and publisher/],
      [{ "security_profile.uefi_settings.secure_boot_enabled": true }, {}, /only for TrustedLaunch/],
    ];
    for (const [configOverride, more, says] of cases) {
      const messages = messagesOf(configOverride, more);
      assert.ok(
        messages.some((message) => says.test(message)),
        `${JSON.stringify(configOverride)}: ${messages.join("; ")}`,
      );
    }
    const whole = { "storage_profile.image_reference": { id: "/subscriptions/x" } };
    assert.deepEqual(valueAt(changed(whole), "storageProfile.imageReference"), { id: "/subscriptions/x" });
  });

  it("keeps its changes when a definition is read again", () => {
    const settings = { ...minimal, configOverride: { "hardware_profile.vm_size": "Standard_E4s_v5" } };
    const [first, second] = [azureSettingsSchema.parse(settings), azureSettingsSchema.parse(settings)];
    assert.deepEqual(first.configOverride, second.configOverride);
  });
});

describe("the table of Azure's request", () => {
  const sdk = new SdkTypes("@pulumi/azure-native");
  const request = sdk.read("compute/virtualMachine", "VirtualMachineArgs");

  it("has every field that the package has, and no other, at every depth", () => {
    assert.deepEqual(differences(vmShape, request, ""), []);
  });

  it("takes of each value only what the package declares", () => {
    assert.deepEqual(valueProblems(vmShape, request, ""), []);
  });

  it("has the choices that the package has, but for those that are refused on purpose", () => {
    const choices = choicesIn(
      join(dirname(require.resolve("@pulumi/azure-native/package.json")), "types/enums/compute/index.d.ts"),
    );
    assert.ok(choices.size > 50);
    const all = new Set([...choices.values()].flat());
    const unknown = enumsOf(vmShape, "").flatMap(({ path, values }) =>
      values.filter((value) => !all.has(value)).map((value) => `${path}: ${value}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("agrees with the schema facts, where they are", function () {
    const facts = join(__dirname, "../../../../shared/facts/schema/azure-native.json");
    if (!existsSync(facts)) return this.skip();
    const schema = JSON.parse(readFileSync(facts, "utf8")) as {
      resources: Record<string, { inputProperties: Record<string, unknown> }>;
    };
    const known = Object.keys(schema.resources["azure-native:compute:VirtualMachine"]!.inputProperties).sort();
    assert.deepEqual(vmShape.kind === "object" && Object.keys(vmShape.fields).sort(), known);
  });
});

/** Names that only one of both has; what is refused is not looked into. */
function differences(shape: Shape, type: SdkType | undefined, path: string): string[] {
  if (shape.kind === "refused" || shape.kind === "value" || shape.kind === "map")
    return type ? [] : [`${path}: the SDK has none`];
  if (shape.kind === "list")
    return type?.kind === "list" ? differences(shape.of, type.of, `${path}[]`) : [`${path}: no list`];
  if (type?.kind !== "object") return [`${path}: no object`];
  const names = new Set([...Object.keys(shape.fields), ...type.fields.keys()]);
  return [...names].flatMap((name) => {
    const [own, theirs] = [shape.fields[name], type.fields.get(name)?.type];
    if (own === undefined || theirs === undefined) return [`${path}.${name}: only ${own ? "here" : "in the SDK"}`];
    return differences(own, theirs, `${path}.${name}`);
  });
}

function valueProblems(shape: Shape, type: SdkType, path: string): string[] {
  if (shape.kind === "value")
    return findShapeProblems(type, z.toJSONSchema(shape.of, { io: "input" }) as JsonShape, path);
  if (shape.kind === "list" && type.kind === "list") return valueProblems(shape.of, type.of, `${path}[]`);
  if (shape.kind !== "object" || type.kind !== "object") return [];
  return Object.entries(shape.fields).flatMap(([name, inner]) =>
    valueProblems(inner, type.fields.get(name)!.type, `${path}.${name}`),
  );
}

function enumsOf(shape: Shape, path: string): { readonly path: string; readonly values: readonly string[] }[] {
  if (shape.kind === "list") return enumsOf(shape.of, `${path}[]`);
  if (shape.kind === "object")
    return Object.entries(shape.fields).flatMap(([name, inner]) => enumsOf(inner, `${path}.${name}`));
  if (shape.kind !== "value") return [];
  const json = z.toJSONSchema(shape.of, { io: "input" }) as { readonly enum?: string[]; readonly const?: string };
  const values = json.enum ?? (typeof json.const === "string" ? [json.const] : []);
  return values.length === 0 ? [] : [{ path, values }];
}

/** By name of the enum. */
function choicesIn(file: string): Map<string, string[]> {
  const text = readFileSync(file, "utf8");
  const found = [...text.matchAll(/export declare const (\w+): \{([\s\S]*?)\n\};/g)];
  return new Map(
    found.map(([, name = "", body = ""]) => [name, [...body.matchAll(/: "([^"]*)"/g)].map(([, value = ""]) => value)]),
  );
}
