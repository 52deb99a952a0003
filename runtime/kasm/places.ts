/** Kasm's zones, pools and workspaces. */
import { alias, not, to, type Table } from "./table";

const gateway = "how users' browsers reach a session is the matter of your portal or gateway, not of Headroom";
const state = "state of a running Kasm, not a setting";

export const zones: Table = {
  name: "zones",
  title: "Deployment zone",
  target: "zone",
  id: "zone_id",
  label: "zone_name",
  columns: {
    zone_id: not("only refers to the row; names refer here", "", { form: "id" }),
    zone_name: to("name", "name", "Zone Name", { note: "lower-case letters, digits and dashes" }),
    name: alias("name", "name"),
    upstream_auth_address: to("upstreamAuthAddress", "text", "Upstream Auth Address", {
      note: "the address of `headroom serve`; `$request_host$` and `proxy` mean nothing to a VM and are refused",
      example: "headroom.example.org",
    }),
    load_strategy: to("loadStrategy", "choice", "Load Strategy", { absent: "most_sessions" }),
    search_alternate_zones: to("searchAlternateZones", "flag", "Search Alternate Zones", { absent: true }),
    prioritize_static_agents: to("prioritizeStaticAgents", "flag", "Prioritize Static Agents", { absent: true }),
    allow_origin_domain: to("allowedOrigins", "origin", "Allow Origin Domain", {
      note: "whole origins such as `https://portal.example.org`; `$request_host$` is not one",
    }),
    proxy_connections: not(gateway, "Proxy Connections", { form: "flag" }),
    proxy_hostname: not(gateway, "Proxy Hostname"),
    proxyaddress: not(gateway, "Proxy Address", { isAlias: true }),
    proxy_path: not(gateway, "Proxy Path"),
    proxy_port: not(gateway, "Proxy Port", { form: "count" }),
    proxy_rdp_client_connections: not(gateway, "Proxy RDP Client Connections", { form: "flag" }),
    proxy_rdp_hostname: not(gateway, "Proxy RDP Hostname"),
    proxy_rdp_port: not(gateway, "Proxy RDP Port", { form: "count" }),
    enable_rdp_direct_login: not(gateway, "Enable RDP Direct Login", { form: "flag" }),
    enable_rdp_https_gw: not(gateway, "Enable RDP HTTPS Gateway", { form: "flag" }),
    enable_rdp_https_gw_dlp: not(gateway, "Enable RDP HTTPS Gateway DLP", { form: "flag" }),
    verify_rdp_client_ip: not(gateway, "Verify RDP Client IP", { form: "flag" }),
    primary: not("a runtime leads all its zones", "Primary", { form: "flag" }),
    primary_manager_id: not(state, "", { form: "id" }),
  },
};

export const pools: Table = {
  name: "server_pools",
  title: "Pool",
  target: "pool",
  id: "server_pool_id",
  label: "server_pool_name",
  columns: {
    server_pool_id: not("only refers to the row; names refer here", "", { form: "id" }),
    server_pool_name: to("name", "name", "Name", { note: "lower-case letters, digits and dashes" }),
    name: alias("name", "name"),
    server_pool_type: to("type", "choice", "Type", { absent: "Docker Agent" }),
    type: alias("type", "choice"),
    server_assignment_enabled: not(
      "servers are not reserved for users; an existing user's own server comes first anyway",
      "Server Assignment",
      { form: "flag" },
    ),
  },
};

export const workspaces: Table = {
  name: "images",
  title: "Workspace",
  target: "workspace",
  id: "image_id",
  label: "friendly_name",
  columns: {
    image_id: not("only refers to the row; names refer here", "", { form: "id" }),
    friendly_name: to("displayName", "text", "Friendly Name", { note: "the name itself is made of it" }),
    name: not("which image runs is your portal's matter; Headroom only finds the place", "Docker Image"),
    cores: to("cores", "count", "Cores", { example: 2 }),
    memory: to("memory", "bytes", "Memory", { note: "a quantity such as `2GiB`; there bytes", example: "2GiB" }),
    memory_bytes: alias("memory", "bytes"),
    gpu_count: to("gpus", "count", "GPU Count"),
    enabled: to("enabled", "flag", "Enabled", { absent: true }),
    image_type: to("kind", "choice", "Workspace Type", { absent: "Container" }),
    server_pool_id: to("pools", "reference", "Server Pool", {
      to: "server_pools",
      note: "a list; without one there, all pools of docker agents here",
      example: ["agents"],
    }),
    zone_id: to("zones", "reference", "Deployment Zone", { to: "zones", note: "a list; only with Restrict to Zone" }),
    restrict_to_zone: not("`zones` is left out where it is off", "Restrict to Zone", { form: "flag" }),
  },
};

const users = "how users sign in is the matter of your portal, not of Headroom";

export const ldapConfigs: Table = {
  name: "ldap_configs",
  title: "LDAP config",
  target: "ldapConfig",
  id: "ldap_id",
  label: "name",
  columns: {
    ldap_id: not("only refers to the row; names refer here", "", { form: "id" }),
    name: to("name", "name", "Name", { note: "lower-case letters, digits and dashes" }),
    url: to("urls", "list", "Url", {
      note: "a list of domain controllers, tried in order; `ldaps://` alone",
      example: ["ldaps://dc1.example.org"],
    }),
    search_base: to("searchBase", "text", "Search Base", { example: "DC=example,DC=org" }),
    search_filter: not(users, "Search Filter"),
    group_membership_filter: not(users, "Group Membership Filter"),
    service_account_dn: to("serviceAccountDn", "text", "Service Account DN", { example: "headroom@example.org" }),
    service_account_password: to("serviceAccountPassword", "text", "Service Account Password", { isSecret: true }),
    enabled: not("whether users may sign in with it; records are made all the same", "Enabled", { form: "flag" }),
    search_subtree: not(users, "Search Subtree", { form: "flag" }),
    connection_timeout: to("connectionTimeout", "seconds", "Connection Timeout", { note: "a duration such as `10s`" }),
    email_attribute: not(users, "Email Attribute"),
    auto_create_app_user: not(users, "Auto Create App User", { form: "flag" }),
    username_domain_match: not(users, "Username Domain Match"),
  },
};

/** Tables that have to do with scaling and yet become nothing here. */
export const otherTables: readonly Table[] = [
  {
    name: "servers",
    title: "Server or agent",
    note: "declare machines that exist already as `staticMembers` of their pool; autoscaled ones are made anew",
    id: "server_id",
    label: "friendly_name",
    columns: {},
  },
];
