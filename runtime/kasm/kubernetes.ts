/** Kasm's VM provider configs of KubeVirt and of Harvester, which are one kind here. */
import { common, startupScript, vmDefaults } from "./cloud-columns";
import { alias, to, type Table } from "./table";

const columns: Table["columns"] = {
  ...common,
  startup_script: { ...startupScript, label: "VM Startup Script" },
  kube_host: to("host", "text", "Kubernetes Host", { example: "https://kubevirt.example.org:6443" }),
  kube_ssl_cert: to("sslCertificate", "text", "Kubernetes SSL Certificate"),
  kube_api_token: to("apiToken", "text", "Kubernetes API Token", { isSecret: true }),
  vm_namespace: to("namespace", "text", "VM Namespace", {
    note: "may change: nodes of the old one are looked after there",
    example: "kasm",
  }),
  vm_public_ssh_key: to("sshPublicKey", "text", "VM SSH Public Key", {
    note: "also fills `{ssh_key}` in startup scripts",
  }),
  cores: to("cores", "count", "VM Cores", { example: 4 }),
  memory_bytes: to("memory", "bytes", "VM Memory", { note: "a quantity such as `8GiB`", example: "8GiB" }),
  memory: alias("memory", "gib"),
  disk_size_bytes: to("diskSize", "bytes", "VM Disk Size", { note: "whole GiB such as `50GiB`", example: "50GiB" }),
  disk_size: alias("diskSize", "gib"),
  interface_type: to("interfaceType", "choice", "VM Interface Type"),
  network_name: to("networkName", "text", "VM Network Name"),
  network_type: to("networkType", "choice", "VM Network Type"),
  config_override: to("configOverride", "text", "Configuration Override", {
    note: "`{server_id}` and `{node_id}` mean the same as `$KASM_NAME`; what would stay when the VM goes is refused",
  }),
  enable_tpm: to("enableTpm", "flag", "Enable TPM", { note: "not with a manifest, which says it itself" }),
  enable_efi_boot: to("enableEfiBoot", "flag", "Enable EFI Boot", { note: "not with a manifest" }),
  enable_secure_boot: to("enableSecureBoot", "flag", "Enable Secure Boot", { note: "not with a manifest" }),
};

export const kubevirt: Table = {
  ...vmDefaults,
  name: "kubevirt_vm_configs",
  title: "KubeVirt",
  cloud: "kubevirt",
  columns: {
    ...columns,
    disk_source: to("diskSource", "text", "VM Disk Source", { note: "a PVC", example: "ubuntu-golden" }),
  },
};

export const harvester: Table = {
  ...vmDefaults,
  name: "harvester_vm_configs",
  title: "Harvester",
  cloud: "kubevirt",
  note: "KubeVirt's flavor `harvester`",
  columns: {
    ...columns,
    // The table itself says it.
    flavor: to("flavor", "choice", "", { absent: "harvester" }),
    disk_image: to("diskImage", "text", "VM Disk Image", {
      note: "by its name or by that of its object",
      example: "ubuntu-22.04",
    }),
  },
};
