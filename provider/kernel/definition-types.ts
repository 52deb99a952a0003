import type { DefinitionKind } from "../../runtime/model/config";

/** Resource type by kind of definition. */
export const definitionTypes: Readonly<Record<DefinitionKind, string>> = {
  zone: "headroom:index:Zone",
  pool: "headroom:index:Pool",
  workspace: "headroom:index:Workspace",
  vmProviderConfig: "headroom:index:VmProviderConfig",
  dnsProviderConfig: "headroom:index:DnsProviderConfig",
  ldapConfig: "headroom:index:LdapConfig",
  budget: "headroom:index:Budget",
  autoscaleConfig: "headroom:index:AutoscaleConfig",
  schedule: "headroom:index:Schedule",
  stagingConfig: "headroom:index:StagingConfig",
};
