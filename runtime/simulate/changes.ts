/** `--set desktops.minimumAvailableSessions=5`: definitions as they would be, checked as when they are declared. */
import { definitionKinds, findProblems, type CloudCatalog } from "../model/config";
import { ConfigError } from "../model/errors";
import type { PlayedDefinition } from "./played-definitions";
import type { DefinitionChange } from "./result";

/** Variants that are played side by side at most. */
export const variantsMax = 50;

export function parseChange(text: string): DefinitionChange {
  const [, path, value] = /^([^=\s]+\.[^=\s]+)=(.*)$/.exec(text) ?? [];
  if (path === undefined || value === undefined) {
    const message = `got "${text}"; use <name>.<field>=<value> such as desktops.minimumAvailableSessions=5`;
    throw ConfigError.of([{ path: "--set", message }]);
  }
  return { path, value: valueOf(value) };
}

/** Numbers, true, false, lists and objects as JSON; all else is a text. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Each combination of the values: a path that is given twice makes two variants. Empty when nothing is changed. */
export function variantsOf(changes: readonly DefinitionChange[]): DefinitionChange[][] {
  const byPath = new Map<string, DefinitionChange[]>();
  for (const change of changes) byPath.set(change.path, [...(byPath.get(change.path) ?? []), change]);
  if (byPath.size === 0) return [];
  const variants = [...byPath.values()].reduce<DefinitionChange[][]>(
    (some, values) => some.flatMap((before) => values.map((change) => [...before, change])),
    [[]],
  );
  if (variants.length > variantsMax) {
    const message = `these make ${variants.length} variants; at most ${variantsMax} are played`;
    throw ConfigError.of([{ path: "--set", message }]);
  }
  return variants;
}

export function describeChanges(changes: readonly DefinitionChange[]): string {
  return changes
    .map(({ path, value }) => `${path}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

/** The definitions with all changes made; what the schemas do not allow of them is refused, with its path. */
export function withChanges(
  definitions: readonly PlayedDefinition[],
  changes: readonly DefinitionChange[],
  catalog: CloudCatalog,
): PlayedDefinition[] {
  const changed = [...definitions];
  const problemsOf = ({ kind, doc }: PlayedDefinition) => findProblems(kind, doc, catalog);
  for (const { path, value } of changes) {
    const [name = "", ...fields] = path.split(".");
    const index = indexOf(changed, name, path);
    const definition = changed[index]!;
    changed[index] = { ...definition, doc: withValue(definition.doc, fields, value) };
    const known = new Set(problemsOf(definition).map(({ path: at }) => at));
    const [problem] = problemsOf(changed[index]).filter(({ path: at }) => !known.has(at));
    if (problem) throw ConfigError.of([{ path: `--set ${path}`, message: `${problem.path}: ${problem.message}` }]);
  }
  return changed;
}

/** An autoscale config where several definitions have the name. `schedule/morning` says which kind is meant. */
function indexOf(definitions: readonly PlayedDefinition[], text: string, path: string): number {
  const [kind, name] = text.includes("/") ? text.split("/") : [undefined, text];
  const fits = definitions.filter((of) => of.name === name && (kind === undefined || of.kind === kind));
  const found = fits.find((of) => of.kind === "autoscaleConfig") ?? fits[0];
  if (found && (fits.length === 1 || found.kind === "autoscaleConfig")) return definitions.indexOf(found);
  const known = definitions.map((of) => `${of.kind}/${of.name}`).join(", ");
  const message = `nothing, or more than one thing, is called "${text}"; there are: ${known || "no definitions"} (kinds: ${definitionKinds.join(", ")})`;
  throw ConfigError.of([{ path: `--set ${path}`, message }]);
}

function withValue(
  doc: Readonly<Record<string, unknown>>,
  [field = "", ...inner]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (inner.length === 0) return { ...doc, [field]: value };
  const before = doc[field];
  const object = typeof before === "object" && before !== null ? (before as Record<string, unknown>) : {};
  return { ...doc, [field]: withValue(object, inner, value) };
}
