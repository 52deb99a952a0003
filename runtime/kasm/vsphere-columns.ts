/** Kasm's VM provider config of VMware vSphere. */
import { not, to, type Table } from "./table";

export const vsphereColumns: Table["columns"] = {
  vsphere_vcenter_address: to("vcenterAddress", "host", "vCenter Address", {
    note: "without a scheme and a port",
    example: "vcenter.example.org",
  }),
  vsphere_vcenter_port: to("vcenterPort", "count", "vCenter Port"),
  vsphere_vcenter_username: to("username", "text", "vCenter Username", { example: "headroom@vsphere.local" }),
  vsphere_vcenter_password: to("password", "text", "vCenter Password", { isSecret: true }),
  vsphere_template_name: to("templateName", "text", "VM Template Name", { example: "ubuntu-agent" }),
  vsphere_datacenter_name: to("datacenter", "text", "Datacenter Name", { example: "DC1" }),
  vsphere_vm_folder: to("folder", "text", "VM Folder", { note: 'from the top, such as "labs/agents"' }),
  vsphere_datastore_name: to("datastore", "text", "Datastore Name"),
  vsphere_cluster_name: to("cluster", "text", "Cluster Name"),
  vsphere_resource_pool: to("resourcePool", "text", "Resource Pool"),
  vsphere_datastore_cluster_name: to("datastoreCluster", "text", "Datastore Cluster Name", {
    note: "in the place of `datastore`",
  }),
  vsphere_use_datastore_cluster: not(
    "give `datastoreCluster` or `datastore`, one of the two",
    "Use Datastore Cluster",
    {
      form: "flag",
    },
  ),
  vsphere_os_username: to("guestUsername", "text", "Guest VM Username", {
    note: "with it VMware Tools run the startup script, without it cloud-init",
  }),
  vsphere_os_password: to("guestPassword", "text", "Guest VM Password", { isSecret: true }),
  vsphere_cpus: to("cpus", "count", "Number of Guest CPUs", { example: 4 }),
  vsphere_memory_bytes: to("memory", "bytes", "Amount of Guest Memory (GiB)", {
    note: "a quantity such as `8GiB`",
    example: "8GiB",
  }),
  vsphere_installed_OS_type: to("startupScript.osType", "choice", "What family of OS is installed in the VM", {
    note: "of the autoscale configs that use it",
  }),
  vsphere_clone_type: to("cloneType", "choice", "Clone Type", {
    note: "`full` or `linked`; instant clones can't be made",
  }),
  vsphere_vm_name: not("a VM has the name of its node, by which it is found again", "VM Name"),
  vsphere_vm_snapshot_name: to("snapshotName", "text", "VM Snapshot Name", {
    note: "a linked clone is made from the template's only snapshot, which must have this name",
  }),
  vsphere_startup_script_method: not(
    "it follows from the guest's account; say `startupScriptMethod` where another one is meant",
    "Startup Script Method",
  ),
  vm_public_ssh_key: to("sshPublicKey", "text", "VM SSH Public Key"),
};
