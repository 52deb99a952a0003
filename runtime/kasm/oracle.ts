/** Columns of Kasm's VM and DNS provider configs of Oracle Cloud. */
import { alias, to, type Table } from "./table";

/** Of both. */
export const ociAccount: Table["columns"] = {
  oci_user_ocid: to("userOcid", "text", "User OCID", { example: "ocid1.user.oc1..xyz" }),
  oci_fingerprint: to("fingerprint", "text", "Public Key Fingerprint", { note: "that of the private key" }),
  oci_private_key: to("privateKey", "text", "Private Key", { isSecret: true }),
  oci_region: to("region", "text", "Region", { example: "us-ashburn-1" }),
  oci_tenancy_ocid: to("tenancyOcid", "text", "Tenancy OCID", { example: "ocid1.tenancy.oc1..xyz" }),
  oci_compartment_ocid: to("compartmentOcid", "text", "Compartment OCID", { example: "ocid1.compartment.oc1..xyz" }),
};

export const ociColumns: Table["columns"] = {
  ...ociAccount,
  oci_nsg_ocids: to("nsgOcids", "list", "Network Security Group OCIDs (JSON)"),
  oci_availability_domains: to("availabilityDomains", "list", "Availability Domains (JSON)", {
    note: "tried in their order",
    example: ["BEol:US-ASHBURN-AD-1"],
  }),
  oci_availability_domain: alias("availabilityDomains", "list"),
  oci_image_ocid: to("imageOcid", "text", "Image OCID", { example: "ocid1.image.oc1.iad.xyz" }),
  oci_shape: to("shape", "text", "Shape", { example: "VM.Standard.E4.Flex" }),
  oci_flex_cpus: to("ocpus", "count", "Flex CPUs", { note: "only with a flexible shape, and then required" }),
  oci_baseline_ocpu_utilization: to("baselineOcpuUtilization", "text", "Burstable Base CPU Utilization", {
    note: "`BASELINE_1_8` is 12.5 %, `BASELINE_1_2` 50 %, `BASELINE_1_1` 100 %",
  }),
  oci_flex_memory_bytes: to("memory", "bytes", "Flex Memory GB", {
    note: "a quantity such as `16GiB`; as `ocpus`",
  }),
  oci_flex_memory_gb: alias("memory", "gib"),
  oci_boot_volume_bytes: to("bootVolumeSize", "bytes", "Boot Volume GB", { note: "whole GiB such as `100GiB`" }),
  oci_boot_volume_gb: alias("bootVolumeSize", "gib"),
  oci_storage_vpus_per_gb: to("bootVolumeVpusPerGb", "count", "Boot Volume VPUs Per GB"),
  oci_custom_tags: to("freeformTags", "json", "Custom Tags (JSON)", { note: "at most 5" }),
  oci_subnet_ocid: to("subnetOcid", "text", "Subnet OCID", { example: "ocid1.subnet.oc1.iad.xyz" }),
  oci_ssh_public_key: to("sshPublicKey", "text", "SSH Public Key"),
  oci_config_override: to("configOverride", "json", "OCI Config Override", {
    note: "fields that Headroom sets itself, and unknown ones, are refused",
  }),
};
