/**
 * Property values: what programs, providers and the state file exchange.
 * The rule kept here: a secret stays a {@link Secret} from where it enters to where it leaves, and is unwrapped only
 * at the edge that asks for plain values (a provider that does not accept secrets, or an explicit `--show-secrets`).
 */
import type { JavaScriptValue, Struct as StructMessage } from "google-protobuf/google/protobuf/struct_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { NotSupported } from "../failure";

/** The key that marks an object as something else than a plain object. */
export const signatureKey = "4dabf18193072939515e22adb298388d";
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** How an unknown value is written on the wire and in the events of a preview; it reaches no state. */
export const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
/** All that are understood. */
const unknownMarks = [
  unknownMark,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
];

/** The one value that is not known before the resource exists (previews only). */
export class Unknown {
  readonly kind = "unknown";
}
export const unknown = new Unknown();

/** A value that must never be shown or stored in plain text. */
export class Secret {
  /** The encrypted form last written or read and the salt it belongs to: an unchanged secret keeps its ciphertext. */
  sealed: { ciphertext: string; salt: string | undefined } | undefined;
  constructor(readonly value: Value) {}
}

export type Value = null | boolean | number | string | Unknown | Secret | Value[] | PropertyMap;
export interface PropertyMap {
  [key: string]: Value;
}

/** Which special values the receiver understands; what it does not understand is unwrapped, unknowns are left out. */
export interface WireOptions {
  secrets: boolean;
  resources: boolean;
  unknowns: boolean;
}

export function isMap(value: Value | undefined): value is PropertyMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    value !== unknown
  );
}

/** Reads a protobuf struct. */
export function fromStruct(struct: StructMessage | undefined): PropertyMap {
  return struct ? (fromWire(struct.toJavaScript()) as PropertyMap) : {};
}

/** Writes a protobuf struct for a receiver with the given abilities. */
export function toStruct(properties: PropertyMap, options: WireOptions): StructMessage {
  return Struct.fromJavaScript((toWire(properties, options) ?? {}) as Record<string, JavaScriptValue>);
}

function fromWire(value: JavaScriptValue): Value {
  if (typeof value === "string") return unknownMarks.includes(value) ? unknown : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromWire);
  const object = value as Record<string, JavaScriptValue>;
  const signature = object[signatureKey];
  if (signature === secretSignature) return new Secret(fromWire(object.value ?? null));
  if (signature === outputSignature) {
    const inner = "value" in object ? fromWire(object.value ?? null) : unknown;
    return object.secret === true ? new Secret(inner) : inner;
  }
  if (signature === assetSignature) throw new NotSupported("assets as resource inputs");
  if (signature === archiveSignature) throw new NotSupported("archives as resource inputs");
  const result: PropertyMap = {};
  for (const [key, item] of Object.entries(object)) result[key] = fromWire(item);
  return result;
}

function toWire(value: Value, options: WireOptions): JavaScriptValue | undefined {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Unknown) return options.unknowns ? unknownMark : undefined;
  if (value instanceof Secret) {
    const inner = toWire(value.value, options);
    if (!options.secrets || inner === undefined) return inner;
    return { [signatureKey]: secretSignature, value: inner };
  }
  if (Array.isArray(value)) return value.map((item) => toWire(item, options) ?? null);
  if (value[signatureKey] === resourceSignature && !options.resources) {
    if (!("id" in value)) return String(value.urn);
    return toWire(value.id === "" ? unknown : (value.id ?? null), options);
  }
  const result: Record<string, JavaScriptValue> = {};
  for (const [key, item] of Object.entries(value)) {
    const wire = toWire(item, options);
    if (wire !== undefined) result[key] = wire;
  }
  return result;
}

/** True when both are the same value, secretness included. */
export function equalValues(left: Value | undefined, right: Value | undefined): boolean {
  if (left === right) return true;
  if (left instanceof Secret || right instanceof Secret) {
    return left instanceof Secret && right instanceof Secret && equalValues(left.value, right.value);
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => equalValues(item, right[index]));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => equalValues(left[key], right[key]));
}

/** Keys whose values differ between the two maps, secretness ignored. */
export function changedKeys(before: PropertyMap, after: PropertyMap): string[] {
  const [left, right] = [unwrapSecrets(before) as PropertyMap, unwrapSecrets(after) as PropertyMap];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
    (key) => !equalValues(left[key], right[key]),
  );
}

export function unwrapSecrets(value: Value): Value {
  if (value instanceof Secret) return unwrapSecrets(value.value);
  if (Array.isArray(value)) return value.map(unwrapSecrets);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrapSecrets(item)]));
}

/** True when the value is or holds a value for which `test` is true. */
export function contains(value: Value | undefined, test: (value: Value) => boolean): boolean {
  if (value === undefined) return false;
  if (test(value)) return true;
  if (value instanceof Secret) return contains(value.value, test);
  if (Array.isArray(value)) return value.some((item) => contains(item, test));
  return isMap(value) && Object.values(value).some((item) => contains(item, test));
}
export const isUnknown = (value: Value): boolean => value === unknown;
export const isSecret = (value: Value): boolean => value instanceof Secret;

/**
 * Marks in `outputs` what was secret in `inputs` under the same key, for providers that lose the mark:
 * objects key by key, anything else as a whole.
 */
export function copySecretness(outputs: PropertyMap, inputs: PropertyMap): void {
  for (const [key, input] of Object.entries(inputs)) {
    const output = outputs[key];
    if (output === undefined) continue;
    if (isMap(output) && isMap(input)) copySecretness(output, input);
    else if (!(output instanceof Secret) && contains(input, isSecret)) outputs[key] = new Secret(output);
  }
}

/** Plain JSON text of a value that holds no unknowns, as provider configuration variables carry it. */
export function plainText(value: Value): string {
  const plain = unwrapSecrets(value);
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}
