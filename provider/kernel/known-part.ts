/** Documents of which some values are not known before the update: what can be said about the rest. */
import type { Problem } from "../../runtime/model/errors";
import { type Properties, unknownValue } from "../resource-kernel";

/** The document without what is unknown. */
export function knownPart(doc: Properties): Properties {
  return keepKnown(doc) as Properties;
}

export function hasUnknowns(doc: Properties): boolean {
  return unknownPaths(doc, "").length > 0;
}

/** Problems that stay whatever the unknown values will be: not at one, not above one, not below one. */
export function certainProblems(problems: readonly Problem[], doc: Properties): Problem[] {
  const unknowns = unknownPaths(doc, "");
  return problems.filter(({ path }) => !unknowns.some((unknown) => holds(path, unknown) || holds(unknown, path)));
}

/** Paths of everything unknown, in the form of a problem's path: `settings.root`, `pools[1]`. */
function unknownPaths(value: unknown, path: string): string[] {
  if (value === unknownValue) return [path];
  if (Array.isArray(value)) return value.flatMap((item, index) => unknownPaths(item, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => unknownPaths(inner, path ? `${path}.${key}` : key));
}

/** Is `inner` the place `outer` or below it? Everything is below the empty path, the document itself. */
function holds(outer: string, inner: string): boolean {
  if (outer === "" || outer === inner) return true;
  return inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}

function keepKnown(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== unknownValue).map(keepKnown);
  if (typeof value !== "object" || value === null) return value;
  const known = Object.entries(value).filter(([, inner]) => inner !== unknownValue);
  return Object.fromEntries(known.map(([key, inner]) => [key, keepKnown(inner)]));
}
