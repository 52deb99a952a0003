/**
 * The kernel of every definition (`headroom:index:Zone` …): its document lives in the runtime, reached over HTTP.
 * Inputs are the document as declared, plus the name filled in and {@link ownerKey}; outputs are the same, with the digest
 * of a document that has secrets.
 * The runtime alone decides what is right; here is only what it can't know: which other documents the same update
 * declares, and which values are not known yet.
 */
import { isDeepStrictEqual } from "node:util";
import type { HeadroomClient } from "../../runtime/api/client";
import type { Clock } from "../../runtime/model/clock";
import { type DefinitionKind, definitionSchemas, problemsOf, secretFields } from "../../runtime/model/config";
import { ConfigError, ConflictError, type Problem } from "../../runtime/model/errors";
import type { KernelContext, Properties, ResourceKernel } from "../resource-kernel";
import { connect } from "./connection";
import { definitionTypes } from "./definition-types";
import { referencesOf } from "../../runtime/model/definition-edges";
import { removeDefinition } from "./definition-removal";
import { certainProblems, hasUnknowns, knownPart } from "./known-part";
import { without } from "./property-values";
import { digestKey, rememberDigest, restoreSecrets, type Shown } from "./redacted";
import type { Declared, UpdateProgress } from "./update-progress";

/**
 * Input that keeps who declared the definition first, so that a resource which changes its URN by an alias still owns it.
 * The engine treats names with two underscores as internal and does not show them.
 */
export const ownerKey = "__owner";

/** A change of these makes another definition: the old one must go before the new one can be. */
const replacing: Readonly<Record<DefinitionKind, readonly string[]>> = {
  zone: ["name"],
  pool: ["name", "type"],
  workspace: ["name"],
  vmProviderConfig: ["name", "kind"],
  dnsProviderConfig: ["name", "kind"],
  ldapConfig: ["name"],
  budget: ["name"],
  autoscaleConfig: ["name", "type"],
  schedule: ["name"],
  stagingConfig: ["name"],
};

/** How long a write waits for definitions that it refers to and that the same update writes. */
const referenceWaitMsMax = 20_000;

/** Other documents of the update that go along with a check; the API takes bodies of 1 MiB with 1,000 of them. */
const pendingMax = 1_000;
const pendingBytesMax = 700_000;

export interface DefinitionTools {
  readonly clock: Clock;
  /** Shared by the definitions of one update. */
  readonly progress: UpdateProgress;
  /** Names of secret fields of `settings`, of all clouds together. */
  readonly secretSettings: readonly string[];
}

export function definitionKernel(kind: DefinitionKind, tools: DefinitionTools): ResourceKernel {
  const { progress } = tools;
  const hasSettings = kind === "vmProviderConfig" || kind === "dnsProviderConfig";
  const secretSettings = hasSettings ? tools.secretSettings.map((field) => `settings.${field}`) : [];

  async function write(inputs: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }> {
    const { doc, owner, name } = takeApart(inputs, context);
    if (context.isPreview) return { id: "", outputs: inputs };
    const declared = { kind, doc, owner };
    let written: Shown;
    try {
      written = await put(connect(context, context.signal), declared, { ...tools, name, signal: context.signal });
    } catch (error) {
      throw namingSubject(error, `${kind} "${name}"`);
    } finally {
      progress.noteWritten({ kind, name });
    }
    return { id: name, outputs: { ...inputs, ...rememberDigest(written, doc) } };
  }

  return {
    type: definitionTypes[kind],
    secretInputs: [...secretSettings, ...(secretFields[kind] ?? [])],
    check: (news, olds, context) => check(kind, { news, olds, context, progress }),
    async diff(_id, olds, news) {
      const names = new Set([...Object.keys(olds), ...Object.keys(news)].filter((name) => !name.startsWith("__")));
      const changed = [...names].filter((name) => !isDeepStrictEqual(olds[name], news[name]));
      const replaces = changed.filter((name) => replacing[kind].includes(name));
      // A new name can stand beside the old one; anything else needs the name free first.
      const deleteBeforeReplace = replaces.length > 0 && !replaces.includes("name");
      return { changes: changed.length > 0, replaces, deleteBeforeReplace };
    },
    create: write,
    async read(id, olds, context) {
      const stored = await connect(context, context.signal).definition(kind, id);
      if (stored === undefined) return undefined;
      // Another program took the name after ours was removed: what this resource declared is gone.
      if (olds[ownerKey] !== undefined && olds[ownerKey] !== stored.owner) return undefined;
      const { doc, remembered } = restoreSecrets(stored, olds);
      const inputs = { ...doc, [ownerKey]: stored.owner };
      return { id, inputs, outputs: { ...inputs, ...remembered } };
    },
    async update(_id, _olds, news, context) {
      return { outputs: (await write(news, context)).outputs };
    },
    async delete(id, olds, context) {
      const owner = ownerOf(olds, context);
      await removeDefinition(connect(context, context.signal), { kind, name: id, owner }, { ...tools, context });
    },
  };
}

/** Fills the name, asks for every problem, and notes the document for those that refer to it. */
async function check(
  kind: DefinitionKind,
  call: { news: Properties; olds: Properties | undefined; context: KernelContext; progress: UpdateProgress },
): Promise<{ inputs: Properties; problems: Problem[] }> {
  const { news, olds, context, progress } = call;
  const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== null));
  const owner = ownerOf(olds ?? {}, context);
  const inputs: Properties = { ...given, name: given["name"] ?? nameInUrn(context.owner), [ownerKey]: owner };
  const doc = without(inputs, [ownerKey]);
  const known = knownPart(doc);
  const declared: Declared = { kind, doc: known, owner };
  const name = doc["name"];
  const isNamed = typeof name === "string";
  const before = isNamed ? progress.declare(name, { ...declared, hasUnknowns: hasUnknowns(doc) }) : undefined;
  const references = referencesOf(kind, known);
  const pending = fitting(progress.pendingFor({ kind, name: isNamed ? name : "" }, references));
  const answer = await connect(context, context.signal).checkDefinition({ ...declared, pending });
  for (const { path, message } of certainProblems(answer.warnings, doc)) context.warn?.(`${path}: ${message}`);
  const found = [
    ...(before === undefined
      ? []
      : [{ path: "name", message: `${kind} "${String(name)}" is declared twice, also by ${before}` }]),
    ...answer.problems,
    ...schemaProblems(kind, known),
  ];
  // What refers to a document with unknown values looks like a missing reference to the runtime.
  const unsure = references.filter((reference) => progress.hasUnknowns(reference));
  const problems = certainProblems(withoutDoubles(found), doc).filter(
    ({ path }) => !unsure.some((reference) => reference.path === path),
  );
  return { inputs, problems };
}

/**
 * Writes the definition. When it is refused while something that it refers to is still being written, e.g. because a
 * reference is a plain text and the engine does not know the order, it waits for that and tries again.
 */
async function put(
  client: HeadroomClient,
  declared: Declared,
  { clock, progress, name, signal }: DefinitionTools & { name: string; signal: AbortSignal },
): Promise<Shown> {
  const references = referencesOf(declared.kind, declared.doc);
  const deadlineMs = clock.now() + referenceWaitMsMax;
  for (;;) {
    // Looked up before the request: what arrives while it runs is a reason to try again, too.
    const mayYetCome = progress.isOnItsWay(references);
    try {
      return await client.putDefinition({ ...declared, name });
    } catch (error) {
      const leftMs = deadlineMs - clock.now();
      if (!(error instanceof ConfigError) || !mayYetCome || leftMs <= 0 || signal.aborted) throw error;
      if (progress.isOnItsWay(references)) await progress.next(leftMs, signal);
    }
  }
}

function takeApart(inputs: Properties, context: KernelContext): { doc: Properties; owner: string; name: string } {
  const doc = without(inputs, [ownerKey, digestKey]);
  return { doc, owner: ownerOf(inputs, context), name: String(doc["name"]) };
}

function ownerOf(properties: Properties, context: KernelContext): string {
  const owner = properties[ownerKey];
  return typeof owner === "string" ? owner : context.owner;
}

/** `urn:pulumi:dev::lab::headroom:index:Zone::office` → `office`. */
function nameInUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** The runtime finds these too. They are looked for here as well, so that a field newer than the runtime is not let pass. */
function schemaProblems(kind: DefinitionKind, doc: Properties): Problem[] {
  const schema = definitionSchemas[kind];
  const parsed = schema.safeParse(doc);
  return parsed.success ? [] : problemsOf(parsed.error, doc, secretFields[kind], schema);
}

/**
 * As many of the documents as one request may carry, the first ones first. Startup scripts stay behind: they may be
 * large, and nobody refers to what is in them.
 */
function fitting(pending: readonly Declared[]): Declared[] {
  const chosen: Declared[] = [];
  let bytesLeft = pendingBytesMax;
  for (const { kind, doc, owner } of pending.slice(0, pendingMax)) {
    const rest = without(doc, ["startupScript"]);
    bytesLeft -= Buffer.byteLength(JSON.stringify(rest)) + Buffer.byteLength(owner);
    if (bytesLeft < 0) break;
    chosen.push({ kind, doc: rest, owner });
  }
  return chosen;
}

function withoutDoubles(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path}\n${problem.message}`, problem])).values()];
}

/** Refusals of a document say which one it was; others say enough. */
function namingSubject(error: unknown, subject: string): unknown {
  if (error instanceof ConfigError && error.problems.length > 0) return ConfigError.of(error.problems, subject);
  if (error instanceof ConflictError) return new ConflictError(`${subject}: ${error.message}`, { cause: error });
  return error;
}
