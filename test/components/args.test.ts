/** What programs import: components with generated arguments, and choices that the schemas know. */
import assert from "node:assert/strict";
import type { Unwrap } from "@pulumi/pulumi";
import * as headroom from "../../components";
import { serverAutoscaleConfigSchema } from "../../runtime/model/autoscale-config";
import { lifecycleFields } from "../../runtime/model/lifecycle-fields";
import { poolSchema } from "../../runtime/model/pool";
import { weekdays } from "../../runtime/model/schedule";
import { workspaceSchema } from "../../runtime/model/workspace";
import { zoneSchema } from "../../runtime/model/zone";
import { registry } from "../../provider/registry";

/** Both ways, so that neither has a value that the other lacks. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const matches = <Yes extends true>(yes?: Yes): Yes | undefined => yes;
type Plain<T> = NonNullable<Unwrap<T>>;

matches<Same<headroom.LoadStrategy, Plain<headroom.ZoneArgs["loadStrategy"]>>>();
matches<Same<headroom.PoolType, Plain<headroom.PoolArgs["type"]>>>();
matches<Same<headroom.WorkspaceKind, Plain<headroom.WorkspaceArgs["kind"]>>>();
matches<Same<headroom.ConnectionType, Plain<headroom.ServerAutoscaleConfigArgs["connectionType"]>>>();
matches<Same<headroom.SpecChange, Plain<headroom.AutoscaleArgs["onSpecChange"]>>>();
matches<Same<headroom.OsType, Plain<headroom.StartupScriptArgs["osType"]>>>();
matches<Same<headroom.Weekday, Plain<headroom.ScheduleArgs["days"]>[number]>>();

describe("component arguments", () => {
  it("offer the choices that the schemas know, no more and no fewer", () => {
    const values = (choices: object): string[] => Object.values(choices).map(String).sort();
    const options = (schema: { readonly options: readonly string[] }): string[] => [...schema.options].sort();

    assert.deepEqual(values(headroom.Weekday), [...weekdays].sort());
    assert.deepEqual(values(headroom.PoolType), options(poolSchema.shape.type));
    assert.deepEqual(values(headroom.LoadStrategy), options(zoneSchema.shape.loadStrategy.unwrap()));
    assert.deepEqual(values(headroom.WorkspaceKind), options(workspaceSchema.shape.kind.unwrap()));
    assert.deepEqual(
      values(headroom.ConnectionType),
      options(serverAutoscaleConfigSchema.shape.connectionType.unwrap()),
    );
    assert.deepEqual(values(headroom.SpecChange), options(lifecycleFields.onSpecChange.unwrap()));
  });

  it("are exported from one list, each component under its own name", () => {
    const components = Object.entries(headroom).filter(([, value]) => typeof value === "function");

    for (const [name, component] of components) assert.equal((component as { name: string }).name, name);
    const [vms, records] = [registry.vm, registry.dns].map((services) => Object.keys(services).length);
    // Each cloud has a provider config and a node, each DNS service a provider config, beside eleven that are of no cloud.
    assert.equal(components.length, 11 + 2 * vms! + records!);
  });
});
