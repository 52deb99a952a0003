/** All tables of Kasm's that are read, in the order in which a program declares what becomes of their rows. */
import { dnsProviderConfigs, vmProviderConfigs } from "./clouds";
import { ldapConfigs, otherTables, pools, workspaces, zones } from "./places";
import { autoscaleConfigs, schedules, stagingConfigs } from "./scaling";
import type { Table } from "./table";

export const tables: readonly Table[] = [
  zones,
  ...dnsProviderConfigs,
  ...vmProviderConfigs,
  ldapConfigs,
  pools,
  workspaces,
  autoscaleConfigs,
  schedules,
  stagingConfigs,
  ...otherTables,
];
