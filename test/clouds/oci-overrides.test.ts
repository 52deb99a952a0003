/** Additions to what OCI is asked for, in the names of its Python SDK and in those of the Pulumi resource. */
import assert from "node:assert/strict";
import { z } from "zod";
import { instanceInputs } from "../../provider/clouds/oci/instance-inputs";
import { launchFields } from "../../provider/clouds/oci/launch-override";
import { platformTypes } from "../../provider/clouds/oci/override-shapes";
import { overrideSchema, type OverrideRule } from "../../provider/frame/overrides";
import { findShapeProblems, findTypeProblems, SdkTypes, type JsonShape } from "./sdk-types";

const launch = overrideSchema(launchFields);
const inputs = overrideSchema(instanceInputs);
const pathsOf = (schema: typeof launch, override: object): string[] => {
  const parsed = schema.safeParse(override);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join(".")).sort();
};
const sdk = new SdkTypes("@pulumi/oci").read("core/instance", "InstanceArgs");

const plugin = { name: "Vulnerability Scanning", desired_state: "ENABLED" };
const plugins = { pluginsConfigs: [{ name: "Vulnerability Scanning", desiredState: "ENABLED" }] };

describe("overrides of OCI in the words of its Python SDK", () => {
  it("take the example of the reference with and without names of classes, inside of the call's argument or not", () => {
    const withNames = {
      agent_config: {
        OCI_MODEL_NAME: "LaunchInstanceAgentConfigDetails",
        plugins_config: [{ OCI_MODEL_NAME: "InstanceAgentPluginConfigDetails", ...plugin }],
      },
    };
    for (const override of [
      withNames,
      { agent_config: { plugins_config: [plugin] } },
      { launch_instance_details: withNames },
      { OCI_MODEL_NAME: "LaunchInstanceDetails", ...withNames },
    ]) {
      assert.deepEqual(launch.parse(override), { agentConfig: plugins });
    }
  });

  it("put every part where the SDK has it", () => {
    const override = {
      availability_config: { recovery_action: "STOP_INSTANCE", is_live_migration_preferred: false },
      create_vnic_details: {
        OCI_MODEL_NAME: "CreateVnicDetails",
        assign_public_ip: true,
        nsg_ids: ["ocid1.networksecuritygroup.oc1.iad.a"],
        defined_tags: { Operations: { CostCenter: "42" } },
        assign_ipv6_ip: true,
      },
      source_details: {
        OCI_MODEL_NAME: "InstanceSourceViaImageDetails",
        source_type: "image",
        boot_volume_size_in_gbs: 120,
        boot_volume_vpus_per_gb: 20,
        kms_key_id: "ocid1.key.oc1.iad.k",
      },
      shape_config: { OCI_MODEL_NAME: "LaunchInstanceShapeConfigDetails", ocpus: 4, memory_in_gbs: 32, nvmes: 1 },
      launch_options: { network_type: "PARAVIRTUALIZED", firmware: "UEFI_64" },
      platform_config: { OCI_MODEL_NAME: "AmdVmLaunchInstancePlatformConfig", is_secure_boot_enabled: true },
      preemptible_instance_config: {
        preemption_action: {
          OCI_MODEL_NAME: "TerminatePreemptionAction",
          type: "TERMINATE",
          preserve_boot_volume: false,
        },
      },
      instance_options: { are_legacy_imds_endpoints_disabled: false },
      metadata: { key: "value" },
      extended_metadata: { a: { b: 1 }, c: "text" },
      fault_domain: "FAULT-DOMAIN-2",
      defined_tags: { Operations: { Team: "labs", CostCenter: "42" } },
      freeform_tags: { a: "1" },
      is_pv_encryption_in_transit_enabled: true,
      ipxe_script: "#!ipxe",
    };

    const made = launch.parse(override);

    assert.deepEqual(made, {
      availabilityConfig: { recoveryAction: "STOP_INSTANCE", isLiveMigrationPreferred: false },
      createVnicDetails: {
        assignPublicIp: "true",
        nsgIds: ["ocid1.networksecuritygroup.oc1.iad.a"],
        definedTags: { "Operations.CostCenter": "42" },
        assignIpv6ip: true,
      },
      sourceDetails: { bootVolumeSizeInGbs: "120", bootVolumeVpusPerGb: "20", kmsKeyId: "ocid1.key.oc1.iad.k" },
      shapeConfig: { ocpus: 4, memoryInGbs: 32, nvmes: 1 },
      launchOptions: { networkType: "PARAVIRTUALIZED", firmware: "UEFI_64" },
      platformConfig: { type: "AMD_VM", isSecureBootEnabled: true },
      preemptibleInstanceConfig: { preemptionAction: { type: "TERMINATE", preserveBootVolume: false } },
      instanceOptions: { areLegacyImdsEndpointsDisabled: false },
      metadata: { key: "value" },
      extendedMetadata: { a: '{"b":1}', c: "text" },
      faultDomain: "FAULT-DOMAIN-2",
      definedTags: { "Operations.Team": "labs", "Operations.CostCenter": "42" },
      freeformTags: { a: "1" },
      isPvEncryptionInTransitEnabled: true,
      ipxeScript: "#!ipxe",
    });
    const withRequired = { ...made, availabilityDomain: "", compartmentId: "" };
    const sourceDetails = { ...(made["sourceDetails"] as object), sourceType: "image" };
    assert.deepEqual(findTypeProblems(sdk, { ...withRequired, sourceDetails }), []);
  });

  it("know each class of a platform config by its name", () => {
    for (const [name, type] of Object.entries(platformTypes)) {
      assert.deepEqual(launch.parse({ platform_config: { OCI_MODEL_NAME: name } }), { platformConfig: { type } });
    }
    const contradiction = { OCI_MODEL_NAME: "AmdVmLaunchInstancePlatformConfig", type: "INTEL_VM" };
    assert.deepEqual(pathsOf(launch, { platform_config: contradiction }), ["platform_config.type"]);
  });

  it("refuse a class that stands elsewhere, unknown fields, wrong shapes, and what is said twice, each with its path", () => {
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [{ agent_config: { OCI_MODEL_NAME: "CreateVnicDetails" } }, ["agent_config.OCI_MODEL_NAME"]],
      [{ source_details: { OCI_MODEL_NAME: "InstanceSourceViaBootVolumeDetails" } }, ["source_details.OCI_MODEL_NAME"]],
      [{ source_details: { source_type: "bootVolume" } }, ["source_details.source_type"]],
      [{ agent_config: { plugins: [] } }, ["agent_config.plugins"]],
      [{ agent_config: { plugins_config: [{ name: "x" }] } }, ["agent_config.plugins_config.0"]],
      [{ agent_config: { plugins_config: [{ ...plugin, state: 1 }] } }, ["agent_config.plugins_config.0.state"]],
      [{ agentConfig: {} }, ["agentConfig"]],
      [{ shape_config: { ocpus: "4" } }, ["shape_config.ocpus"]],
      [{ create_vnic_details: { assign_public_ip: "yes" } }, ["create_vnic_details.assign_public_ip"]],
      [{ metadata: { user_data: "x" } }, ["metadata.user_data"]],
      [{ metadata: { ssh_authorized_keys: "x" } }, ["metadata.ssh_authorized_keys"]],
      [{ defined_tags: { "Operations.CostCenter": "42" } }, ["defined_tags.Operations.CostCenter"]],
      [{ shape: "VM.A", launch_instance_details: { shape: "VM.B" } }, ["launch_instance_details"]],
    ];
    for (const [override, paths] of cases) assert.deepEqual(pathsOf(launch, override), paths, JSON.stringify(override));
  });

  it("leave alone what is Headroom's, what stays, and what only one VM can have", () => {
    const refused = [
      ...["display_name", "compartment_id", "availability_domain", "hostname_label", "image_id", "subnet_id"],
      ...["instance_configuration_id", "launch_volume_attachments"],
    ];
    for (const field of refused) assert.deepEqual(pathsOf(launch, { [field]: "x" }), [field]);
    for (const field of ["private_ip", "private_ip_id", "hostname_label", "vlan_id"]) {
      assert.deepEqual(pathsOf(launch, { create_vnic_details: { [field]: "x" } }), [`create_vnic_details.${field}`]);
    }
    const kept = { preemption_action: { preserve_boot_volume: true } };
    assert.equal(pathsOf(launch, { preemptible_instance_config: kept }).length, 1);
  });
});

describe("overrides of OCI in the words of the Pulumi resource", () => {
  it("know every input that the SDK has", () => {
    assert.deepEqual(Object.keys(instanceInputs).sort(), [...sdk.fields.keys()].sort());
  });

  it("let pass nothing that the SDK does not declare", () => {
    for (const [field, rule] of Object.entries<OverrideRule>(instanceInputs)) {
      if (rule.rule !== "to") continue;
      const shape = z.toJSONSchema(rule.shape, { io: "input" }) as JsonShape;
      assert.deepEqual(findShapeProblems(sdk.fields.get(field)?.type, shape, field), []);
    }
  });

  it("refuse what is Headroom's, what stays behind, and numbers where the SDK wants text", () => {
    for (const field of ["displayName", "compartmentId", "availabilityDomain", "state", "async", "image", "subnetId"]) {
      assert.deepEqual(pathsOf(inputs, { [field]: "x" }), [field]);
    }
    for (const [override, path] of [
      [{ sourceDetails: { bootVolumeSizeInGbs: 100 } }, "sourceDetails.bootVolumeSizeInGbs"],
      [{ sourceDetails: { bootVolumeSizeInGbs: "40" } }, "sourceDetails.bootVolumeSizeInGbs"],
      [{ sourceDetails: { isPreserveBootVolumeEnabled: true } }, "sourceDetails.isPreserveBootVolumeEnabled"],
      [{ createVnicDetails: { assignPublicIp: true } }, "createVnicDetails.assignPublicIp"],
      [{ createVnicDetails: { privateIp: "10.0.0.1" } }, "createVnicDetails.privateIp"],
      [{ metadata: { user_data: "x" } }, "metadata.user_data"],
    ] as const) {
      assert.deepEqual(pathsOf(inputs, override), [path]);
    }
  });
});
