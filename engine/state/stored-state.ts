/**
 * The state of a stack as Pulumi stores it: checkpoint version 3, deployment version 3; version 4 where resources have hooks.
 * The rule kept: whatever an official CLI wrote is read and written back unchanged, or refused by name;
 * fields come in Pulumi's order and maps sorted, so that files of both engines can be compared.
 */
import { createHash } from "node:crypto";
import { CommandFailure, NotSupported } from "../failure";
import { hookTypes, type OperationType, type ResourceHooks, type ResourceState, type StackState } from "./resource";
import {
  isMap,
  type PropertyMap,
  Secret,
  secretSignature,
  signatureKey,
  unknownMark,
  unwrapSecrets,
  type Value,
} from "./values";
import { pulumiVersion } from "./version";

/** The stored form of a resource or deployment: parsed JSON, secrets still encrypted. */
export type Stored = Record<string, unknown>;

/** Turns text into ciphertext or back; the two directions of a {@link Crypter}. */
export type TextTransform = (text: string) => string;

const refusedFields = [
  "viewOf",
  "extensionRef",
  "snippetID",
  "replaceWith",
  "replacementTrigger",
  "refreshBeforeUpdate",
];

export function decodeDeployment(stored: Stored, decrypt: TextTransform): StackState {
  for (const field of ["snippets", "extensions"]) {
    if (stored[field] !== undefined) throw new NotSupported(`states with "${field}"`);
  }
  const salt = deploymentSalt(stored);
  const decode = (resource: Stored): ResourceState => decodeResource(resource, decrypt, salt);
  const pending = (stored.pending_operations ?? []) as { resource: Stored; type: OperationType }[];
  return {
    resources: ((stored.resources ?? []) as Stored[]).map(decode),
    pendingOperations: pending.map(({ resource, type }) => ({ resource: decode(resource), type })),
    salt,
  };
}

/** The salt of a stored deployment; other secrets providers than the passphrase one are refused. */
export function deploymentSalt(stored: Stored): string | undefined {
  const secrets = stored.secrets_providers as { type: string; state?: { salt: string } } | undefined;
  if (!secrets?.type) return undefined;
  if (secrets.type !== "passphrase") throw new NotSupported(`the secrets provider "${secrets.type}"`);
  return secrets.state?.salt;
}

/** `salt` is the one the secrets inside were encrypted under. */
export function decodeResource(stored: Stored, decrypt: TextTransform, salt?: string): ResourceState {
  const refused = refusedFields.find((field) => stored[field] !== undefined);
  if (refused) throw new NotSupported(`resources with "${refused}" (${String(stored.urn)})`);
  const otherHook = Object.keys(stored.resourceHooks ?? {}).find((type) => !hookTypes.some((known) => known === type));
  if (otherHook !== undefined) throw new NotSupported(`resources with the hook "${otherHook}" (${String(stored.urn)})`);
  const empty = {
    id: "",
    parent: "",
    provider: "",
    dependencies: [],
    initErrors: [],
    propertyDependencies: {},
    additionalSecretOutputs: [],
    aliases: [],
    customTimeouts: {},
    ignoreChanges: [],
    replaceOnChanges: [],
  };
  return {
    ...empty,
    ...stored,
    inputs: decodeProperties(stored.inputs, decrypt, salt),
    outputs: decodeProperties(stored.outputs, decrypt, salt),
  } as unknown as ResourceState;
}

function decodeProperties(stored: unknown, decrypt: TextTransform, salt: string | undefined): PropertyMap {
  return stored === undefined || stored === null ? {} : (decodeValue(stored as Value, decrypt, salt) as PropertyMap);
}

function decodeValue(stored: Value, decrypt: TextTransform, salt: string | undefined): Value {
  if (Array.isArray(stored)) return stored.map((item) => decodeValue(item, decrypt, salt));
  if (!isMap(stored)) return stored;
  if (stored[signatureKey] === secretSignature) {
    const ciphertext = stored.ciphertext as string | undefined;
    const text = ciphertext === undefined ? (stored.plaintext as string) : decrypt(ciphertext);
    const secret = new Secret(decodeValue(JSON.parse(text) as Value, decrypt, salt));
    if (ciphertext !== undefined) secret.sealed = { ciphertext, salt };
    return secret;
  }
  return Object.fromEntries(Object.entries(stored).map(([key, item]) => [key, decodeValue(item, decrypt, salt)]));
}

/** How secrets are written: encrypted, in plain text (`--show-secrets`), or blinded for events. */
export type SecretForm = { encrypt: TextTransform; salt: string } | "plaintext" | "blinded";

export function encodeProperties(properties: PropertyMap, form: SecretForm): Stored | undefined {
  return Object.keys(properties).length === 0 ? undefined : (encodeValue(properties, form) as Stored);
}

export function encodeValue(value: Value, form: SecretForm): unknown {
  if (value instanceof Secret) {
    if (form === "blinded") return { [signatureKey]: secretSignature, ciphertext: "[secret]" };
    const text = () => JSON.stringify(encodeValue(unwrapSecrets(value.value), "plaintext"));
    if (form === "plaintext") return { [signatureKey]: secretSignature, plaintext: text() };
    if (value.sealed?.salt !== form.salt) value.sealed = { ciphertext: form.encrypt(text()), salt: form.salt };
    return { [signatureKey]: secretSignature, ciphertext: value.sealed?.ciphertext };
  }
  if (Array.isArray(value)) return value.map((item) => encodeValue(item, form));
  if (!isMap(value)) return typeof value === "object" && value !== null ? unknownMark : value;
  const result: Stored = {};
  for (const key of Object.keys(value).sort()) result[key] = encodeValue(value[key] ?? null, form);
  return result;
}

/** Blinded secrets read `[secret]`. */
export function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (typeof value !== "object" || value === null) return value;
  if ("ciphertext" in value && value.ciphertext === "[secret]") return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideSecrets(item)]));
}

export function encodeResource(state: ResourceState, form: SecretForm): Stored {
  const some = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);
  const dependencies = Object.keys(state.propertyDependencies).sort();
  return {
    urn: state.urn,
    custom: state.custom,
    delete: state.delete || undefined,
    id: state.id || undefined,
    type: state.type,
    inputs: encodeProperties(state.inputs, form),
    outputs: encodeProperties(state.outputs, form),
    parent: state.parent || undefined,
    protect: state.protect || undefined,
    taint: state.taint || undefined,
    external: state.external || undefined,
    dependencies: some(state.dependencies),
    initErrors: some(state.initErrors),
    provider: state.provider || undefined,
    propertyDependencies:
      dependencies.length > 0
        ? Object.fromEntries(dependencies.map((key) => [key, state.propertyDependencies[key]]))
        : undefined,
    pendingReplacement: state.pendingReplacement || undefined,
    additionalSecretOutputs: some(state.additionalSecretOutputs),
    aliases: some(state.aliases),
    customTimeouts: Object.keys(state.customTimeouts).length > 0 ? state.customTimeouts : undefined,
    importID: state.importID || undefined,
    retainOnDelete: state.retainOnDelete || undefined,
    deletedWith: state.deletedWith || undefined,
    created: state.created,
    modified: state.modified,
    sourcePosition: state.sourcePosition || undefined,
    stackTrace: state.stackTrace,
    ignoreChanges: some(state.ignoreChanges),
    hideDiff: state.hideDiff,
    replaceOnChanges: some(state.replaceOnChanges),
    resourceHooks: encodeHooks(state.resourceHooks),
  };
}

function encodeHooks(hooks: ResourceHooks | undefined): Stored | undefined {
  const bound = hookTypes.filter((type) => (hooks?.[type] ?? []).length > 0).sort();
  return bound.length > 0 ? Object.fromEntries(bound.map((type) => [type, hooks?.[type]])) : undefined;
}

export function encodeDeployment(deployment: StackState, form: SecretForm): Stored {
  const { resources, pendingOperations, salt } = deployment;
  const pending = pendingOperations.map(({ resource, type }) => ({ resource: encodeResource(resource, form), type }));
  return {
    manifest: manifest(),
    secrets_providers: salt === undefined ? undefined : { type: "passphrase", state: { salt } },
    resources: resources.length > 0 ? resources.map((resource) => encodeResource(resource, form)) : undefined,
    pending_operations: pending.length > 0 ? pending : undefined,
    metadata: {},
  };
}

/** When and by which version a state was written, with the check word official Pulumi verifies. */
export function manifest(): Stored {
  const version = `v${pulumiVersion}`;
  return { time: new Date().toISOString(), magic: createHash("sha256").update(version).digest("hex"), version };
}

/** The whole state file around a stored deployment; without one it is the file of a stack that has never had a state. */
export function checkpointText(stack: string, latest: Stored | undefined): string {
  return JSON.stringify({ ...stateFormat(latest?.resources), checkpoint: { stack, latest } });
}

/** The stored deployment inside a state file, of which `file` is the name. */
export function parseCheckpoint(text: string, file: string): Stored | undefined {
  const content = parseState(text, file);
  checkFormat(content.version, content.features, file);
  return content.checkpoint?.latest;
}

interface StateFile {
  readonly version?: number;
  readonly features?: string[];
  readonly checkpoint?: { readonly latest?: Stored };
}

function parseState(text: string, file: string): StateFile {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // What JSON says of a damaged text quotes it, and secrets may stand in it.
    throw new CommandFailure(`the state file ${file} ${text.trim() === "" ? "is empty" : "is cut or no JSON"}`);
  }
  if (typeof content === "object" && content !== null) return content;
  throw new CommandFailure(`the state file ${file} is JSON, but no checkpoint of Pulumi`);
}

/** How a state with these resources is labelled, so that an engine that knows no hooks refuses it. */
export function stateFormat(resources: unknown): { version: number; features?: string[] } {
  const listed = (resources ?? []) as { resourceHooks?: object }[];
  const hasHooks = listed.some(({ resourceHooks }) => Object.keys(resourceHooks ?? {}).length > 0);
  return hasHooks ? { version: 4, features: [hooksFeature] } : { version: 3 };
}
const hooksFeature = "hooks";

export function checkFormat(version: number | undefined, features: string[] | undefined, file?: string): void {
  const where = file === undefined ? "" : `, of ${file}`;
  if (version !== 3 && version !== 4)
    throw new NotSupported(`state format version ${version ?? "unknown"} (only 3 and 4)${where}`);
  const others = (features ?? []).filter((feature) => feature !== hooksFeature);
  if (others.length > 0) throw new NotSupported(`the state features ${others.join(", ")}${where}`);
}
