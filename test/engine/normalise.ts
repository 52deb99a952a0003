import type { Json, JsonObject, Observation, Recording } from "./notation";
import { orderPoints } from "./order";
import { shortUrn, type Point } from "./point";
import { secretSignatureKey } from "./toy-provider";

/** Commands whose output is a display of progress; their effects are compared, not their looks. */
const displayCommands = new Set(["up", "preview", "refresh", "destroy"]);
/** Creates that take at least so long overlap when they may, also on a busy machine. */
const overlapMsMin = 150;
/** Messages that depend on the versions of Node and TypeScript. */
const chance = /^\(node:\d+\)|^\(Use `node|^Found typescript/;
/** Arrays whose order says nothing. */
const unorderedFields = new Set(["dependencies", "diffs", "keys", "changed", "replaces"]);

/**
 * Takes a recording apart into points that mean the same in every correct run: ids are named after the resource they were
 * made for, what arrives in any order is sorted, and times, ports, salts, ciphertexts and versions are left out.
 */
export function pointsOf(recording: Recording): Point[] {
  const rename = renamer(recording);
  let before: JsonObject | null = null;
  return recording.steps.flatMap((raw, index) => {
    const observation = canonical(raw as unknown as Json, rename) as unknown as Observation;
    const points = observationPoints(observation, before);
    before = observation.state ?? null;
    return points.map((point) => ({ ...point, label: `step ${index + 1} ${stepName(raw)}: ${point.label}` }));
  });
}

function observationPoints(observation: Observation, before: JsonObject | null): Point[] {
  const { result, errorClass, error, cli, second, calls, events, state, files, world } = observation;
  const points: Point[] = [];
  if (result !== undefined) points.push({ kind: "result", label: "result", value: result });
  if (errorClass !== undefined) points.push({ kind: "result", label: "error class", value: errorClass });
  if (error !== undefined) points.push({ kind: "result", label: "errors", value: errorLines(error) });
  if (observation.returned !== undefined)
    points.push({ kind: "returned", label: "returned", value: observation.returned });
  if (cli !== undefined) points.push(...commandPoints("command", cli, observation));
  if (second !== undefined) points.push(...commandPoints("second engine", second, observation));
  if (calls !== undefined) points.push(...callPoints(calls), ...orderPoints(calls, [before, state ?? null]));
  if (events !== undefined && "do" in observation.step) points.push(...eventPoints(events, result));
  points.push(...statePoints(state ?? null));
  for (const line of files ?? []) {
    const [count = "", path = ""] = line.split(" ");
    points.push({ kind: "files", label: `files ${path}`, value: count });
  }
  points.push({ kind: "world", label: "world", value: [...(world ?? [])].sort() });
  return points;
}

function commandPoints(name: string, seen: NonNullable<Observation["cli"]>, { step }: Observation): Point[] {
  const isDisplay = name !== "command" || ("cli" in step && displayCommands.has(step.cli[0] ?? ""));
  const points: Point[] = [
    { kind: "command", label: `${name}: exit code`, value: seen.code },
    { kind: "command", label: `${name}: errors`, value: errorLines(seen.stderr) },
  ];
  const kind = "cli" in step && step.cli.includes("export") ? "exported document" : "output";
  if (!isDisplay) points.push(...outputPoints(kind, `${name}: output`, seen.stdout));
  return points;
}

function outputPoints(kind: string, label: string, text: string): Point[] {
  if (!/^\s*[[{]/.test(text)) return [{ kind, label, value: text.trim() }];
  try {
    return [{ kind, label, value: withoutManifest(JSON.parse(text) as Json) }];
  } catch {
    // The given recordings cut long documents; what is left of one can't be compared.
    return [];
  }
}

function withoutManifest(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutManifest);
  if (typeof value !== "object" || value === null) return value;
  const dropped = new Set(["manifest", "created", "modified", "sourcePosition", "stackTrace", "lastUpdate", "salt"]);
  const kept = Object.entries(value).filter(([key]) => !dropped.has(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutManifest(inner)]));
}

/** The error messages in an engine's text output, each once. */
function errorLines(text: string): string[] {
  const once = text.split("\n err?: ")[0] ?? "";
  const diagnostics = once.split("\nDiagnostics:\n")[1]?.split("\nResources:\n")[0] ?? once;
  const found = diagnostics
    .split("\n")
    .flatMap((line) => /^\s*(error: .*|.*was killed with.*\))/.exec(line)?.[1] ?? []);
  return [...new Set(found)].sort();
}

function callPoints(calls: readonly JsonObject[]): Point[] {
  const slow = calls.filter((call) => call["call"] === "create" && Number(inputOf(call, "delayMs")) >= overlapMsMin);
  const overlap = slow.some((call) => call["concurrent"] === true);
  const plain = calls.map(({ concurrent: _concurrent, ...call }) => call);
  return [
    ...(slow.length > 1 ? [{ kind: "call", label: "slow creates overlap", value: overlap }] : []),
    ...sequencePoints("call", plain, callGroup),
  ];
}

/** Calls of one resource come one after the other; only the deletions of what it replaced don't wait for each other. */
function callGroup(call: JsonObject): string {
  if (call["urn"] === undefined) return `${String(call["call"])} ${String(call["tok"] ?? "")}`;
  return call["call"] === "delete" ? `${String(call["urn"])} delete ${String(call["id"])}` : String(call["urn"]);
}

function eventGroup(event: JsonObject): string {
  const op = String(event["op"]);
  return op.startsWith("delete") ? `${String(event["urn"])} ${op}` : String(event["urn"]);
}

function inputOf(call: JsonObject, name: string): Json {
  return ((call["properties"] ?? {}) as JsonObject)[name];
}

function eventPoints(events: readonly JsonObject[], result: Observation["result"]): Point[] {
  const steps = events.filter((event) => event["urn"] !== undefined && event["event"] !== undefined);
  const plain = steps.map(({ more: _more, ...event }) => event);
  const detailed = steps.filter((event) => event["more"] !== undefined);
  const diagnostics = events
    .filter((event) => event["diagnostic"] !== undefined && !chance.test(String(event["message"])))
    .map(comparableDiagnostic);
  const others = events.filter((event) => event["event"] !== undefined && event["urn"] === undefined);
  const summaries = events.filter((event) => event["summary"] !== undefined);
  return [
    ...sequencePoints("event", plain, eventGroup),
    ...sequencePoints("event details", detailed, eventGroup),
    ...countPoints(
      "diagnostic",
      diagnostics.filter((each) => each["diagnostic"] !== "debug"),
    ),
    // After a failure the program's last log messages race with the end of the engine.
    ...(result === "succeeded"
      ? countPoints(
          "debug message",
          diagnostics.filter((each) => each["diagnostic"] === "debug"),
        )
      : []),
    ...countPoints("event", others),
    ...sequencePoints("summary", summaries, () => ""),
    ...(events.length > 0 ? [{ kind: "event", label: "first event", value: nameOf(events[0]) }] : []),
    ...(result === "succeeded" ? [{ kind: "event", label: "last event", value: nameOf(events.at(-1)) }] : []),
  ];
}

function nameOf(event: JsonObject | undefined): Json {
  return event?.["event"] ?? (event?.["summary"] === undefined ? "diagnostic" : "summary");
}

/** Long lists in a message come in any order, and a long message is cut at some length: whole lines, sorted. */
function comparableDiagnostic(event: JsonObject): JsonObject {
  const lines = String(event["message"])
    .replace(/^\s+at .*$/gm, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const isCut = String(event["message"]).length >= 340;
  return { ...event, message: (isCut ? lines.slice(0, -1) : lines).sort().join("\n") };
}

function statePoints(state: JsonObject | string | null): Point[] {
  // The given recordings put an error's text where there is no state.
  if (state === null || typeof state === "string") return [{ kind: "state", label: "state", value: null }];
  // The manifest is left out below, as it is wherever it comes.
  const { resources, pending_operations: pending, ...rest } = state;
  const listed = (resources ?? []) as readonly JsonObject[];
  const operations = (pending ?? []) as readonly JsonObject[];
  return [
    ...sequencePoints(
      "state",
      sortedBy(listed, (each) => String(each["delete"] ?? "")),
      (each) => String(each["urn"]),
    ),
    ...countPoints("pending operation", operations),
    { kind: "state", label: "state: everything comes after what it needs", value: isTopological(listed) },
    { kind: "state", label: "state: the rest", value: withoutManifest(rest) },
  ];
}

function isTopological(resources: readonly JsonObject[]): boolean {
  const seen = new Set<Json>();
  return resources.every((resource) => {
    seen.add(resource["urn"]);
    const needed = [resource["parent"], ...((resource["dependencies"] ?? []) as readonly Json[])];
    return needed.every((urn) => urn === undefined || urn === "" || seen.has(urn));
  });
}

/** One point per element, labelled by its group and its place within the group. */
function sequencePoints(kind: string, values: readonly JsonObject[], groupOf: (value: JsonObject) => string): Point[] {
  const counts = new Map<string, number>();
  return values.map((value) => {
    const group = groupOf(value);
    const place = (counts.get(group) ?? 0) + 1;
    counts.set(group, place);
    return { kind, label: `${kind} ${shortUrn(group)} #${place}`.replace("  ", " "), value };
  });
}

/** One point per different value, saying how often it comes. */
function countPoints(kind: string, values: readonly JsonObject[]): Point[] {
  const counts = new Map<string, number>();
  for (const value of values) {
    const text = JSON.stringify(value);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => ({ kind, label: `${kind} ${text}`, value: count }));
}

function sortedBy<Value>(values: readonly Value[], key: (value: Value) => string): Value[] {
  return [...values].sort((left, right) => (key(left) < key(right) ? -1 : key(left) > key(right) ? 1 : 0));
}

function stepName({ step }: Observation): string {
  if ("do" in step) return step.do;
  if ("cli" in step) return `pulumi ${step.cli.join(" ")}`;
  return "unlock" in step ? "unlock" : `world ${step.world}`;
}

/** Names ids, addresses and tokens after the resource whose create call returned them: `thing-7` becomes `thing-a.1`. */
function renamer(recording: Recording): (text: string) => string {
  const owners = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const call of recording.steps.flatMap((step) => step.calls ?? [])) {
    const id = /^thing-(\d+)$/.exec(String(call["returnedId"] ?? ""))?.[1];
    if (call["call"] !== "create" || id === undefined || owners.has(id)) continue;
    const name = String(call["urn"]).split("::").at(-1) ?? "";
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    owners.set(id, `${name}.${count}`);
  }
  return (text) =>
    text
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
      .replace(/\b(thing-|token-|10\.0\.0\.)(\d+)\b/g, (whole, kind: string, id: string) =>
        owners.has(id) ? `${kind}${owners.get(id)}` : whole,
      );
}

/** The value with renamed texts, sorted keys and without what differs by chance. */
function canonical(value: Json, rename: (text: string) => string): Json {
  if (typeof value === "string") return rename(value);
  if (Array.isArray(value)) return value.map((inner: Json) => canonical(inner, rename));
  if (typeof value !== "object" || value === null) return value;
  const object = value as JsonObject;
  if (object[secretSignatureKey] !== undefined && "ciphertext" in object) return { secret: "encrypted" };
  const entries = Object.entries(object)
    .filter(([key, inner]) => inner !== undefined && key !== "step")
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, inner]) => [key, canonicalField(key, inner, rename)] as const);
  const step = object["step"];
  return Object.fromEntries(step === undefined ? entries : [...entries, ["step", step] as const]);
}

function canonicalField(key: string, value: Json, rename: (text: string) => string): Json {
  if (key === "__provider") return "the serialised provider";
  if (key === "salt") return "SALT";
  const inner = canonical(value, rename);
  if (unorderedFields.has(key) && Array.isArray(inner)) return [...inner].sort();
  if (key === "propertyDependencies" && typeof inner === "object" && inner !== null) {
    return Object.fromEntries(Object.entries(inner).map(([name, urns]) => [name, [...(urns as string[])].sort()]));
  }
  return inner;
}
