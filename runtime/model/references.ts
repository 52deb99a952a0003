/**
 * What one definition says about others: whether the names exist and whether the definitions fit together. Everything is
 * judged against a {@link Declared} world, which for a preview also holds documents that are not applied yet.
 */
import {
  definitionKinds,
  factsOf,
  vmProvidersOf,
  type AutoscaleConfig,
  type Budget,
  type DefinitionKind,
  type DefinitionOf,
  type Pool,
  type Schedule,
  type VmProviderConfig,
  type Workspace,
} from "./config";
import type { Declared, ReferenceContext } from "./declared";
import { referencesByField, referencesOf } from "./definition-edges";
import { tellFirst, type Problem } from "./errors";
import { nearMemberProblems, nearZoneProblems } from "./member-places";
import { findNodeScriptProblems, findNodeScriptWarnings, type ScriptSources } from "./node-script";
import { goesWithLabels, type LabelMisfit } from "./labels";
import { findLabelMisfit, labelledPoolProblems } from "./label-references";
import { budgetWarnings, priceWarnings } from "./budget-references";
import { computerRecordProblems, ldapConfigProblems, recordPlaceOf } from "./computer-records";
import { slotProblems, slottedWorkspaceProblems } from "./slot-references";
import { stagedWorkspaceProblems, stagingProblems } from "./staging-references";
import type { PartialShape } from "./shapes";
import { formatCount, formatMemory } from "./units";

/** @param isWhole True when each name exists: only then is it asked what rests on several definitions. */
type Finder<Definition> = (it: Definition, context: ReferenceContext, isWhole: boolean) => Problem[];

const finders: { readonly [T in DefinitionKind]: Finder<DefinitionOf<T>> } = {
  zone: (zone, { declared }) => nearZoneProblems(zone, declared),
  pool: poolProblems,
  workspace: workspaceProblems,
  autoscaleConfig: configProblems,
  schedule: scheduleProblems,
  stagingConfig: (config, { declared }, isWhole) => (isWhole ? stagingProblems(config, declared) : []),
  vmProviderConfig: vmProviderProblems,
  dnsProviderConfig: () => [],
  ldapConfig: ldapConfigProblems,
  budget: () => [],
};

export function findReferenceProblems<K extends DefinitionKind>(
  kind: K,
  definition: DefinitionOf<K>,
  context: ReferenceContext,
): Problem[] {
  const missing = missingNames(kind, definition, context.declared);
  return [...missing, ...finders[kind](definition, context, missing.length === 0)];
}

/** Names of the definitions that refer to this one, as `kind "name"`. */
export function findReferrers(kind: DefinitionKind, name: string, declared: Declared): string[] {
  const users = definitionKinds.flatMap((other) =>
    [...declared[other]].flatMap(([user, definition]) => {
      const refers = referencesOf(other, definition).some((named) => named.kind === kind && named.name === name);
      return refers ? [`${other} "${user}"`] : [];
    }),
  );
  return users.sort();
}

/** Names that no definition has. */
function missingNames(kind: DefinitionKind, definition: unknown, declared: Declared): Problem[] {
  return referencesByField(kind, definition).flatMap((references) => {
    const lost = references.filter((reference) => !declared[reference.kind].has(reference.name));
    const [first] = lost;
    if (first === undefined) return [];
    const names = [...declared[first.kind].keys()].sort();
    const shown = names.length === 0 ? `no ${first.kind} is declared` : `declared: ${names.slice(0, 20).join(", ")}`;
    return tellFirst(lost, ({ path, name }) => ({
      path,
      message: `"${name}" is not a declared ${first.kind}; ${shown}`,
    }));
  });
}

function poolProblems(pool: Pool, context: ReferenceContext): Problem[] {
  const problems = [...twinMembers(pool), ...nearMemberProblems(pool, context.declared)];
  for (const config of context.declared.autoscaleConfig.values()) {
    if (config.pool !== pool.name || config.type === pool.type) continue;
    problems.push({
      path: "type",
      message: `got "${pool.type}"; autoscale config "${config.name}" of this pool is of type "${config.type}"`,
    });
  }
  problems.push(...labelledPoolProblems(pool, context));
  return [
    ...problems,
    ...workspacesThatDontFit(context, (workspace) => workspace.pools.includes(pool.name), "staticMembers"),
  ];
}

function twinMembers({ staticMembers }: Pool): Problem[] {
  const firstOf = new Map<string, number>();
  for (const [index, { name }] of staticMembers.entries()) if (!firstOf.has(name)) firstOf.set(name, index);
  const twins = [...staticMembers.entries()].filter(([index, { name }]) => firstOf.get(name) !== index);
  return tellFirst(twins, ([index, { name }]) => ({
    path: `staticMembers[${index}].name`,
    message: `"${name}" is the name of staticMembers[${firstOf.get(name)}] too`,
  }));
}

function workspaceProblems(workspace: Workspace, context: ReferenceContext, isWhole: boolean): Problem[] {
  const problems: Problem[] = [];
  for (const [index, name] of workspace.pools.entries()) {
    const pool = context.declared.pool.get(name);
    if (!pool || (pool.type === "server") === (workspace.kind !== "container")) continue;
    const runs = pool.type === "server" ? '"desktop" and "remoteApp"' : '"container"';
    const message = `pool "${name}" is of type "${pool.type}", which runs kind ${runs}; this workspace is of kind "${workspace.kind}"`;
    problems.push({ path: `pools[${index}]`, message });
  }
  problems.push(...stagedWorkspaceProblems(workspace, context.declared));
  problems.push(...slottedWorkspaceProblems(workspace, context));
  const misfit =
    isWhole && problems.length === 0
      ? (findLabelMisfit(workspace, context) ?? findMisfit(workspace, context))
      : undefined;
  return misfit ? [{ path: misfit.field, message: misfit.message }] : problems;
}

function configProblems(config: AutoscaleConfig, context: ReferenceContext, isWhole: boolean): Problem[] {
  const problems = findNodeScriptProblems(scriptSources(config, context));
  const pool = context.declared.pool.get(config.pool);
  if (pool && pool.type !== config.type) {
    problems.push({ path: "type", message: `got "${config.type}"; pool "${pool.name}" is of type "${pool.type}"` });
  }
  problems.push(...computerRecordProblems(config, context));
  if (config.type === "dockerAgent") {
    problems.push(...standbyProblems(config, config, context));
    problems.push(...slotProblems(config, context));
  }
  if (!isWhole || problems.length > 0) return problems;
  return workspacesThatDontFit(context, (workspace) => workspace.pools.includes(config.pool), "vmProvider");
}

function scriptSources(config: AutoscaleConfig, { declared, catalog }: ReferenceContext): ScriptSources[] {
  const zone = declared.zone.get(config.zone) ?? { upstreamAuthAddress: "" };
  const vmProviders = vmProvidersOf(config).flatMap((name) => declared.vmProviderConfig.get(name) ?? []);
  const ldap = declared.ldapConfig.get(recordPlaceOf(config)?.ldapConfig ?? "");
  return vmProviders.map((vmProvider) => {
    return { config, zone, vmProvider, facts: factsOf(catalog.vm, vmProvider.kind), ldap };
  });
}

/** What is allowed but probably not meant; for whoever previews. */
export function findWarnings<K extends DefinitionKind>(
  kind: K,
  definition: DefinitionOf<K>,
  context: ReferenceContext,
): Problem[] {
  switch (kind) {
    case "autoscaleConfig":
      return findNodeScriptWarnings(scriptSources(definition as AutoscaleConfig, context));
    case "budget":
      return budgetWarnings(definition as Budget, context.declared);
    case "vmProviderConfig":
      return priceWarnings(definition as VmProviderConfig, context.declared);
    default:
      return [];
  }
}

interface StandbyFields {
  readonly standbyCores?: number;
  readonly standbyGpus?: number;
  readonly standbyMemory?: number;
}

/** Standby of something that the nodes don't have would never be reached, however many there are. */
function standbyProblems(fields: StandbyFields, config: AutoscaleConfig, { shapeOf }: ReferenceContext): Problem[] {
  return vmProvidersOf(config).flatMap((vmProvider) => {
    const shape = shapeOf(config, vmProvider);
    const nodes = `the nodes of autoscale config "${config.name}" on VM provider config "${vmProvider}"`;
    const problem = (path: string, wanted: number | undefined, has: number | undefined, what: string): Problem[] =>
      (wanted ?? 0) > 0 && has === 0 ? [{ path, message: `got ${wanted}; ${nodes} have no ${what}` }] : [];
    return [
      ...problem("standbyCores", fields.standbyCores, shape.cores, "cores"),
      ...problem("standbyGpus", fields.standbyGpus, shape.gpus, "GPUs"),
      ...problem("standbyMemory", fields.standbyMemory, shape.memoryBytes, "memory"),
    ];
  });
}

function scheduleProblems(schedule: Schedule, context: ReferenceContext): Problem[] {
  const config = context.declared.autoscaleConfig.get(schedule.autoscaleConfig);
  if (!config) return [];
  const foreign =
    config.type === "server"
      ? (["standbyCores", "standbyGpus", "standbyMemory", "standbySlots"] as const)
      : (["minimumAvailableSessions"] as const);
  const problems: Problem[] = foreign
    .filter((field) => schedule[field] !== undefined)
    .map((field) => ({
      path: field,
      message: `autoscale config "${config.name}" is of type "${config.type}", which has no ${field}`,
    }));
  if (schedule.minNodes !== undefined && config.maxNodes !== undefined && schedule.minNodes > config.maxNodes) {
    const message = `got ${schedule.minNodes}; at most maxNodes (${config.maxNodes}) of autoscale config "${config.name}"`;
    problems.push({ path: "minNodes", message });
  }
  if (config.type !== "dockerAgent") return problems;
  if (schedule.standbySlots !== undefined && config.standbySlots === undefined) {
    const message = `got ${schedule.standbySlots}; autoscale config "${config.name}" has no standbySlots whose count it could replace`;
    problems.push({ path: "standbySlots", message });
  }
  return [...problems, ...standbyProblems(schedule, config, context)];
}

function vmProviderProblems(vmProvider: VmProviderConfig, context: ReferenceContext): Problem[] {
  const pools = new Set<string>();
  const problems: Problem[] = [];
  for (const config of context.declared.autoscaleConfig.values()) {
    if (!vmProvidersOf(config).includes(vmProvider.name)) continue;
    pools.add(config.pool);
    if (config.type !== "dockerAgent") continue;
    problems.push(...slotProblems(config, context).map(({ message }) => ({ path: "settings", message })));
  }
  const misfits = workspacesThatDontFit(
    context,
    (workspace) => workspace.pools.some((pool) => pools.has(pool)),
    "settings",
  );
  return [...problems, ...misfits];
}

function workspacesThatDontFit(
  context: ReferenceContext,
  isConcerned: (workspace: Workspace) => boolean,
  path: string,
): Problem[] {
  const misfits: { readonly name: string; readonly message: string }[] = [];
  for (const workspace of context.declared.workspace.values()) {
    // What labels rule out is told of the labels, by whoever declares them.
    if (!isConcerned(workspace) || findLabelMisfit(workspace, context)) continue;
    const misfit = findMisfit(workspace, context);
    if (misfit) misfits.push({ name: workspace.name, message: misfit.message });
  }
  return tellFirst(misfits, ({ name, message }) => ({
    path,
    message: `workspace "${name}" would fit no node: ${message}`,
  }));
}

interface Misfit {
  readonly field: "cores" | "memory" | "gpus" | LabelMisfit["field"];
  readonly message: string;
}

/** Undefined when some node shape may fit as far as it is declared, or when its pools have no nodes declared at all. */
function findMisfit(workspace: Workspace, { declared, shapeOf }: ReferenceContext): Misfit | undefined {
  const isAllowed = (zone: string) => workspace.zones.length === 0 || workspace.zones.includes(zone);
  let last: { readonly shape: PartialShape; readonly owner: () => string } | undefined;
  const judge = ({ cores = Infinity, memoryBytes = Infinity, gpus = Infinity }: PartialShape, owner: () => string) => {
    last = { shape: { cores, memoryBytes, gpus }, owner };
    return cores >= workspace.cores && memoryBytes >= workspace.memory && gpus >= workspace.gpus;
  };
  for (const config of declared.autoscaleConfig.values()) {
    const pool = declared.pool.get(config.pool);
    if (!workspace.pools.includes(config.pool) || !isAllowed(config.zone)) continue;
    if (pool && !goesWithLabels(workspace, pool)) continue;
    for (const vmProvider of vmProvidersOf(config)) {
      const shape = shapeOf(config, vmProvider);
      if (judge(shape, () => `a node of autoscale config "${config.name}"`)) return undefined;
    }
  }
  for (const poolName of workspace.pools) {
    const pool = declared.pool.get(poolName);
    for (const member of pool?.staticMembers ?? []) {
      const shape = { cores: member.cores, memoryBytes: member.memory, gpus: member.gpus };
      if (!goesWithLabels(workspace, pool!, member.labels)) continue;
      if (isAllowed(member.zone) && judge(shape, () => `static member "${member.name}"`)) return undefined;
    }
  }
  return last && misfitOf(workspace, last.shape, last.owner());
}

function misfitOf({ cores, memory, gpus }: Workspace, shape: PartialShape, owner: string): Misfit | undefined {
  const { cores: hasCores = Infinity, memoryBytes: hasMemory = Infinity, gpus: hasGpus = Infinity } = shape;
  if (gpus > hasGpus) return { field: "gpus", message: `needs ${formatCount(gpus, "GPU")}; ${owner} has ${hasGpus}` };
  if (cores > hasCores)
    return { field: "cores", message: `needs ${formatCount(cores, "core")}; ${owner} has ${hasCores}` };
  if (memory <= hasMemory) return undefined;
  const message = `needs ${formatMemory(memory)} memory; ${owner} has ${formatMemory(hasMemory)}`;
  return { field: "memory", message };
}
