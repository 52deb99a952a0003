/** The interfaces that users write and the schemas that check them name the same fields: a difference does not compile. */
import assert from "node:assert/strict";
import type { Unwrap } from "@pulumi/pulumi";
import type { z } from "zod";
import * as headroom from "../../components";
import type { awsDnsSettingsSchema, awsSettingsSchema } from "../../provider/clouds/aws/settings";
import type { localDnsSettingsSchema, localSettingsSchema } from "../../provider/clouds/local";
import type { agentAutoscaleConfigSchema, serverAutoscaleConfigSchema } from "../../runtime/model/autoscale-config";
import { type DefinitionDocOf, scheduleSchema, weekdays } from "../../runtime/model/config";
import { poolSchema } from "../../runtime/model/pool";
import { workspaceSchema } from "../../runtime/model/workspace";
import { zoneSchema } from "../../runtime/model/zone";

/** True when both have the same keys, and a key that one may leave out is one that the other may leave out. */
type SameFields<Args, Doc> = [Shape<Args>] extends [Shape<Doc>]
  ? [Shape<Doc>] extends [Shape<Args>]
    ? true
    : false
  : false;
type Shape<T> = { [K in keyof T]-?: undefined extends T[K] ? "optional" : "required" };
/** Every document has a name; in programs the resource's name stands in. */
type Unnamed<T> = Omit<T, "name">;

const matches = <Yes extends true>(yes?: Yes): Yes | undefined => yes;
type Input<Schema extends z.ZodType> = z.input<Schema>;
type StaticMemberDoc = NonNullable<DefinitionDocOf<"pool">["staticMembers"]>[number];
type LocalDoc = Input<typeof localSettingsSchema>;
type AwsDoc = Input<typeof awsSettingsSchema>;

matches<SameFields<Unnamed<headroom.ZoneArgs>, Unnamed<DefinitionDocOf<"zone">>>>();
matches<SameFields<Unnamed<headroom.PoolArgs>, Unnamed<DefinitionDocOf<"pool">>>>();
matches<SameFields<headroom.StaticMemberArgs, StaticMemberDoc>>();
matches<SameFields<Unnamed<headroom.WorkspaceArgs>, Unnamed<DefinitionDocOf<"workspace">>>>();
type StagingDoc = DefinitionDocOf<"stagingConfig">;
matches<SameFields<Unnamed<headroom.StagingConfigArgs>, Unnamed<StagingDoc>>>();
matches<SameFields<headroom.PermissionsArgs, NonNullable<StagingDoc["permissions"]>>>();
matches<SameFields<Unnamed<headroom.ScheduleArgs>, Unnamed<DefinitionDocOf<"schedule">>>>();
type AgentDoc = Omit<Input<typeof agentAutoscaleConfigSchema>, "name" | "type">;
matches<SameFields<Unnamed<headroom.AutoscaleConfigArgs>, AgentDoc>>();
type ServerDoc = Omit<Input<typeof serverAutoscaleConfigSchema>, "name" | "type">;
matches<SameFields<Unnamed<headroom.ServerAutoscaleConfigArgs>, ServerDoc>>();
matches<SameFields<headroom.StartupScriptArgs, NonNullable<AgentDoc["startupScript"]>>>();
matches<SameFields<headroom.LocalVmArgs, LocalDoc>>();
matches<SameFields<headroom.LocalFaultsArgs, NonNullable<LocalDoc["faults"]>>>();
matches<SameFields<headroom.AwsVmArgs, AwsDoc>>();
matches<SameFields<headroom.AwsSpotArgs, NonNullable<AwsDoc["spot"]>>>();
matches<SameFields<headroom.AwsMetadataOptionsArgs, NonNullable<AwsDoc["metadataOptions"]>>>();
matches<SameFields<Unnamed<headroom.LocalDnsProviderArgs>, Input<typeof localDnsSettingsSchema>>>();
matches<SameFields<headroom.AwsDnsArgs, Input<typeof awsDnsSettingsSchema>>>();

/** Plain arguments of a program are what the documents may hold: units and choices included. */
type Plain<T> = Unwrap<T>;
const zone: Plain<Unnamed<headroom.ZoneArgs>> = { upstreamAuthAddress: "a.example.org", loadStrategy: "mostLoad" };

describe("component arguments", () => {
  it("offer the choices that the schemas know, no more and no fewer", () => {
    const values = (choices: object): string[] => Object.values(choices).map(String).sort();
    const options = (schema: unknown): string[] => [...(schema as { options: string[] }).options].sort();

    assert.deepEqual(values(headroom.Weekday), [...weekdays].sort());
    assert.deepEqual(values(headroom.PoolType), options(poolSchema.shape.type));
    assert.deepEqual(values(headroom.LoadStrategy), options(zoneSchema.shape.loadStrategy.unwrap()));
    assert.deepEqual(values(headroom.WorkspaceKind), options(workspaceSchema.shape.kind.unwrap()));
    assert.ok(zoneSchema.safeParse({ ...zone, name: "z" }).success);
    assert.ok("days" in scheduleSchema.shape);
  });

  it("are exported from one list, each component under its own name", () => {
    const components = Object.entries(headroom).filter(([, value]) => typeof value === "function");

    for (const [name, component] of components) assert.equal((component as { name: string }).name, name);
    assert.equal(components.length, 14);
  });
});
