/** `import * as headroom from "pulumi-headroom"`: everything that programs use, and nothing else. */
export {
  AutoscaleConfig,
  type AutoscaleArgs,
  type AutoscaleConfigArgs,
  type StandbySlotsArgs,
  type StartupScriptArgs,
} from "./autoscale-config";
export {
  type AwsConfigOverrideArgs,
  type AwsCredentialArgs,
  type AwsDnsArgs,
  AwsDnsProvider,
  type AwsDnsProviderArgs,
  type AwsMetadataOptionsArgs,
  AwsNode,
  type AwsNodeArgs,
  type AwsNodeDnsArgs,
  type AwsSpotArgs,
  type AwsVmArgs,
  AwsVmProvider,
  type AwsVmProviderArgs,
} from "./aws";
export { ConnectionType, LoadStrategy, OsType, PoolType, SpecChange, Weekday, WorkspaceKind } from "./choices";
export {
  LocalDnsProvider,
  type LocalDnsProviderArgs,
  type LocalFaultsArgs,
  LocalNode,
  type LocalNodeArgs,
  type LocalNodeDnsArgs,
  type LocalVmArgs,
  LocalVmProvider,
  type LocalVmProviderArgs,
} from "./local";
export { Pool, type PoolArgs, type StaticMemberArgs } from "./pool";
export { Provider, type ProviderArgs } from "./provider";
export { Schedule, type ScheduleArgs } from "./schedule";
export { ServerAutoscaleConfig, type ServerAutoscaleConfigArgs } from "./server-autoscale-config";
export { type PermissionsArgs, StagingConfig, type StagingConfigArgs } from "./staging-config";
export { Workspace, type WorkspaceArgs } from "./workspace";
export { Zone, type ZoneArgs } from "./zone";
