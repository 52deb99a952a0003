/** `import * as headroom from "pulumi-headroom"`: everything that programs use, and nothing else. */
export type {
  AutoscaleArgs,
  AutoscaleConfigArgs,
  ServerAutoscaleConfigArgs,
  StandbySlotsArgs,
  StartupScriptArgs,
} from "./autoscale-arguments";
export type {
  BudgetArgs,
  LdapConfigArgs,
  PermissionsArgs,
  PoolArgs,
  ScheduleArgs,
  StagingConfigArgs,
  StaticMemberArgs,
  WebhookArgs,
  WorkspaceArgs,
  ZoneArgs,
} from "./arguments";
export { AutoscaleConfig } from "./autoscale-config";
export { Budget } from "./budget";
export {
  BudgetAction,
  BudgetPeriod,
  ConnectionType,
  CredentialType,
  LoadStrategy,
  OsType,
  PoolType,
  SpecChange,
  Weekday,
  WorkspaceKind,
} from "./choices";
export * from "./clouds";
export { HeadroomService } from "./headroom-service";
export type {
  HeadroomServiceArgs,
  SecretKeyArgs,
  ServicePeerArgs,
  ServiceSecretsArgs,
} from "./service/service-arguments";
export { LdapConfig } from "./ldap-config";
export { Pool } from "./pool";
export { Provider, type ProviderArgs } from "./provider";
export { Schedule } from "./schedule";
export type { StartupScriptFileArgs, WithScriptFile } from "./script-file";
export { ServerAutoscaleConfig } from "./server-autoscale-config";
export { StagingConfig } from "./staging-config";
export {
  startupScripts,
  type AgentScriptOptions,
  type DesktopServerOptions,
  type NoticeCloud,
  type WindowsServerOptions,
} from "./startup-scripts";
export { Workspace } from "./workspace";
export { Zone } from "./zone";
