/**
 * What a schema says of each of its fields, read once from zod. Told in four places, which can't disagree therefore:
 * the components' arguments, the plugin's package schema, the settings tables of the docs, and the checks themselves.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isSecretPath } from "../../runtime/model/secret-paths";

/** One field as a user writes it: memory is text with a unit, what has a default may be left out. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
  /** Sentences on what it means, with unit and example, without limits and default. */
  readonly meaning: string;
  /** What it may be beyond its type, as a sentence, e.g. `1 to 16.`; empty = anything. */
  readonly limits: string;
  /** What holds without it, as a sentence that begins with "Default"; empty for required and nested ones. */
  readonly absence: string;
  /** The value that says the same; undefined where none does, and where what has the field does not always have it. */
  readonly default?: string | number | boolean;
}

export type FieldType =
  | { readonly is: "string" | "number" | "integer" | "boolean" | "any" }
  | { readonly is: "choice"; readonly values: readonly string[] }
  | { readonly is: "list"; readonly items: FieldType }
  | { readonly is: "map"; readonly values: FieldType }
  | { readonly is: "object"; readonly fields: readonly Field[] }
  | { readonly is: "either"; readonly options: readonly FieldType[] };

/** The part of JSON Schema that zod writes for what we declare. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  /** Ours: some alternatives of a tagged union refuse it, or have another default. */
  readonly isPartly?: boolean;
}

/**
 * The fields of an object schema in the order of its declaration. Throws when one does not say what it means or what holds
 * without it, or says another default than its schema has.
 *
 * @param subject What has the fields, for the error.
 */
export function fieldsOf(subject: string, schema: z.ZodType, secretFields: readonly string[] = []): Field[] {
  const document = mergeAlternatives(z.toJSONSchema(schema, { io: "input" }) as JsonSchema);
  return fieldsOfObject(subject, document).map((field) => markSecret(field, [], secretFields));
}

/** The field with those marked that are secret, itself or below it; positions in lists are all alike. */
function markSecret(field: Field, above: readonly PropertyKey[], secretFields: readonly string[]): Field {
  const path = [...above, field.name];
  return { ...field, type: markInside(field.type, path, secretFields), isSecret: isSecretPath(path, secretFields) };
}

function markInside(type: FieldType, path: readonly PropertyKey[], secretFields: readonly string[]): FieldType {
  if (type.is === "list") return { ...type, items: markInside(type.items, [...path, 0], secretFields) };
  if (type.is !== "object") return type;
  return { ...type, fields: type.fields.map((field) => markSecret(field, path, secretFields)) };
}

/** Everything that is said of a field, as text for a comment or a schema. */
export function textOf({ meaning, limits, absence, isSecret }: Field): string {
  return [meaning, limits, isSecret ? "Kept as a secret." : "", absence].filter(Boolean).join(" ");
}

/** Of a tagged union, all fields of all alternatives, required where every one requires them. */
function mergeAlternatives(document: JsonSchema): JsonSchema {
  const alternatives = document.oneOf ?? document.anyOf;
  if (alternatives === undefined) return document;
  const merged = alternatives.map(mergeAlternatives);
  const properties = Object.assign({}, ...merged.map((one) => one.properties)) as Record<string, JsonSchema>;
  for (const [name, property] of Object.entries(properties)) {
    const tags = merged.map((one) => one.properties?.[name]?.const);
    if (tags.every((tag) => tag !== undefined)) properties[name] = { description: property.description!, enum: tags };
    else if (merged.some((one) => !sameDefault(one.properties?.[name], property))) {
      properties[name] = { ...property, isPartly: true };
    }
  }
  const required = Object.keys(properties).filter((name) => merged.every((one) => one.required?.includes(name)));
  return { type: "object", properties, required };
}

function sameDefault(one: JsonSchema | undefined, other: JsonSchema): boolean {
  return one !== undefined && isDeepStrictEqual(one.default, other.default);
}

function fieldsOfObject(subject: string, { properties = {}, required = [] }: JsonSchema): Field[] {
  return Object.entries(properties).map(([name, schema]) => fieldOf(`${subject}.${name}`, name, schema, required));
}

function fieldOf(path: string, name: string, schema: JsonSchema, required: readonly string[]): Field {
  const isRequired = required.includes(name);
  const type = typeOf(path, schema);
  const { meaning, said } = takeApart(schema.description ?? "");
  if (meaning === "") throw new Error(`${path} does not say what it means; end its schema with .describe("...")`);
  const absence = absenceOf(path, defaultOf(schema, type), said);
  if (!isRequired && absence === "" && type.is !== "object") {
    const advice = 'end its description with what holds then, "Default ...", or give a converted value by .prefault';
    throw new Error(`${path} may be left out; ${advice}`);
  }
  const field = { name, type, isRequired, isSecret: false, meaning, limits: limitsOf(schema), absence };
  const { default: value, isPartly = false } = schema;
  return !isPartly && isScalar(value) ? { ...field, default: value } : field;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function typeOf(path: string, schema: JsonSchema): FieldType {
  const { type, properties, additionalProperties, items, anyOf } = schema;
  const choices = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (choices !== undefined) return { is: "choice", values: choices.map(String) };
  if (anyOf !== undefined) return { is: "either", options: anyOf.map((option) => typeOf(path, option)) };
  if (Array.isArray(type)) return { is: "either", options: type.map((one) => typeOf(path, { ...schema, type: one })) };
  if (type === "string" || type === "number" || type === "integer" || type === "boolean") return { is: type };
  if (type === "array" && items !== undefined) return { is: "list", items: typeOf(path, items) };
  if (type === "object" && properties !== undefined) return { is: "object", fields: fieldsOfObject(path, schema) };
  if (type === "object" && typeof additionalProperties === "object") {
    const isOpen = Object.keys(additionalProperties).length === 0;
    return { is: "map", values: isOpen ? { is: "any" } : typeOf(path, additionalProperties) };
  }
  throw new Error(`${path} is of a type that programs can't be told: ${JSON.stringify(schema)}`);
}

/** A description without its last sentence when that one tells the default. */
function takeApart(description: string): { meaning: string; said: string } {
  const start = /(?:^| )Default\b(?!.*\. Default\b)/.exec(description)?.index;
  if (start === undefined) return { meaning: description, said: "" };
  return { meaning: description.slice(0, start).trim(), said: description.slice(start).trim() };
}

/** What holds without a field: the default of its schema, else what its description says. */
function absenceOf(path: string, own: string, said: string): string {
  if (own === "" || said === "") return own || said;
  if (own === noneByDefault) return said;
  const bare = (sentence: string) => sentence.replace(/^Default:? */, "").replace(/[`"',]|\.$/g, "");
  if (bare(said) === bare(own)) return own;
  if (bare(said).startsWith(bare(own))) return said;
  throw new Error(`${path} says "${said}", its schema says "${own}"; leave it out of the description`);
}

const noneByDefault = "Default none.";

function defaultOf({ default: value }: JsonSchema, type: FieldType): string {
  if (value === undefined || type.is === "object") return "";
  if (type.is === "choice") return `Default \`${String(value)}\`.`;
  if (typeof value === "object" && Object.keys(value as object).length === 0) return noneByDefault;
  if (typeof value === "boolean" || typeof value === "number") return `Default ${value}.`;
  const text = Array.isArray(value)
    ? `[${value.map((item) => JSON.stringify(item)).join(", ")}]`
    : JSON.stringify(value);
  return `Default \`${text}\`.`;
}

function limitsOf({ type, minimum, maximum, minItems, maxItems, maxLength }: JsonSchema): string {
  if (type === "array") return rangeOf(minItems, maxItems);
  if (type === "string") return maxLength === undefined ? "" : `At most ${told(maxLength)} characters.`;
  // Beyond these a whole number is none, so they say nothing about the field.
  const isSafe = (limit: number | undefined) => limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER;
  return rangeOf(isSafe(minimum) ? minimum : undefined, isSafe(maximum) ? maximum : undefined);
}

function rangeOf(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return `${told(least)} to ${told(most)}.`;
  if (least !== undefined) return `At least ${told(least)}.`;
  return most === undefined ? "" : `At most ${told(most)}.`;
}

function told(value: number): string {
  return value.toLocaleString("en-US");
}
