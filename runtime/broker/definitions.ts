/** Declaring, checking and removing definitions. */
import type { Rng } from "../model/clock";
import {
  findProblems,
  findRefusals,
  parseDefinition,
  type AutoscaleConfig,
  type CloudCatalog,
  type DefinitionKind,
  type DefinitionOf,
} from "../model/config";
import { checkIdOf } from "../model/account-check";
import { canonicalJson } from "../model/canonical-json";
import type { Declared, ReferenceContext } from "../model/declared";
import { ConfigError, ConflictError, NotFoundError, type Problem } from "../model/errors";
import { findReferenceProblems, findReferrers, findWarnings } from "../model/references";
import type { PartialShape } from "../model/shapes";
import type { StoredDefinition } from "../model/state";
import { describeUnreadable, unreadableReferrers } from "../model/unreadable";
import { formatCount } from "../model/units";
import { declaredShape } from "../planner/config/next-node";
import type { QueueContext } from "../planner/placement/place-queue";
import { without } from "../planner/lifecycle/transitions";
import { definitionId } from "../model/changes";
import type { Snapshot } from "../model/snapshot";
import { accountsAfterDelete, accountsAfterPut } from "./account-rows";
import { forgetFailures } from "./forget-failures";
import { syncStaticMembers } from "./static-members";

export interface NamedDocument {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly doc: unknown;
  readonly owner: string;
}

export interface OwnedDocument {
  readonly kind: DefinitionKind;
  readonly doc: unknown;
  readonly owner: string;
}

export interface Findings {
  readonly problems: Problem[];
  /** Allowed, but probably not meant. */
  readonly warnings: Problem[];
}

export type DeleteOutcome =
  { readonly kind: "gone" } | { readonly kind: "draining"; readonly nodesLeft: number; readonly sessionsLeft: number };

type DefinitionContext = QueueContext & { readonly rng: Rng };

export function checkDefinition(
  { kind, doc, owner, pending = [] }: OwnedDocument & { readonly pending?: readonly OwnedDocument[] },
  snapshot: Snapshot,
  catalog: CloudCatalog,
): Findings {
  const problems = findRefusals(kind, doc, catalog);
  if (problems.length > 0) return { problems, warnings: [] };
  const definition = parseDefinition(kind, doc);
  const holder = snapshot.definitions.get(definitionId(kind, definition.name));
  if (holder && holder.owner !== owner) problems.push({ path: "name", message: ownedByOther(holder) });
  const twin = pending.find(
    (other) => other.kind === kind && nameOf(other.doc) === definition.name && other.owner !== owner,
  );
  if (twin) problems.push({ path: "name", message: `${kind} "${definition.name}" is declared by ${twin.owner} too` });
  const references = referencesAround(snapshot, catalog, [...pending, { kind, doc, owner }]);
  problems.push(...changeProblems(kind, definition, snapshot), ...findReferenceProblems(kind, definition, references));
  const warnings = problems.length > 0 ? [] : findWarnings(kind, definition, references);
  return { problems: problems.map(withUnreadable(snapshot)), warnings };
}

export function putDefinition({ kind, name, doc, owner }: NamedDocument, context: DefinitionContext): StoredDefinition {
  const { draft, catalog, journal, nowMs } = context;
  const { snapshot } = draft;
  const known = snapshot.definitions.get(definitionId(kind, name));
  if (known && known.owner !== owner) throw new ConflictError(ownedByOther(known));
  const problems = findRefusals(kind, doc, catalog);
  if (problems.length > 0) throw ConfigError.of(problems, `${kind} "${name}"`);
  const definition = parseDefinition(kind, doc);
  if (definition.name !== name) {
    const message = `got "${definition.name}"; the address says "${name}"`;
    throw ConfigError.of([{ path: "name", message }], `${kind} "${name}"`);
  }
  const references = referencesAround(snapshot, catalog, [{ kind, doc, owner }]);
  problems.push(...changeProblems(kind, definition, snapshot), ...findReferenceProblems(kind, definition, references));
  if (problems.length > 0) throw ConfigError.of(problems.map(withUnreadable(snapshot)), `${kind} "${name}"`);
  const row: StoredDefinition = { kind, name, doc: doc as StoredDefinition["doc"], owner, updatedAtMs: nowMs };
  draft.put({ kind: "put", table: "definition", row });
  for (const change of accountsAfterPut(kind, definition, { snapshot, catalog, nowMs })) draft.put(change);
  if (known && canonicalJson(known.doc) !== canonicalJson(doc)) forgetFailures(kind, name, context);
  if (kind === "pool") syncStaticMembers(name, references.declared.pool.get(name)!, context);
  const subject = journalSubjects[kind];
  if (!subject) return row;
  const state = kind === "autoscaleConfig" ? draft.configState(name) : undefined;
  if (state?.isDeleting) draft.putConfigState(without(state, "isDeleting"));
  const event = known ? "changed" : "declared";
  draft.decide(journal.entry(subject, name, event, { code: event, text: `${event} by ${owner}`, numbers: {} }));
  return row;
}

/** Definitions whose decisions the journal keeps, under these names. */
const journalSubjects: Partial<Record<DefinitionKind, "config" | "staging">> = {
  autoscaleConfig: "config",
  stagingConfig: "staging",
};

export function deleteDefinition(
  { kind, name, owner }: { readonly kind: DefinitionKind; readonly name: string; readonly owner: string },
  context: QueueContext,
): DeleteOutcome {
  const { draft } = context;
  const { snapshot } = draft;
  const id = definitionId(kind, name);
  const known = snapshot.definitions.get(id);
  if (!known) throw new NotFoundError(`there is no ${kind} "${name}"`);
  if (known.owner !== owner) throw new ConflictError(ownedByOther(known));
  const referrers = [
    ...findReferrers(kind, name, declaredWith(snapshot, context.catalog, [])),
    ...unreadableReferrers({ kind, name }, snapshot),
  ];
  if (referrers.length > 0) throw new ConflictError(`${kind} "${name}" is still used by ${referrers.join(", ")}`);
  if (kind === "autoscaleConfig" && snapshot.nodesOfConfig(name).size > 0) return startDrain(name, context);
  if (kind === "pool") syncStaticMembers(name, undefined, context);
  draft.put({ kind: "delete", table: "definition", id });
  const accountContext = { snapshot, catalog: context.catalog, nowMs: context.nowMs };
  for (const change of accountsAfterDelete(kind, name, accountContext)) draft.put(change);
  if (kind === "vmProviderConfig" || kind === "ldapConfig") {
    const checkId = checkIdOf({ kind, name });
    if (snapshot.accountChecks.has(checkId)) draft.put({ kind: "delete", table: "accountCheck", id: checkId });
  }
  if (kind === "stagingConfig") {
    const reason = { code: "deleted", text: "deleted; what it staged and nobody has ends", numbers: {} };
    draft.decide(context.journal.entry("staging", name, "deleted", reason));
  }
  if (kind === "autoscaleConfig") {
    draft.put({ kind: "delete", table: "configState", id: name });
    if (snapshot.configDemands.has(name)) draft.put({ kind: "delete", table: "configDemand", id: name });
    draft.decide(
      context.journal.entry("config", name, "deleted", {
        code: "deleted",
        text: "deleted; it had no nodes",
        numbers: {},
      }),
    );
  }
  return { kind: "gone" };
}

/** The reconciler empties it and removes the definition with its last node. */
function startDrain(name: string, { draft, journal }: QueueContext): DeleteOutcome {
  const { snapshot } = draft;
  const nodes = [...snapshot.nodesOfConfig(name).keys()];
  const sessions = nodes.flatMap((nodeId) => [...snapshot.sessionsOf(nodeId).values()]);
  const sessionsLeft = sessions.filter(({ status }) => status !== "staged").length;
  const state = snapshot.configStates.get(name) ?? { autoscaleConfig: name };
  if (!state.isDeleting) {
    draft.put({ kind: "put", table: "configState", row: { ...state, isDeleting: true } });
    const text = `is being deleted: ${formatCount(nodes.length, "node")} with ${formatCount(sessionsLeft, "session")} to be drained first`;
    const numbers = { nodesLeft: nodes.length, sessionsLeft };
    draft.decide(journal.entry("config", name, "deleting", { code: "configDeleting", text, numbers }));
  }
  return { kind: "draining", nodesLeft: nodes.length, sessionsLeft };
}

function ownedByOther({ kind, name, owner }: StoredDefinition): string {
  return `${kind} "${name}" is declared by ${owner} already`;
}

function nameOf(doc: unknown): unknown {
  return typeof doc === "object" && doc !== null ? (doc as { readonly name?: unknown }).name : undefined;
}

/** What is missing by a problem's words may be there and only not be readable. */
function withUnreadable({ unreadable }: Snapshot): (problem: Problem) => Problem {
  return (problem) => {
    const found = [...unreadable.values()].find(({ name }) => problem.message.includes(`"${name}"`));
    return found ? { ...problem, message: `${problem.message}: ${describeUnreadable(found)}` } : problem;
  };
}

/** Nodes carry their place from birth, so a config can't take them to another; nor can one that could not be read. */
function changeProblems(kind: DefinitionKind, definition: DefinitionOf<DefinitionKind>, snapshot: Snapshot): Problem[] {
  if (kind !== "autoscaleConfig") return [];
  const stored = snapshot.definitions.get(definitionId(kind, definition.name))?.doc as AutoscaleConfig | undefined;
  const before = snapshot.autoscaleConfigs.get(definition.name) ?? stored;
  const nodes = snapshot.nodesOfConfig(definition.name).size;
  if (!before || nodes === 0) return [];
  const after = definition as AutoscaleConfig;
  return (["type", "pool", "zone"] as const)
    .filter((field) => before[field] !== undefined && before[field] !== after[field])
    .map((field) => ({
      path: field,
      message: `got "${after[field]}"; can't change from "${before[field]}" while it has ${formatCount(nodes, "node")}; declare another config`,
    }));
}

/** What references are judged against once these documents are in place. */
function referencesAround(
  snapshot: Snapshot,
  catalog: CloudCatalog,
  documents: readonly OwnedDocument[],
): ReferenceContext {
  const declared = declaredWith(snapshot, catalog, documents);
  const source = { vmProviderConfigs: declared.vmProviderConfig };
  // Asked for again and again, by each workspace for each config; every answer parses settings.
  const known = new Map<AutoscaleConfig, Map<string, PartialShape>>();
  const shapeOf = (config: AutoscaleConfig, vmProvider: string): PartialShape => {
    const shapes = known.get(config) ?? new Map<string, PartialShape>();
    known.set(config, shapes);
    const shape = shapes.get(vmProvider) ?? declaredShape(config, source, catalog, vmProvider);
    shapes.set(vmProvider, shape);
    return shape;
  };
  return { declared, catalog, shapeOf };
}

/** The present definitions with these documents in place; a document that is not well-formed is left out. */
function declaredWith(snapshot: Snapshot, catalog: CloudCatalog, documents: readonly OwnedDocument[]): Declared {
  const declared = {
    zone: new Map(snapshot.zones),
    pool: new Map(snapshot.pools),
    workspace: new Map(snapshot.workspaces),
    vmProviderConfig: new Map(snapshot.vmProviderConfigs),
    dnsProviderConfig: new Map(snapshot.dnsProviderConfigs),
    ldapConfig: new Map(snapshot.ldapConfigs),
    budget: new Map(snapshot.budgets),
    autoscaleConfig: new Map(snapshot.autoscaleConfigs),
    schedule: new Map(snapshot.schedules),
    stagingConfig: new Map(snapshot.stagingConfigs),
  };
  for (const { kind, doc } of documents) {
    if (findProblems(kind, doc, catalog).length > 0) continue;
    const definition = parseDefinition(kind, doc);
    (declared[kind] as Map<string, DefinitionOf<DefinitionKind>>).set(definition.name, definition);
  }
  return declared;
}
