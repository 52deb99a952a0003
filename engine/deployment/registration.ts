/**
 * What a program asks for when it registers a resource, and the property paths of its options.
 * The rule kept: an ignored value that the old inputs do not have is left out of the result; nothing is guessed.
 */
import type { CustomTimeouts, ResourceHooks } from "../state/resource";
import { createUrn, qualifiedType, rootStackType, urnName, urnType } from "../state/urn";
import { isMap, type PropertyMap, Secret, type Value } from "../state/values";

export interface AliasSpec {
  urn?: string;
  name?: string;
  type?: string;
  stack?: string;
  project?: string;
  parent?: string;
  noParent?: boolean;
}

/** The wished-for state of one resource. */
export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  inputs: PropertyMap;
  parent: string;
  protect: boolean | undefined;
  dependencies: string[];
  /** Reference to a provider instance; empty for components and for providers themselves. */
  provider: string;
  propertyDependencies: Record<string, string[]>;
  deleteBeforeReplace: boolean | undefined;
  ignoreChanges: string[];
  additionalSecretOutputs: string[];
  aliases: AliasSpec[];
  customTimeouts: CustomTimeouts;
  replaceOnChanges: string[];
  retainOnDelete: boolean | undefined;
  deletedWith: string;
  hooks: ResourceHooks | undefined;
  sourcePosition: string | undefined;
  stackTrace: unknown[] | undefined;
}

/** Fills what most registrations leave open. */
export function makeGoal(parts: Partial<Goal> & Pick<Goal, "type" | "name" | "custom">): Goal {
  return {
    inputs: {},
    parent: "",
    protect: undefined,
    dependencies: [],
    provider: "",
    propertyDependencies: {},
    deleteBeforeReplace: undefined,
    ignoreChanges: [],
    additionalSecretOutputs: [],
    aliases: [],
    customTimeouts: {},
    replaceOnChanges: [],
    retainOnDelete: undefined,
    deletedWith: "",
    hooks: undefined,
    sourcePosition: undefined,
    stackTrace: undefined,
    ...parts,
  };
}

export interface AliasContext {
  stack: string;
  project: string;
  /** URN of a resource → the old URN it was found under in this operation. */
  matched: ReadonlyMap<string, string>;
}

/** Every URN the resource may have had before: its own aliases, those of its parent, and both together. */
export function aliasUrns(goal: Goal, context: AliasContext): string[] {
  const own = goal.aliases.map((alias) => aliasUrn(goal, alias, context));
  const parentAlias = context.matched.get(goal.parent);
  if (parentAlias === undefined) return [...new Set(own)];
  const inherited = [
    { type: goal.type, name: goal.name },
    ...own.map((urn) => ({ type: urnType(urn), name: urnName(urn) })),
  ];
  const parentName = urnName(goal.parent);
  const children = inherited.map(({ type, name }) => {
    // A child named after its parent was renamed with it.
    const oldName = name.startsWith(parentName) ? urnName(parentAlias) + name.slice(parentName.length) : name;
    return createUrn({ stack: context.stack, project: context.project, parent: parentAlias, type, name: oldName });
  });
  return [...new Set([...own, ...children])];
}

function aliasUrn(goal: Goal, alias: AliasSpec, context: AliasContext): string {
  if (alias.urn) return alias.urn;
  let parent = alias.parent ? (context.matched.get(alias.parent) ?? alias.parent) : goal.parent;
  if (alias.noParent || qualifiedType(parent) === rootStackType) parent = "";
  return createUrn({
    stack: alias.stack || context.stack,
    project: alias.project || context.project,
    parent,
    type: alias.type || goal.type,
    name: alias.name || goal.name,
  });
}

/** Splits `a.b[0]["c.d"].*` into its steps. */
export function parsePath(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const pattern = /\.?([^.[\]"]+)|\[(\d+)\]|\[\*\]|\["((?:[^"\\]|\\.)*)"\]/gy;
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path);
    if (!match) throw new Error(`failed to parse property path ${JSON.stringify(path)}`);
    steps.push(match[1] ?? (match[2] !== undefined ? Number(match[2]) : (match[3]?.replace(/\\(.)/g, "$1") ?? "*")));
  }
  return steps;
}

/**
 * The new inputs with everything under the ignored paths as it was before. Paths that lead nowhere on one side are
 * reported through `missing`.
 */
export function keepIgnored(options: {
  before: PropertyMap;
  after: PropertyMap;
  paths: string[];
  missing: (paths: string[]) => void;
}): PropertyMap {
  const unreached: string[] = [];
  let result: Value = options.after;
  for (const path of options.paths) {
    const kept = keepPath(options.before, result, parsePath(path));
    if (kept === undefined) unreached.push(path);
    else result = kept;
  }
  if (unreached.length > 0) options.missing(unreached);
  return result as PropertyMap;
}

/** `after` with the value of `before` at the path; undefined when the path ends before its last step. */
function keepPath(before: Value | undefined, after: Value | undefined, path: (string | number)[]): Value | undefined {
  const [step, ...rest] = path;
  if (before instanceof Secret || after instanceof Secret) {
    const kept = keepPath(
      before instanceof Secret ? before.value : before,
      after instanceof Secret ? after.value : after,
      path,
    );
    return kept === undefined ? undefined : new Secret(kept);
  }
  if (step === undefined) return before;
  if (step === "*") {
    const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
    let result: Value | undefined = after;
    for (const key of keys)
      result = keepPath(before, result, [Array.isArray(result) ? Number(key) : key, ...rest]) ?? result;
    return result;
  }
  if (Array.isArray(before) && Array.isArray(after) && typeof step === "number") {
    if (step >= after.length || step >= before.length) return undefined;
    const kept = keepPath(before[step], after[step], rest);
    return kept === undefined ? undefined : after.with(step, kept);
  }
  if (!isMap(before) || !isMap(after)) return undefined;
  const copy = { ...after };
  if (rest.length > 0) {
    if (!(step in before) && !(step in after)) return after;
    const kept = keepPath(before[step], after[step], rest);
    if (kept === undefined) return undefined;
    copy[step] = kept;
  } else if (step in before) copy[step] = before[step] as Value;
  else delete copy[step];
  return copy;
}

/** True when a changed path lies at, under or above a path the user named; `*` stands for any step. */
export function matchesPath(changed: string, named: string): boolean {
  const [left, right] = [parsePath(changed), parsePath(named)];
  const shared = Math.min(left.length, right.length);
  return right.slice(0, shared).every((step, index) => step === "*" || String(step) === String(left[index]));
}
