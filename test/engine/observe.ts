import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import type { EngineEvent, StepEventMetadata, StepEventStateMetadata } from "@pulumi/pulumi/automation";
import type { Json, JsonObject } from "./notation";
import { repositoryRoot } from "./sandbox";

/** The recordings keep so much of a diagnostic; the longest ones list what is pending and then explain it at length. */
const messageLengthMax = 400;
/** Longer texts are recorded by their length and a hash. */
const textLengthMax = 20_000;
/** Fields of states and exports that differ from run to run and mean nothing. */
const volatileFields = new Set(["created", "modified", "sourcePosition", "stackTrace", "lastUpdate"]);

/** One engine event in the format of the recordings. `more` is what only our own recordings hold. */
export function observeEvent(event: EngineEvent): JsonObject {
  if (event.diagnosticEvent !== undefined) {
    const { severity, urn, message } = event.diagnosticEvent;
    const text = withoutStackFrames(message.replace(/<\{%[^%]*%\}>/g, "")).slice(0, messageLengthMax);
    return { diagnostic: severity, ...(urn ? { urn } : {}), message: text };
  }
  if (event.summaryEvent !== undefined) {
    return { summary: event.summaryEvent.resourceChanges as JsonObject, maybeCorrupt: event.summaryEvent.maybeCorrupt };
  }
  for (const name of ["resourcePreEvent", "resOutputsEvent", "resOpFailedEvent"] as const) {
    const stepEvent = event[name];
    if (stepEvent !== undefined) {
      return { event: name, ...observeStep(stepEvent.metadata, name === "resOutputsEvent") };
    }
  }
  const name = Object.keys(event).find((key) => key.endsWith("Event"));
  return { event: name ?? "unknown" };
}

function observeStep(metadata: StepEventMetadata, isResult: boolean): JsonObject {
  const { op, urn, diffs, keys } = metadata;
  return {
    op,
    urn,
    ...(diffs?.length ? { diffs: [...diffs] } : {}),
    ...(keys?.length ? { keys: [...keys] } : {}),
    ...(isResult ? { more: observeResult(metadata) } : {}),
  };
}

/** What is known of the resource after the step; after a deletion, what was known before. */
function observeResult(metadata: StepEventMetadata): JsonObject {
  const side: Partial<StepEventStateMetadata> = metadata.new?.urn ? metadata.new : (metadata.old ?? {});
  const { id, custom, parent, inputs, outputs, initErrors, protect } = side;
  return dropUndefined({
    id,
    custom,
    parent,
    inputs: inputs as JsonObject,
    outputs: outputs as JsonObject,
    initErrors,
    protect,
    detailedDiff: (metadata.detailedDiff ?? undefined) as JsonObject | undefined,
  });
}

/** Takes a state or an export down to what the recordings hold. */
export function withoutVolatileFields(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutVolatileFields);
  if (typeof value !== "object" || value === null) return value;
  const kept: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (volatileFields.has(key)) continue;
    kept[key] = key === "manifest" ? { version: (inner as JsonObject)["version"] } : withoutVolatileFields(inner);
  }
  return kept;
}

/** Names whatever belongs to this machine or this run, so that a recording says the same everywhere. */
export function withoutMachine<Value>(value: Value, base: string): Value {
  const named: [RegExp, string][] = [
    [new RegExp(escape(realpathSync(join(repositoryRoot, "node_modules"))), "g"), "NODE_MODULES"],
    [new RegExp(escape(base), "g"), "BASE"],
    [new RegExp(escape(repositoryRoot), "g"), "REPOSITORY"],
    [/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT"],
    [
      new RegExp(`${escape(userInfo().username)}@${escape(hostname())} \\(pid \\d+\\) at [^\\n"\\\\]*`, "g"),
      "USER@HOST (pid PID) at TIME",
    ],
  ];
  let text = JSON.stringify(value);
  for (const [pattern, name] of named) text = text.replace(pattern, name);
  return JSON.parse(text, (_key, inner: unknown) => (typeof inner === "string" ? shortened(inner) : inner)) as Value;
}

function shortened(text: string): string {
  if (text.length <= textLengthMax) return text;
  return `${text.length} characters, SHA-256 ${createHash("sha256").update(text).digest("hex")}`;
}

/** The text without the lines of JavaScript stack traces, which depend on the versions of Node and of the SDK. */
export function withoutStackFrames(text: string): string {
  return text.replace(/^\s+at .*(\n|$)/gm, "");
}

function dropUndefined(object: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(object)) as JsonObject;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
