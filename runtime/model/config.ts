/**
 * What users declare: zod schemas (strict, defaults filled, all problems reported at once) and their types.
 * The document type (`ZoneDoc` …) is what travels in Pulumi inputs and API bodies: units are strings there.
 * The resolved type (`Zone` …) is what the runtime works with: bytes and seconds, defaults filled.
 * References are names of other definitions. Whether they exist is checked in `references.ts`.
 */
import { z } from "zod";
import type { AccountRules } from "./accounts";
import { BugError, ConfigError, tellFirst, type Problem } from "./errors";
import { autoscaleConfigSchema, type OsType } from "./autoscale-config";
import { budgetSchema, secretBudgetFields } from "./budget";
import { secretConnectionFields } from "./connection";
import { ldapConfigSchema, secretLdapFields } from "./ldap-config";
import { poolSchema, type Pool } from "./pool";
import { dnsProviderConfigSchema, vmProviderConfigSchema } from "./provider-config";
import { stagingConfigSchema } from "./staging-config";
import type { Shape } from "./shapes";
import { describeSeen, formatPath, gotSecret, hidesValue, withoutConsequences } from "./shown-value";
import { scheduleSchema } from "./schedule";
import { fieldNamesAt } from "./schema-fields";
import { hintOfChoice, hintOfField } from "./spelling";
import { workspaceSchema } from "./workspace";
import { zoneSchema } from "./zone";

export {
  autoscaleConfigSchema,
  vmProvidersOf,
  type AgentAutoscaleConfig,
  type AutoscaleConfig,
  type OsType,
  type ServerAutoscaleConfig,
} from "./autoscale-config";
export type { Budget } from "./budget";
export { durationSchema, memorySchema, nameSchema } from "./fields";
export type { LdapConfig } from "./ldap-config";
export type { Pool, StaticMember } from "./pool";
export { scheduleSchema, weekdays, type Schedule, type Weekday } from "./schedule";
export type { Permissions, StagingConfig } from "./staging-config";
export type { Workspace } from "./workspace";
export type { Zone } from "./zone";

export type VmProviderConfig = z.output<typeof vmProviderConfigSchema>;
export type DnsProviderConfig = z.output<typeof dnsProviderConfigSchema>;

/** Every kind of definition with its schema; the key is the name used in API paths and in the store. */
export const definitionSchemas = {
  zone: zoneSchema,
  pool: poolSchema,
  workspace: workspaceSchema,
  vmProviderConfig: vmProviderConfigSchema,
  dnsProviderConfig: dnsProviderConfigSchema,
  ldapConfig: ldapConfigSchema,
  budget: budgetSchema,
  autoscaleConfig: autoscaleConfigSchema,
  schedule: scheduleSchema,
  stagingConfig: stagingConfigSchema,
} as const;

export type DefinitionKind = keyof typeof definitionSchemas;
export const definitionKinds = Object.keys(definitionSchemas) as DefinitionKind[];

export type DefinitionOf<K extends DefinitionKind> = z.output<(typeof definitionSchemas)[K]>;
export type DefinitionDocOf<K extends DefinitionKind> = z.input<(typeof definitionSchemas)[K]>;

/** What the runtime must know of each cloud without loading it: made from `provider/registry.ts` and injected. */
export interface CloudCatalog {
  readonly vm: FactsByKind<VmProviderFacts>;
  readonly dns: FactsByKind<DnsProviderFacts>;
}
export type FactsByKind<Facts> = Readonly<Record<string, Facts>>;

/** Facts of a definition's kind. No definition of another kind is ever read: see {@link findProblems}. */
export function factsOf<Facts>(facts: FactsByKind<Facts>, kind: string): Facts {
  const found = knownFacts(facts, kind);
  if (found === undefined)
    throw new BugError(`a definition of kind "${kind}" was read, which this version does not know`);
  return found;
}

/** Facts of a kind that another version may have written; undefined = this version lacks it. */
export function knownFacts<Facts>(facts: FactsByKind<Facts>, kind: string): Facts | undefined {
  return Object.hasOwn(facts, kind) ? facts[kind] : undefined;
}

export interface DnsProviderFacts {
  /** Strict schema of `settings`. */
  readonly settings: z.ZodType<Record<string, unknown>>;
  /** Names of the fields of `settings` that are secret: never shown, never logged. */
  readonly secretFields: readonly string[];
  /** Which of `settings` say which account, and which make the template. */
  readonly account: AccountRules;
  /** Why this runtime takes no definition of this kind and makes nothing new of it; absent = it does. */
  readonly refusal?: string;
  /** What is wrong with (well-formed) settings beyond their schema; `path` is that of the field. Default nothing. */
  findProblems?(
    settings: Readonly<Record<string, unknown>>,
    { maxInstances }: { readonly maxInstances?: number },
  ): Problem[];
}

export interface VmProviderFacts extends DnsProviderFacts {
  /** What one VM of these (parsed) settings offers, when that is known without asking the cloud. */
  shape(settings: Readonly<Record<string, unknown>>): Shape | undefined;
  /** Name of the size of these (parsed) settings, whose shape the account's check may tell. */
  sizeOf?(settings: Readonly<Record<string, unknown>>): string | undefined;
  /** Field of the settings that lists the places of one region in which a VM may be made. Default none: there is one place. */
  readonly placesField?: string;
  /** Bytes that a rendered and wrapped startup script may have. */
  readonly startupScriptBytesMax: number;
  /** Systems that its VMs may run. */
  readonly osTypes: readonly OsType[];
  /** The rendered script as it is sent to the cloud. */
  wrapScript(script: string, osType: OsType): string;
  /** True where a program of the image reads the script, false where the system runs it as a file. Default true. */
  isScriptReadByImage?(osType: OsType): boolean;
  /** What is probably not meant in a script for these settings, as one sentence. Default nothing. */
  scriptWarning?(script: string, settings: Readonly<Record<string, unknown>>): string | undefined;
  /** Scripts with which nodes of its own image check in, by type of pool. */
  readonly defaultScripts: Readonly<Partial<Record<Pool["type"], string>>>;
  /** The password that the cloud makes for a VM of Windows with these (parsed) settings is to be fetched. Default false. */
  wantsWindowsPassword?(settings: Readonly<Record<string, unknown>>): boolean;
  /** Public key of these settings, for `{ssh_key}`. */
  sshPublicKey?(settings: Readonly<Record<string, unknown>>): string | undefined;
}

/** Fields of documents that are secret, beside those of `settings`: never shown, never logged. See `secret-paths.ts`. */
export const secretFields: Readonly<Partial<Record<DefinitionKind, readonly string[]>>> = {
  // People write keys and passwords into scripts.
  autoscaleConfig: [...secretConnectionFields, "nginxKey", "startupScript.text"],
  budget: secretBudgetFields,
  ldapConfig: secretLdapFields,
  pool: secretConnectionFields.map((field) => `staticMembers[].${field}`),
};

/** Every problem of `doc`, with paths; empty when it is a good document of `kind`. */
export function findProblems(kind: DefinitionKind, doc: unknown, catalog: CloudCatalog): Problem[] {
  const schema = definitionSchemas[kind];
  const parsed = schema.safeParse(doc);
  if (!parsed.success) return problemsOf(parsed.error, doc, secretFields[kind], schema);
  const byKind = factsByKind(kind, catalog);
  if (!byKind) return [];
  const { kind: cloud, settings } = parsed.data as VmProviderConfig | DnsProviderConfig;
  const facts = knownFacts(byKind, cloud);
  if (!facts) {
    const known = Object.keys(byKind);
    const message = `got "${cloud}"; this version knows ${known.join(", ")}${hintOfChoice(cloud, known)}`;
    return [{ path: "kind", message }];
  }
  const inner = facts.settings.safeParse(settings);
  if (inner.success) return [];
  return problemsOf(inner.error, settings, facts.secretFields, facts.settings).map(inSettings);
}

/** Why this runtime would not take the document from whoever declares it now, although it could read it. */
export function findRefusals(kind: DefinitionKind, doc: unknown, catalog: CloudCatalog): Problem[] {
  const problems = findProblems(kind, doc, catalog);
  if (problems.length > 0) return problems;
  const byKind = factsByKind(kind, catalog);
  if (!byKind) return [];
  const definition = parseDefinition(kind, doc) as VmProviderConfig | DnsProviderConfig;
  const { kind: cloud, settings } = definition;
  const facts = factsOf(byKind, cloud);
  if (facts.refusal !== undefined) return [{ path: "kind", message: facts.refusal }];
  const counted = "maxInstances" in definition ? { maxInstances: definition.maxInstances } : {};
  return (facts.findProblems?.(settings, counted) ?? []).map(inSettings);
}

/** Undefined for documents that are of no cloud. */
function factsByKind(kind: DefinitionKind, catalog: CloudCatalog): FactsByKind<DnsProviderFacts> | undefined {
  if (kind === "vmProviderConfig") return catalog.vm;
  return kind === "dnsProviderConfig" ? catalog.dns : undefined;
}

function inSettings(problem: Problem): Problem {
  return { ...problem, path: problem.path ? `settings.${problem.path}` : "settings" };
}

/** The resolved definition, or a {@link ConfigError} with every problem. */
export function parseDefinition<K extends DefinitionKind>(kind: K, doc: unknown): DefinitionOf<K> {
  const schema = definitionSchemas[kind];
  const parsed = schema.safeParse(doc);
  if (!parsed.success) throw ConfigError.of(problemsOf(parsed.error, doc, secretFields[kind], schema), kind);
  return parsed.data as DefinitionOf<K>;
}

/**
 * Zod's issues as problems: path in dots and brackets, the value seen where it may be shown, what is allowed, what may be meant.
 *
 * @param schema That the input was held against. Without it nobody is told which field an unknown one stands for.
 */
export function problemsOf(
  error: z.ZodError,
  input: unknown,
  secret: readonly string[] = [],
  schema?: z.ZodType,
): Problem[] {
  const tell = (issue: z.core.$ZodIssue): Problem => {
    const seen = valueAt(input, issue.path);
    const shown = describeSeen(issue, seen, secret);
    const hint = shown === gotSecret || hidesValue(issue) ? "" : hintOfChoice(seen, choicesOf(issue));
    return { path: formatPath(issue.path), message: `${shown}${issue.message}${hint}` };
  };
  const tellUnknown = ({ path, key }: { readonly path: readonly PropertyKey[]; readonly key: string }): Problem => {
    const hint = schema === undefined ? "" : hintOfField(key, fieldNamesAt(schema, path, input));
    return { path: formatPath([...path, key]), message: `unknown field${hint}` };
  };
  const issues = withoutConsequences(error.issues);
  const wrong = issues.filter((issue) => issue.code !== "unrecognized_keys");
  const unknown = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => ({ path: issue.path, key })) : [],
  );
  return [...tellFirst(wrong, tell), ...tellFirst(unknown, tellUnknown)];
}

/** What is allowed where a value is none of the choices. */
function choicesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code !== "invalid_union" || !("options" in issue)) return [];
  return (issue.options as readonly unknown[]).map(String);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
