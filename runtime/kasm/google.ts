/** Kasm's columns of VM and DNS provider configs for Google Cloud. */
import { alias, not, to, type Table } from "./table";

/** Of both. */
export const googleAccount: Table["columns"] = {
  gcp_credentials: to("credentials", "text", "GCP Credentials", {
    isSecret: true,
    note: "the text of the key's JSON file",
  }),
  gcp_project: to("project", "text", "Project ID", { example: "pensive-voice-547511" }),
};

export const googleColumns: Table["columns"] = {
  ...googleAccount,
  gcp_region: to("region", "text", "Region", { note: "may be left out: the zone says it" }),
  gcp_zone: to("zone", "text", "Zone", { note: "or a list of zones of one region", example: "us-east4-b" }),
  gcp_machine_type: to("machineType", "text", "Machine Type", { example: "e2-standard-2" }),
  gcp_image: to("image", "text", "Machine Image", {
    note: "the image of a disk, or a family of them; not a machine image of Compute Engine",
    example: "projects/ubuntu-os-cloud/global/images/ubuntu-2004-focal-v20211212",
  }),
  gcp_boot_volume_bytes: to("bootVolumeSize", "bytes", "Boot Volume GB", { note: "whole GiB such as `50GiB`" }),
  gcp_boot_volume_gb: alias("bootVolumeSize", "gib"),
  gcp_disk_type: to("diskType", "text", "Disk Type"),
  gcp_cmek: to("cmek", "text", "Customer Managed Encryption Key (CMEK)"),
  gcp_network: to("network", "text", "Network", { note: "beside `subnetwork` only checked" }),
  gcp_subnetwork: to("subnetwork", "text", "Sub Network"),
  gcp_public_ip: to("publicIp", "flag", "Public IP"),
  gcp_network_tags: to("networkTags", "list", "Network Tags (JSON)"),
  gcp_custom_labels: to("customLabels", "json", "Custom Labels (JSON)"),
  gcp_metadata: to("metadata", "entries", "Metadata (JSON)", { note: "the list as it is, or a map" }),
  gcp_service_account: to("serviceAccount", "json", "Service Account (JSON)"),
  gcp_guest_accelerators: to("guestAccelerators", "entries", "Guest Accelerators (JSON)"),
  gcp_config_override: to("configOverride", "json", "GCP Config Override (JSON)", {
    note: "fields that Headroom sets itself, and unknown ones, are refused",
  }),
  vm_installed_os_type: to("startupScript.osType", "choice", "VM Installed OS Type", {
    note: "of the autoscale configs that use it",
  }),
  startup_script_type: not(
    "bash and PowerShell need nothing; say `windowsScriptType` for cmd and bat, `linuxScriptType` for cloud-init",
    "Startup Script Type",
  ),
};
