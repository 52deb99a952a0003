import type { Json, JsonObject } from "./notation";
import { shortUrn, type Point } from "./point";

/** Calls that change the world; only their order matters. */
const effects = new Set(["create", "update", "delete"]);

/**
 * The order of calls, as far as it means something: between resources of which one needs the other, between what replaces and
 * what is replaced, and between all deletions of what the program no longer wants and everything that is made or changed.
 */
export function orderPoints(calls: readonly JsonObject[], states: readonly (JsonObject | null)[]): Point[] {
  const changes = calls.filter((call) => effects.has(String(call["call"])) && call["preview"] !== true);
  const needs = neededUrns(states);
  const points: Point[] = [];
  for (const [index, first] of changes.entries()) {
    for (const second of changes.slice(index + 1)) {
      const [one, other] = [String(first["urn"]), String(second["urn"])];
      const isOneReplaced = one === other && !(first["call"] === "delete" && second["call"] === "delete");
      if (!isOneReplaced && !needs.get(one)?.has(other) && !needs.get(other)?.has(one)) continue;
      points.push({ kind: "order", label: `order: ${nameOf(first)} before ${nameOf(second)}`, value: true });
    }
  }
  return points.length > 0 || changes.length > 0 ? [...unique(points), deletionsLast(changes)] : [];
}

function deletionsLast(changes: readonly JsonObject[]): Point {
  const made = (call: JsonObject): boolean => call["call"] !== "delete";
  const lastMade = changes.findLastIndex(made);
  // A deletion before the creation of the same resource is the first half of a replacement.
  const isEarly = changes.some(
    (call, index) =>
      !made(call) && index < lastMade && !changes.some((other) => made(other) && other["urn"] === call["urn"]),
  );
  return { kind: "order", label: "order: deletions come last", value: !isEarly };
}

/** For each resource, all that it needs, at any distance. */
function neededUrns(states: readonly (JsonObject | null)[]): Map<string, Set<string>> {
  const direct = new Map<string, Set<string>>();
  for (const resource of states.flatMap((state) => (state?.["resources"] ?? []) as readonly JsonObject[])) {
    const urn = String(resource["urn"]);
    const properties = Object.values((resource["propertyDependencies"] ?? {}) as { [key: string]: Json }).flat();
    const provider = String(resource["provider"] ?? "").replace(/::[^:]*$/, "");
    const needed = [
      resource["parent"],
      resource["deletedWith"],
      provider,
      ...properties,
      ...list(resource["dependencies"]),
    ];
    direct.set(urn, new Set([...(direct.get(urn) ?? []), ...needed.filter(Boolean).map(String)]));
  }
  const closure = new Map<string, Set<string>>();
  for (const urn of direct.keys()) {
    const reached = new Set<string>();
    const open = [...(direct.get(urn) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(...(direct.get(next) ?? []));
    }
    closure.set(urn, reached);
  }
  return closure;
}

function nameOf(call: JsonObject): string {
  return `${String(call["call"])} ${shortUrn(String(call["urn"]))}${call["id"] === undefined ? "" : ` ${String(call["id"])}`}`;
}

function list(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function unique(points: readonly Point[]): Point[] {
  return [...new Map(points.map((point) => [point.label, point])).values()];
}
