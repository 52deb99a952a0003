/** Kasm's VM and DNS provider configs. */
import { azureColumns, azureDnsColumns } from "./azure-columns";
import { common, startupScript, vmDefaults } from "./cloud-columns";
import { googleAccount, googleColumns } from "./google";
import { harvester, kubevirt } from "./kubernetes";
import { openStackColumns } from "./openstack-columns";
import { ociAccount, ociColumns } from "./oracle";
import { alias, not, to, type Table } from "./table";
import { vsphereColumns } from "./vsphere-columns";

/** What every DNS provider config has. */
const dnsCommon: Table["columns"] = {
  config_id: not("only refers to the row; names refer here", "", { form: "id" }),
  config_name: to("name", "name", "Name", { note: "lower-case letters, digits and dashes" }),
  name: alias("name", "name"),
};

const dnsDefaults = { target: "dnsProviderConfig", id: "config_id", label: "config_name" } as const;

const awsKeys: Table["columns"] = {
  aws_access_key_id: to("accessKeyId", "text", "AWS Access Key ID", { isSecret: true }),
  aws_secret_access_key: to("secretAccessKey", "text", "AWS Secret Access Key", { isSecret: true }),
};

const aws: Table = {
  ...vmDefaults,
  name: "aws_configs",
  title: "AWS",
  cloud: "aws",
  id: "aws_config_id",
  columns: {
    ...common,
    aws_config_id: not("only refers to the row; names refer here", "", { form: "id" }),
    ...awsKeys,
    aws_region: to("region", "text", "AWS: Region", { example: "us-east-1" }),
    aws_ec2_ami_id: to("amiId", "text", "AWS: EC2 AMI ID", { example: "ami-0abcdef1234567890" }),
    aws_ec2_instance_type: to("instanceType", "text", "AWS: EC2 Instance Type", { example: "m7i.large" }),
    aws_max_instances: alias("maxInstances", "count"),
    aws_ec2_security_group_ids: to("securityGroupIds", "list", "AWS: EC2 Security Group IDs", {
      note: "required",
      example: ["sg-0123"],
    }),
    aws_ec2_subnet_id: to("subnetId", "text", "AWS: EC2 Subnet ID", { note: "required", example: "subnet-0123" }),
    aws_ec2_ebs_volume_size_bytes: to("ebsVolumeSize", "bytes", "AWS: EC2 EBS Volume Size (GB)", {
      note: "whole GiB such as `50GiB`",
    }),
    aws_ec2_ebs_volume_size_gb: alias("ebsVolumeSize", "gib"),
    aws_ec2_ebs_volume_size: alias("ebsVolumeSize", "gib"),
    aws_ec2_ebs_volume_type: to("ebsVolumeType", "text", "AWS: EC2 EBS Volume Type"),
    aws_ec2_iam: to("iamInstanceProfile", "text", "AWS: EC2 IAM", { note: "name or ARN of the instance profile" }),
    aws_ec2_custom_tags: to("tags", "json", "AWS: EC2 Custom Tags"),
    aws_ec2_config_override: to("configOverride", "json", "AWS Config Override (JSON)", {
      note: "fields that Headroom sets itself, and unknown ones, are refused",
    }),
    aws_config_override: alias("configOverride", "json"),
    retrieve_password: to("retrieveWindowsPassword", "flag", "Retrieve Windows VM Password from AWS", {
      note: "needs `keyName`",
    }),
    aws_ec2_key_pair_name: to("keyName", "text", "AWS: EC2 Key Pair Name", { example: "headroom" }),
    aws_ec2_public_key: not("name a key pair that is in AWS by `keyName`", "SSH Keys"),
    aws_ec2_private_key: not("name a key pair that is in AWS by `keyName`", "SSH Keys", { isSecret: true }),
    aws_ec2_startup_script: { ...startupScript, isAlias: true },
  },
};

const digitalOcean: Table = {
  ...vmDefaults,
  name: "digital_ocean_vm_configs",
  title: "DigitalOcean",
  cloud: "digitalocean",
  columns: {
    ...common,
    digital_ocean_token: to("token", "text", "Token", { isSecret: true }),
    region: to("region", "text", "Region", { example: "nyc1" }),
    digital_ocean_droplet_image: to("image", "text", "Image", { example: "ubuntu-24-04-x64" }),
    digital_ocean_droplet_size: to("size", "text", "Droplet Size", { example: "c-2" }),
    digital_ocean_tags: to("tags", "text", "Tags", { note: "the first Droplet makes those that are not there" }),
    digital_ocean_sshkey_name: to("sshKeyName", "text", "SSH Key Name"),
    digital_ocean_firewall_name: to("firewallName", "text", "Firewall Name", {
      note: "it is given a tag of the nodes, which is made first",
    }),
  },
};

const proxmox: Table = {
  ...vmDefaults,
  name: "proxmox_vm_configs",
  title: "Proxmox",
  cloud: "proxmox",
  columns: {
    ...common,
    host: to("host", "host", "Host", { note: "without a scheme", example: "pve.example.org" }),
    username: to("username", "text", "Username", { example: "headroom@pve" }),
    token_name: to("tokenName", "tokenName", "Token Name", {
      note: "without the user and its `!`",
      example: "runtime",
    }),
    token_value: to("tokenValue", "text", "Token Value", { isSecret: true }),
    verify_ssl: to("verifySsl", "flag", "Verify SSL", { absent: true }),
    vmid_range_lower: to("vmIdRangeLower", "count", "VMID Range Lower"),
    vmid_range_upper: to("vmIdRangeUpper", "count", "VMID Range Upper"),
    full_clone: to("fullClone", "flag", "Full Clone", { absent: true, note: "without it false here" }),
    template_name: to("templateName", "text", "Template Name", { example: "ubuntu-agent" }),
    cluster_node_name: to("clusterNode", "text", "Cluster Node Name", { example: "pve1" }),
    resource_pool_name: to("resourcePool", "text", "Resource Pool Name"),
    storage_pool_name: to("storagePool", "text", "Storage Pool Name", { note: "only with `fullClone`" }),
    target_node_name: to("targetNode", "text", "Target Node Name"),
    cores: to("cores", "count", "VM Cores", { example: 4 }),
    memory_bytes: to("memory", "bytes", "VM Memory", { note: "a quantity such as `8GiB`", example: "8GiB" }),
    memory_gb: alias("memory", "gib"),
    memory: alias("memory", "gib"),
    installed_os_type: to("startupScript.osType", "choice", "Installed OS Type", {
      note: "of the autoscale configs that use it",
    }),
    startup_script_path: to("startupScriptPath", "text", "Startup Script Path"),
  },
};

const awsDns: Table = {
  ...dnsDefaults,
  name: "aws_dns_configs",
  title: "AWS (Route 53)",
  cloud: "aws",
  columns: { ...dnsCommon, ...awsKeys },
};

const digitalOceanDns: Table = {
  ...dnsDefaults,
  name: "digital_ocean_dns_configs",
  title: "DigitalOcean",
  cloud: "digitalocean",
  columns: { ...dnsCommon, digital_ocean_token: to("token", "text", "Token", { isSecret: true }) },
};

const azure: Table = {
  ...vmDefaults,
  name: "azure_configs",
  title: "Azure",
  cloud: "azure",
  id: "azure_config_id",
  columns: { ...common, ...azureColumns },
};

const gcp: Table = {
  ...vmDefaults,
  name: "gcp_vm_configs",
  title: "Google Cloud (GCP)",
  cloud: "gcp",
  columns: { ...common, ...googleColumns },
};

const oci: Table = {
  ...vmDefaults,
  name: "oci_vm_configs",
  title: "Oracle Cloud (OCI)",
  cloud: "oci",
  columns: { ...common, ...ociColumns },
};

const vsphere: Table = {
  ...vmDefaults,
  name: "vsphere_vm_configs",
  title: "VMware vSphere",
  cloud: "vsphere",
  columns: { ...common, ...vsphereColumns },
};

const openstack: Table = {
  ...vmDefaults,
  name: "openstack_vm_configs",
  title: "OpenStack",
  cloud: "openstack",
  columns: { ...common, ...openStackColumns },
};

const nutanix: Table = {
  ...vmDefaults,
  name: "nutanix_vm_configs",
  title: "Nutanix",
  cloud: "nutanix",
  columns: {
    ...common,
    host: to("host", "host", "Host", { note: "of Prism Central, without a scheme", example: "prism.example.org" }),
    port: to("port", "count", "Port"),
    username: to("username", "text", "Username", { example: "headroom@example.org" }),
    password: to("password", "text", "Password", { isSecret: true }),
    api_version: not("version 3 of Prism Central's interface is spoken", "API Version"),
    vm_candidate: to("vmCandidate", "text", "VM Candidate", {
      note: "an image; a VM is not copied: make an image of its disk, and name its `subnet`",
      example: "ubuntu-agent",
    }),
    cores: to("cores", "count", "Cores", { example: 4 }),
    memory_bytes: to("memory", "bytes", "Memory", { note: "a quantity such as `8GiB`", example: "8GiB" }),
    verify_ssl: to("verifySsl", "flag", "Verify SSL", { absent: true }),
  },
};

const azureDns: Table = {
  ...dnsDefaults,
  name: "azure_dns_configs",
  title: "Azure DNS",
  cloud: "azure",
  id: "azure_dns_config_id",
  columns: { ...dnsCommon, ...azureDnsColumns },
};
const gcpDns: Table = {
  ...dnsDefaults,
  name: "gcp_dns_configs",
  title: "Google Cloud DNS",
  cloud: "gcp",
  columns: { ...dnsCommon, ...googleAccount },
};
const ociDns: Table = {
  ...dnsDefaults,
  name: "oci_dns_configs",
  title: "Oracle Cloud DNS",
  cloud: "oci",
  columns: { ...dnsCommon, ...ociAccount },
};

export const vmProviderConfigs: readonly Table[] = [
  ...[aws, azure, digitalOcean, gcp, oci, openstack, vsphere, kubevirt, harvester, proxmox, nutanix],
];
export const dnsProviderConfigs: readonly Table[] = [awsDns, azureDns, digitalOceanDns, gcpDns, ociDns];
