/** Which fields a schema knows at a place of a document. */
import { z } from "zod";

/**
 * Names of the fields at a place; of a tagged union those of the alternative that the document says, of all where it says
 * none. Empty where the schema takes any name, or no object.
 */
export function fieldNamesAt(schema: z.ZodType, path: readonly PropertyKey[], doc: unknown): string[] {
  let value = doc;
  for (const step of path) {
    value = typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  }
  const objects = schemasAt(schema, path, doc).flatMap((inside) => objectsOf(inside, value));
  return [...new Set(objects.flatMap(({ shape }) => Object.keys(shape)))];
}

/** The schemas of what stands at a place; several where it may be of one or the other, none where nothing is known. */
export function schemasAt(schema: z.ZodType, path: readonly PropertyKey[], doc: unknown): z.ZodType[] {
  const [step, ...rest] = path;
  if (step === undefined) return [schema];
  const value = typeof doc === "object" && doc !== null ? (doc as Record<PropertyKey, unknown>)[step] : undefined;
  const inner = [
    ...objectsOf(schema, doc).flatMap(({ shape }) => (Object.hasOwn(shape, step) ? [shape[step as string]!] : [])),
    ...itemsOf(schema),
  ];
  return [...new Set(inner)].flatMap((one) => schemasAt(one, rest, value));
}

/** The object schemas that a value of this schema may be of. */
function objectsOf(schema: z.ZodType, doc: unknown): z.ZodObject<Record<string, z.ZodType>>[] {
  const inside = unwrap(schema);
  if (inside instanceof z.ZodObject) return [inside as z.ZodObject<Record<string, z.ZodType>>];
  if (!(inside instanceof z.ZodUnion)) return [];
  const all = (inside.options as readonly z.ZodType[]).flatMap((option) => objectsOf(option, doc));
  const tag = inside instanceof z.ZodDiscriminatedUnion ? inside.def.discriminator : undefined;
  if (tag === undefined || typeof doc !== "object" || doc === null) return all;
  const said = (doc as Record<string, unknown>)[tag];
  const meant = all.filter(({ shape }) => shape[tag]?.safeParse(said).success);
  return meant.length > 0 ? meant : all;
}

/** Schemas of the items of a list or map. */
function itemsOf(schema: z.ZodType): z.ZodType[] {
  const inside = unwrap(schema);
  if (inside instanceof z.ZodArray) return [inside.element as z.ZodType];
  if (inside instanceof z.ZodRecord) return [inside.valueType as z.ZodType];
  if (inside instanceof z.ZodUnion) return (inside.options as readonly z.ZodType[]).flatMap(itemsOf);
  return [];
}

/** The schema without what only says that it may be absent, or what is made of it. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return unwrap(schema.in as z.ZodType);
  return schema;
}
