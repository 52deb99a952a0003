/** Kasm's VM and DNS provider configs of Microsoft Azure. */
import { not, to, type Table } from "./table";

const account: Table["columns"] = {
  azure_subscription_id: to("subscriptionId", "text", "Subscription ID", {
    example: "00000000-0000-0000-0000-000000000000",
  }),
  azure_resource_group: to("resourceGroup", "text", "Resource Group", { example: "dev" }),
  azure_tenant_id: to("tenantId", "text", "Tenant ID"),
  azure_client_id: to("clientId", "text", "Client ID"),
  azure_client_secret: to("clientSecret", "text", "Client Secret", { isSecret: true }),
  azure_authority: to("authority", "choice", "Azure Authority", {
    note: "Azure Germany was closed in 2021 and is refused",
  }),
};

export const azureColumns: Table["columns"] = {
  ...account,
  azure_config_id: not("only refers to the row; names refer here", "", { form: "id" }),
  azure_region: to("region", "text", "Region", { example: "eastus" }),
  azure_vm_size: to("vmSize", "text", "VM Size", { example: "Standard_D4s_v5" }),
  azure_os_disk_type: to("osDiskType", "text", "OS Disk Type"),
  azure_os_disk_size_bytes: to("osDiskSize", "bytes", "OS Disk Size (GB)", { note: "whole GiB such as `64GiB`" }),
  azure_image_reference: to("imageReference", "json", "OS Image Reference (JSON)", {
    note: "a URN or an id as text is taken too",
    example: "Canonical:ubuntu-24_04-lts:server:latest",
  }),
  azure_network_sg: to("networkSecurityGroup", "text", "Network Security Group"),
  azure_subnet: to("subnet", "text", "Subnet", {
    note: "the whole id",
    example:
      "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/dev/providers/Microsoft.Network/virtualNetworks/labs/subnets/default",
  }),
  azure_public_ip: to("assignPublicIp", "flag", "Assign Public IP"),
  azure_tags: to("tags", "json", "Tags (JSON)"),
  azure_os_username: to("osUsername", "text", "OS Username", { example: "labs" }),
  azure_os_password: to("osPassword", "text", "OS Password", { isSecret: true }),
  azure_ssh_public_key: to("sshPublicKey", "text", "SSH Public Key", {
    note: "with it password login by SSH is switched off",
  }),
  azure_config_override: to("configOverride", "json", "Config Override (JSON)", {
    note: "the same paths; fields that Headroom sets itself, and unknown ones, are refused",
  }),
  azure_is_windows: not("say `startupScript.osType` in the autoscale configs that use it", "Windows", { form: "flag" }),
  azure_plan_name: to("plan.name", "text", "Plan Name"),
  azure_plan_product: to("plan.product", "text", "Plan Product"),
  azure_plan_publisher: to("plan.publisher", "text", "Plan Publisher"),
  azure_security_type: to("securityType", "text", "Security Type"),
  azure_secure_boot_enabled: to("secureBoot", "flag", "Secure Boot"),
  azure_tpm_enabled: to("vTpm", "flag", "TPM"),
};

export const azureDnsColumns: Table["columns"] = {
  ...account,
  azure_dns_config_id: not("only refers to the row; names refer here", "", { form: "id" }),
  azure_region: to("region", "text", "Region", { note: "DNS zones of Azure are global: it is not used" }),
};
