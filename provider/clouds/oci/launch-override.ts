/**
 * Where the fields of the API's LaunchInstanceDetails go in `oci.Core.Instance`, in the names of OCI's Python SDK. A part may
 * name the class that it is an object of in `OCI_MODEL_NAME`, which must then be the one that stands in this place.
 */
import { z } from "zod";
import type { Inputs } from "../../frame/inputs";
import { flag, into, overrideSchema, refuse, text, to, whole, within, type OverrideTable } from "../../frame/overrides";
import { definedTagsShape, faultDomainName, freeformTagsShape, ocidOf, shapeName } from "./names";
import * as shapes from "./override-shapes";

const { asText, nothingStays, oneForMany, ownName, ownScript, platformTypes, setBy } = shapes;

/** The class that a part is of; more than one where several have the same fields. */
function model(...names: readonly string[]): OverrideTable {
  const shape = z.enum(names as [string, ...string[]], { error: `use ${names.join(" or ")}, or leave it out` });
  return { OCI_MODEL_NAME: into(shape.transform((): Inputs => ({}))) };
}

/** A number or flag that the SDK takes as a text. */
function textAt(field: (value: string) => Inputs, shape: z.ZodType<number | boolean>) {
  return into(shape.transform((value): Inputs => field(asText(value))));
}

const sourceDetails: OverrideTable = {
  ...model("InstanceSourceViaImageDetails"),
  source_type: into(
    z.literal("image", 'use "image": a boot volume can be that of one VM').transform((): Inputs => ({})),
  ),
  image_id: to("sourceDetails.sourceId", ocidOf("image")),
  boot_volume_size_in_gbs: textAt((size) => ({ sourceDetails: { bootVolumeSizeInGbs: size } }), shapes.volumeSize),
  boot_volume_vpus_per_gb: textAt((vpus) => ({ sourceDetails: { bootVolumeVpusPerGb: vpus } }), shapes.volumeVpus),
  kms_key_id: to("sourceDetails.kmsKeyId", ocidOf("key")),
  instance_source_image_filter_details: refuse("not settable: name one image by the setting imageOcid"),
};

const vnic: OverrideTable = {
  ...model("CreateVnicDetails"),
  subnet_id: to("createVnicDetails.subnetId", ocidOf("subnet")),
  nsg_ids: to("createVnicDetails.nsgIds", z.array(ocidOf("networksecuritygroup")).max(5)),
  assign_public_ip: textAt((isPublic) => ({ createVnicDetails: { assignPublicIp: isPublic } }), flag),
  assign_ipv6_ip: to("createVnicDetails.assignIpv6ip", flag),
  assign_private_dns_record: to("createVnicDetails.assignPrivateDnsRecord", flag),
  skip_source_dest_check: to("createVnicDetails.skipSourceDestCheck", flag),
  subnet_cidr: to("createVnicDetails.subnetCidr", text),
  defined_tags: into(definedTags((tags) => ({ createVnicDetails: { definedTags: tags } }))),
  freeform_tags: to("createVnicDetails.freeformTags", freeformTagsShape),
  display_name: to("createVnicDetails.displayName", text),
  hostname_label: oneForMany("a host name is one VM's in its subnet"),
  private_ip: oneForMany("an address is one VM's"),
  private_ip_id: oneForMany("an address is one VM's"),
  vlan_id: refuse("not settable: use subnet_id"),
};

const shapeConfig: OverrideTable = {
  ...model("LaunchInstanceShapeConfigDetails"),
  ocpus: to("shapeConfig.ocpus", shapes.ocpus),
  memory_in_gbs: to("shapeConfig.memoryInGbs", shapes.memory),
  baseline_ocpu_utilization: to("shapeConfig.baselineOcpuUtilization", shapes.baseline),
  nvmes: to("shapeConfig.nvmes", whole),
  vcpus: to("shapeConfig.vcpus", whole),
  resource_management: to("shapeConfig.resourceManagement", z.enum(["DYNAMIC", "STATIC"])),
};

const plugin = overrideSchema({
  ...model("InstanceAgentPluginConfigDetails"),
  name: to("name", text),
  desired_state: to("desiredState", shapes.desiredState),
}).refine((config) => "name" in config && "desiredState" in config, "needs both name and desired_state");

const agentConfig: OverrideTable = {
  ...model("LaunchInstanceAgentConfigDetails"),
  is_monitoring_disabled: to("agentConfig.isMonitoringDisabled", flag),
  is_management_disabled: to("agentConfig.isManagementDisabled", flag),
  are_all_plugins_disabled: to("agentConfig.areAllPluginsDisabled", flag),
  plugins_config: into(z.array(plugin).transform((configs): Inputs => ({ agentConfig: { pluginsConfigs: configs } }))),
};

const launchOptions: OverrideTable = {
  ...model("LaunchOptions"),
  boot_volume_type: to("launchOptions.bootVolumeType", shapes.bootVolumeType),
  firmware: to("launchOptions.firmware", shapes.firmware),
  network_type: to("launchOptions.networkType", shapes.networkType),
  remote_data_volume_type: to("launchOptions.remoteDataVolumeType", shapes.bootVolumeType),
  is_pv_encryption_in_transit_enabled: to("launchOptions.isPvEncryptionInTransitEnabled", flag),
  is_consistent_volume_naming_enabled: to("launchOptions.isConsistentVolumeNamingEnabled", flag),
};

const platformClass = z.enum(Object.keys(platformTypes) as [keyof typeof platformTypes]);

const platformConfig: OverrideTable = {
  OCI_MODEL_NAME: into(platformClass.transform((name): Inputs => ({ platformConfig: { type: platformTypes[name] } }))),
  type: to("platformConfig.type", z.enum(Object.values(platformTypes) as [string, ...string[]])),
  are_virtual_instructions_enabled: to("platformConfig.areVirtualInstructionsEnabled", flag),
  config_map: to("platformConfig.configMap", z.record(text, text)),
  is_access_control_service_enabled: to("platformConfig.isAccessControlServiceEnabled", flag),
  is_input_output_memory_management_unit_enabled: to("platformConfig.isInputOutputMemoryManagementUnitEnabled", flag),
  is_measured_boot_enabled: to("platformConfig.isMeasuredBootEnabled", flag),
  is_memory_encryption_enabled: to("platformConfig.isMemoryEncryptionEnabled", flag),
  is_secure_boot_enabled: to("platformConfig.isSecureBootEnabled", flag),
  is_symmetric_multi_threading_enabled: to("platformConfig.isSymmetricMultiThreadingEnabled", flag),
  is_trusted_platform_module_enabled: to("platformConfig.isTrustedPlatformModuleEnabled", flag),
  numa_nodes_per_socket: to("platformConfig.numaNodesPerSocket", z.enum(["NPS0", "NPS1", "NPS2", "NPS4"])),
  percentage_of_cores_enabled: to("platformConfig.percentageOfCoresEnabled", z.int().min(1).max(100)),
};

const preemptible: OverrideTable = {
  ...model("PreemptibleInstanceConfigDetails"),
  preemption_action: within({
    ...model("TerminatePreemptionAction"),
    type: to("preemptibleInstanceConfig.preemptionAction.type", z.literal("TERMINATE")),
    preserve_boot_volume: to(
      "preemptibleInstanceConfig.preemptionAction.preserveBootVolume",
      z.literal(false, "use false: volumes go with their VM"),
    ),
  }),
};

const fieldsOfLaunch: OverrideTable = {
  ...model("LaunchInstanceDetails"),
  agent_config: within(agentConfig),
  availability_config: within({
    ...model("LaunchInstanceAvailabilityConfigDetails"),
    is_live_migration_preferred: to("availabilityConfig.isLiveMigrationPreferred", flag),
    recovery_action: to("availabilityConfig.recoveryAction", shapes.recoveryAction),
  }),
  availability_domain: setBy("availabilityDomains"),
  capacity_reservation_id: to("capacityReservationId", ocidOf("capacityreservation")),
  cluster_placement_group_id: to("clusterPlacementGroupId", ocidOf("clusterplacementgroup")),
  compartment_id: setBy("compartmentOcid"),
  compute_cluster_id: to("computeClusterId", ocidOf("computecluster")),
  create_vnic_details: within(vnic),
  dedicated_vm_host_id: to("dedicatedVmHostId", ocidOf("dedicatedvmhost")),
  defined_tags: into(definedTags((tags) => ({ definedTags: tags }))),
  display_name: ownName,
  extended_metadata: into(shapes.extendedMetadata),
  fault_domain: to("faultDomain", faultDomainName),
  freeform_tags: to("freeformTags", freeformTagsShape),
  hostname_label: oneForMany("a host name is one VM's in its subnet"),
  image_id: refuse("not settable here: use source_details.image_id"),
  instance_configuration_id: refuse("not settable: it would add what stands in no settings here"),
  instance_options: within({
    ...model("InstanceOptions"),
    are_legacy_imds_endpoints_disabled: to("instanceOptions.areLegacyImdsEndpointsDisabled", flag),
  }),
  ipxe_script: to("ipxeScript", text),
  is_ai_enterprise_enabled: to("isAiEnterpriseEnabled", flag),
  is_pv_encryption_in_transit_enabled: to("isPvEncryptionInTransitEnabled", flag),
  launch_options: within(launchOptions),
  launch_volume_attachments: refuse("not settable here: use inputOverride.launchVolumeAttachments"),
  licensing_configs: refuse("not settable here: use inputOverride.licensingConfigs"),
  metadata: to("metadata", shapes.metadataShape),
  placement_constraint_details: refuse("not settable here: use inputOverride.placementConstraintDetails"),
  platform_config: within(platformConfig),
  preemptible_instance_config: within(preemptible),
  preserve_boot_volume: nothingStays,
  security_attributes: refuse("not settable here: use inputOverride.securityAttributes"),
  shape: to("shape", shapeName),
  shape_config: within(shapeConfig),
  source_details: within(sourceDetails),
  subnet_id: refuse("not settable here: use create_vnic_details.subnet_id"),
  user_data: ownScript,
};

/** Also inside of the one argument of the SDK's call, as people copy it. */
export const launchFields: OverrideTable = { ...fieldsOfLaunch, launch_instance_details: within(fieldsOfLaunch) };

/** `{ namespace: { key: value } }` is one text key there: `namespace.key`. */
function definedTags(inputsOf: (tags: Readonly<Record<string, string>>) => Inputs) {
  const namespaces = z.record(text, z.record(text, text));
  return namespaces.transform((all, context): Inputs => {
    const pairs = Object.entries(all).flatMap(([namespace, tags]) =>
      Object.entries(tags).map(([key, value]) => [`${namespace}.${key}`, value] as const),
    );
    const flat = definedTagsShape.safeParse(Object.fromEntries(pairs));
    if (flat.success) return inputsOf(flat.data);
    for (const { message } of flat.error.issues) context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}
