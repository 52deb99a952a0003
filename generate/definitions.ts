/** The arguments of the components that declare something else than a cloud: zones, pools, autoscale configs and so on. */
import type { z } from "zod";
import { type Field, fieldsOf } from "../provider/kernel/setting-fields";
import { agentAutoscaleConfigSchema, serverAutoscaleConfigSchema } from "../runtime/model/autoscale-config";
import { budgetSchema } from "../runtime/model/budget";
import { secretFields } from "../runtime/model/config";
import { ldapConfigSchema } from "../runtime/model/ldap-config";
import { poolSchema } from "../runtime/model/pool";
import { scheduleSchema } from "../runtime/model/schedule";
import { stagingConfigSchema } from "../runtime/model/staging-config";
import { workspaceSchema } from "../runtime/model/workspace";
import { zoneSchema } from "../runtime/model/zone";
import { interfaceSource, madeFrom, type Interface } from "./arguments";
import { ownFields, withOptionalName } from "./services";

/** The file of everything but autoscale configs; nested interfaces are named after their fields, e.g. `StaticMemberArgs`. */
export function definitionArguments(): string {
  return fileOf([
    { name: "ZoneArgs", fields: argumentsOf(zoneSchema) },
    { name: "PoolArgs", fields: argumentsOf(poolSchema, secretFields.pool) },
    { name: "WorkspaceArgs", fields: argumentsOf(workspaceSchema) },
    {
      name: "VmProviderArgs",
      text: "VM provider configs of every cloud, beside their settings.",
      fields: ownFields("vmProviderConfig"),
    },
    {
      name: "DnsProviderArgs",
      text: "DNS provider configs of every service, beside their settings.",
      fields: ownFields("dnsProviderConfig"),
    },
    { name: "LdapConfigArgs", fields: argumentsOf(ldapConfigSchema, secretFields.ldapConfig) },
    { name: "BudgetArgs", fields: argumentsOf(budgetSchema, secretFields.budget) },
    { name: "ScheduleArgs", fields: argumentsOf(scheduleSchema) },
    { name: "StagingConfigArgs", fields: argumentsOf(stagingConfigSchema) },
  ]);
}

/** The file of the two kinds of autoscale configs. */
export function autoscaleArguments(): string {
  const agents = autoscaleFields(agentAutoscaleConfigSchema);
  const servers = autoscaleFields(serverAutoscaleConfigSchema);
  const isShared = ({ name }: Field) =>
    [agents, servers].every((fields) => fields.some((field) => field.name === name));
  const isOwn = (field: Field) => !isShared(field);
  const shared = { name: "AutoscaleArgs", text: "What docker-agent and server autoscale configs share." };
  const bases = [shared.name];
  return fileOf([
    { ...shared, fields: agents.filter(isShared) },
    { name: "AutoscaleConfigArgs", bases, fields: agents.filter(isOwn) },
    { name: "ServerAutoscaleConfigArgs", bases, fields: servers.filter(isOwn) },
  ]);
}

function fileOf(sources: readonly Interface[]): string {
  const head = `${madeFrom("runtime/model")}import type * as pulumi from "@pulumi/pulumi";\n`;
  return [head, ...sources.map((source) => interfaceSource({ ...source, prefix: "" }))].join("\n");
}

function argumentsOf(schema: z.ZodType, secret: readonly string[] = []): Field[] {
  return fieldsOf("definition", schema, secret).map(withOptionalName);
}

/** Each kind of autoscale config has a component of its own, which knows its type. */
function autoscaleFields(schema: z.ZodType): Field[] {
  return argumentsOf(schema, secretFields.autoscaleConfig).filter(({ name }) => name !== "type");
}
