/**
 * Reads the requests of programs into goals. The rule kept: an option this engine would ignore is refused instead.
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type * as resource from "@pulumi/pulumi/proto/resource_pb";
import type { SourcePosition, StackTrace } from "@pulumi/pulumi/proto/source_pb";
import { boundHooks, refusedHooks } from "../deployment/hooks";
import { type AliasSpec, type Goal, makeGoal } from "../deployment/registration";
import { CommandFailure, NotSupported } from "../failure";
import type { Project } from "../stack/project";
import type { CustomTimeouts } from "../state/resource";
import { fromStruct } from "../state/values";

export function refuseUnsupported(request: resource.RegisterResourceRequest): void {
  const hooks = refusedHooks(request);
  const refused: [string, boolean][] = [
    ["remote components", request.getRemote()],
    ["the resource option `import`", request.getImportid() !== ""],
    ["the resource option `transforms`", request.getTransformsList().length > 0],
    [hooks ?? "", hooks !== undefined],
    ["the resource option `hideDiffs`", request.getHidediffsList().length > 0],
    ["the resource option `replaceWith`", request.getReplaceWithList().length > 0],
    [
      "the resource option `replacementTrigger`",
      request.hasReplacementTrigger() && !request.getReplacementTrigger()?.hasNullValue(),
    ],
    ["the resource option `envVarMappings`", request.getEnvvarmappingsMap().getLength() > 0],
    // The oldest @pulumi/pulumi that we take does not know them.
    ["state migrations", "getStateMigrationsList" in request && request.getStateMigrationsList().length > 0],
  ];
  const found = refused.find(([, isAsked]) => isAsked);
  if (found) throw new NotSupported(`${found[0]} (${request.getType()} "${request.getName()}")`);
}

export function toGoal(request: resource.RegisterResourceRequest, project: Project): Goal {
  const inputs = fromStruct(request.getObject());
  const dependencies = request.getDependenciesList();
  const propertyDependencies: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((list, key) => (propertyDependencies[key] = list.getUrnsList()));
  if (Object.keys(propertyDependencies).length === 0) {
    for (const key of Object.keys(inputs)) propertyDependencies[key] = dependencies;
  }
  const isOrderGiven = request.getDeletebeforereplacedefined() || request.getDeletebeforereplace();
  return makeGoal({
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    inputs,
    parent: request.getParent(),
    protect: request.hasProtect() ? request.getProtect() : undefined,
    dependencies,
    propertyDependencies,
    deleteBeforeReplace: isOrderGiven ? request.getDeletebeforereplace() : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    aliases: aliases(request),
    customTimeouts: timeouts(request.getCustomtimeouts()),
    replaceOnChanges: request.getReplaceonchangesList(),
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deletedWith: request.getDeletedwith(),
    hooks: boundHooks(request),
    sourcePosition: sourcePosition(request.getSourceposition(), project),
    stackTrace: stackTrace(request.getStacktrace(), project),
  });
}

function aliases(request: resource.RegisterResourceRequest): AliasSpec[] {
  const specs = request.getAliasesList().map((alias): AliasSpec => {
    const spec = alias.getSpec();
    if (!spec) return { urn: alias.getUrn() };
    return {
      name: spec.getName(),
      type: spec.getType(),
      stack: spec.getStack(),
      project: spec.getProject(),
      parent: spec.getParenturn(),
      noParent: spec.getNoparent(),
    };
  });
  return [...request.getAliasurnsList().map((urn) => ({ urn })), ...specs];
}

function timeouts(given: resource.RegisterResourceRequest.CustomTimeouts | undefined): CustomTimeouts {
  const result: CustomTimeouts = {};
  if (given?.getCreate()) result.create = seconds(given.getCreate());
  if (given?.getUpdate()) result.update = seconds(given.getUpdate());
  if (given?.getDelete()) result.delete = seconds(given.getDelete());
  if (given?.getRead()) result.read = seconds(given.getRead());
  return result;
}

/** Go's notation: `1h30m`, `90s`, `250ms`. */
function seconds(duration: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== duration) {
    throw new CommandFailure(`unable to parse customTimeout value "${duration}"`);
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit as string] as number), 0);
}

/** Where in the project a resource is declared, relative so that states can be compared between machines. */
export function sourcePosition(position: SourcePosition | undefined, project: Project): string | undefined {
  const uri = position?.getUri();
  if (!uri?.startsWith("file:")) return undefined;
  const column = position?.getColumn() ? `,${position.getColumn()}` : "";
  return `project:///${relative(project.folder, fileURLToPath(uri)).replaceAll("\\", "/")}#${position?.getLine() ?? 0}${column}`;
}

export function stackTrace(trace: StackTrace | undefined, project: Project): unknown[] | undefined {
  return trace?.getFramesList().map((frame) => ({ sourcePosition: sourcePosition(frame.getPc(), project) }));
}
