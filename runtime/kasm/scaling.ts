/** Kasm's autoscale configs, schedules and staging configs. */
import { alias, not, to, type Table } from "./table";

const state = "state of a running Kasm, not a setting";
const agents = "docker agents only";
const servers = "servers only";
const memory = "a quantity such as `8GiB`; there bytes, in older versions MB or GiB";

export const autoscaleConfigs: Table = {
  name: "autoscale_configs",
  title: "Autoscale config",
  target: "autoscaleConfig",
  id: "autoscale_config_id",
  label: "autoscale_config_name",
  columns: {
    autoscale_config_id: not("only refers to the row; names refer here", "", { form: "id" }),
    autoscale_config_name: to("name", "name", "Name", { note: "lower-case letters, digits and dashes" }),
    name: alias("name", "name"),
    autoscale_type: to("type", "choice", "AutoScale Type", {
      absent: "Docker Agent",
      note: "`AutoscaleConfig` or `ServerAutoscaleConfig` in a program",
    }),
    type: alias("type", "choice"),
    server_pool_id: to("pool", "reference", "Pool", { to: "server_pools", example: "agents" }),
    pool_name: alias("pool", "reference", { to: "server_pools" }),
    zone_id: to("zone", "reference", "Deployment Zone", { to: "zones", example: "default" }),
    zone_name: alias("zone", "reference", { to: "zones" }),
    enabled: to("enabled", "flag", "Enabled", {
      absent: true,
      note: "its nodes may be deleted by hand here also while it is false",
    }),
    aggressive_scaling: to("aggressiveScaling", "flag", "Aggressive Scaling", {
      absent: true,
      note: "never passes `maxInstances`",
    }),
    downscale_backoff: to("downscaleBackoff", "seconds", "Downscale Backoff (Seconds)", {
      absent: 1800,
      note: "a duration such as `15m`; without it 15 minutes here, 30 there",
    }),
    standby_cores: to("standbyCores", "count", "Standby Cores", { note: agents }),
    standby_gpus: to("standbyGpus", "count", "Standby GPUs", { note: agents }),
    standby_memory_bytes: to("standbyMemory", "bytes", "Standby Memory", { note: `${agents}; ${memory}` }),
    standby_memory_mb: alias("standbyMemory", "mib"),
    standby_memory_gb: alias("standbyMemory", "gib"),
    standby_memory: alias("standbyMemory", "mib"),
    agent_cores_override: to("coresOverride", "count", "Agent Cores Override", { note: "0 = what the size has" }),
    agent_gpus_override: to("gpusOverride", "count", "Agent GPUs Override", { note: "0 = what the size has" }),
    agent_memory_override_bytes: to("memoryOverride", "bytes", "Agent Memory Override", {
      note: `${memory}; 0 = what the size has`,
    }),
    agent_memory_override_gb: alias("memoryOverride", "gib"),
    agent_memory_override_mb: alias("memoryOverride", "mib"),
    agent_memory_override: alias("memoryOverride", "gib"),
    nginx_cert: to("nginxCert", "text", "NGINX Cert", { note: `${agents}; for scripts that use \`{nginx_cert_in}\`` }),
    nginx_key: to("nginxKey", "text", "NGINX Key", { note: agents, isSecret: true }),
    register_dns: to("registerDns", "flag", "Register DNS"),
    base_domain_name: to("baseDomainName", "text", "Base Domain Name", {
      note: "the record is `<node id>.<baseDomainName>`",
      example: "agents.example.org",
    }),
    rotate_servers_in_days: to("maxNodeAge", "days", "Rotate Servers (Days)", { note: "a duration such as `14d`" }),
    rotate_servers_pre_warm_minutes: to("rotatePreWarm", "minutes", "Rotate Servers Pre-Warm (Minutes)", {
      note: "a duration such as `30m`; only with `maxNodeAge`",
    }),
    require_checkin: to("requireCheckin", "flag", "Require Checkin", { note: servers }),
    agent_installed: to("desktopServiceInstalled", "flag", "Kasm Desktop Service Installed", { note: servers }),
    connection_type: to("connectionType", "choice", "Connection Type", {
      note: `${servers}; without it \`rdp\` here, KasmVNC there`,
      absent: "KasmVNC",
    }),
    connection_port: to("connectionPort", "count", "Connection Port", { note: servers }),
    connection_credential_type: to("connectionCredentialType", "choice", "Connection Credential Type", {
      note: servers,
    }),
    connection_sso_username_domain: to("connectionSsoDomain", "text", "SSO Domain", { note: servers }),
    sso_domain: alias("connectionSsoDomain", "text"),
    connection_username: to("connectionUsername", "text", "Connection Username", { note: servers }),
    connection_password: to("connectionPassword", "text", "Connection Password", { note: servers, isSecret: true }),
    use_user_private_key: to("useUserSshKey", "flag", "Use User SSH Key", { note: `${servers}, with SSH` }),
    connection_private_key: to("connectionPrivateKey", "text", "Connection Private Key", {
      note: `${servers}, with SSH`,
      isSecret: true,
    }),
    connection_passphrase: to("connectionPrivateKeyPassphrase", "text", "Connection Private Key Passphrase", {
      note: `${servers}, with SSH`,
      isSecret: true,
    }),
    connection_info: to("connectionInfo", "json", "Connection Info (JSON)", { note: servers, isSecret: true }),
    reusable: to("reusable", "flag", "Reusable", {
      absent: false,
      note: `${servers}; without it true here, false there`,
    }),
    minimum_pool_standby_sessions: to("minimumAvailableSessions", "count", "Minimum Available Sessions", {
      note: servers,
    }),
    max_simultaneous_sessions_per_server: to(
      "maxSimultaneousSessionsPerServer",
      "count",
      "Max Simultaneous Sessions Per Server",
      { note: `${servers}; 1 unless \`reusable\` with RDP or SSH` },
    ),
    max_simultaneous_users: to("maxSimultaneousUsers", "count", "Max Simultaneous Users", { note: servers }),
    ad_create_machine_record: to("createAdComputerRecord", "flag", "Create Active Directory Computer Record", {
      note: servers,
    }),
    ldap_id: to("ldapConfig", "reference", "LDAP Config", { to: "ldap_configs", note: servers, example: "directory" }),
    ldap_config_name: alias("ldapConfig", "reference", { to: "ldap_configs" }),
    ad_computer_container_dn: to("adComputerOu", "text", "Active Directory Computer OU DN", {
      note: `${servers}; within the domain of the LDAP config`,
      example: "OU=Desktops,DC=example,DC=org",
    }),
    ad_recursive_machine_record_cleanup: to("adRecursiveCleanup", "flag", "Recursively Cleanup Computer Record", {
      note: servers,
    }),
    hooks: not("Kasm does not say what they do", "Hooks", { form: "json", isSecret: true }),
    last_provision: not(state, ""),
    request_downscale_at: not(state, ""),
    ...providerReferences(),
    ...dnsReferences(),
  },
};

function providerReferences(): Table["columns"] {
  const vmProviders = {
    aws: "aws_configs",
    azure: "azure_configs",
    digital_ocean: "digital_ocean_vm_configs",
    gcp: "gcp_vm_configs",
    harvester: "harvester_vm_configs",
    kubevirt: "kubevirt_vm_configs",
    nutanix: "nutanix_vm_configs",
    oci: "oci_vm_configs",
    openstack: "openstack_vm_configs",
    proxmox: "proxmox_vm_configs",
    vsphere: "vsphere_vm_configs",
  };
  return Object.fromEntries(
    Object.entries(vmProviders).flatMap(([cloud, table]) => {
      const stem = ["aws", "azure"].includes(cloud) ? `${cloud}_config` : `${cloud}_vm_config`;
      return [
        [`${stem}_id`, to("vmProvider", "reference", "VM Provider Config", { to: table, example: "vms" })],
        [`${stem}_name`, alias("vmProvider", "reference", { to: table })],
      ];
    }),
  );
}

function dnsReferences(): Table["columns"] {
  return Object.fromEntries(
    ["aws", "azure", "digital_ocean", "gcp", "oci"].flatMap((service) => {
      const table = `${service}_dns_configs`;
      return [
        [`${service}_dns_config_id`, to("dnsProvider", "reference", "DNS Registration Provider", { to: table })],
        [`${service}_dns_config_name`, alias("dnsProvider", "reference", { to: table })],
      ];
    }),
  );
}

export const schedules: Table = {
  name: "schedules",
  title: "Schedule",
  target: "schedule",
  id: "schedule_id",
  label: "schedule_id",
  columns: {
    schedule_id: not("only refers to the row; a name is made", "", { form: "id" }),
    autoscale_config_id: to("autoscaleConfig", "reference", "AutoScale Config", { to: "autoscale_configs" }),
    autoscale_config_name: alias("autoscaleConfig", "reference", { to: "autoscale_configs" }),
    days_of_the_week: to("days", "weekdays", "Days of the Week", {
      note: "names; numbers are not understood, because Kasm does not say which day is 0 (`--day-numbers`)",
      example: ["mon"],
    }),
    active_start_time: to("start", "time", "Start Time", { note: "`HH:MM`, included", example: "08:00" }),
    active_end_time: to("end", "time", "End Time", {
      note: "`HH:MM`, not included; `23:59` is taken for the end of the day",
      example: "18:00",
    }),
    timezone: to("timezone", "text", "Timezone", { note: "IANA name", example: "Europe/Berlin" }),
  },
};

export const stagingConfigs: Table = {
  name: "staging_configs",
  title: "Staging config",
  target: "stagingConfig",
  id: "staging_config_id",
  label: "staging_config_id",
  columns: {
    staging_config_id: not("only refers to the row; a name is made", "", { form: "id" }),
    zone_id: to("zone", "reference", "Zone", { to: "zones", example: "default" }),
    image_id: to("workspace", "reference", "Workspace", { to: "images", example: "ubuntu" }),
    server_pool_id: to("pool", "reference", "Pool", { to: "server_pools" }),
    autoscale_config_id: to("autoscaleConfig", "reference", "AutoScale Config", { to: "autoscale_configs" }),
    num_sessions: to("sessions", "count", "Desired Sessions", { example: 1 }),
    expiration: to("expiration", "hours", "Expiration", { note: "a duration such as `1h`; there hours" }),
    allow_kasm_audio: to("permissions.audio", "flag", "Allow Audio", { absent: true }),
    allow_kasm_clipboard_down: to("permissions.clipboardDown", "flag", "Allow Clipboard Down", { absent: true }),
    allow_kasm_clipboard_up: to("permissions.clipboardUp", "flag", "Allow Clipboard Up", { absent: true }),
    allow_kasm_downloads: to("permissions.downloads", "flag", "Allow Downloads", { absent: true }),
    allow_kasm_uploads: to("permissions.uploads", "flag", "Allow Uploads", { absent: true }),
    allow_kasm_gamepad: to("permissions.gamepad", "flag", "Allow Gamepad", { absent: false }),
    allow_kasm_microphone: to("permissions.microphone", "flag", "Allow Microphone", { absent: false }),
    allow_kasm_printing: to("permissions.printing", "flag", "Allow Printing", { absent: false }),
    allow_kasm_rdp_client_file_transfer_clipboard: to(
      "permissions.rdpClientFileTransferClipboard",
      "flag",
      "Allow RDP Client File Transfer by Clipboard",
      { absent: false },
    ),
    allow_kasm_webcam: to("permissions.webcam", "flag", "Allow Webcam", { absent: false }),
  },
};
