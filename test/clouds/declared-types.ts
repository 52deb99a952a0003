/** The types of a resource that is declared by its token, from the shapes that its cloud itself gives its inputs. */
import { z } from "zod";
import type { JsonShape, SdkField, SdkObject, SdkType } from "./sdk-types";

/** @param required Names of fields that must be there. */
export function typesOfShapes(
  shapes: Readonly<Record<string, z.ZodType>>,
  required: readonly string[] = [],
): SdkObject {
  const fields = Object.entries(shapes).map(([name, shape]): [string, SdkField] => {
    return [
      name,
      { type: typeOf(z.toJSONSchema(shape, { io: "input" }) as JsonShape), isRequired: required.includes(name) },
    ];
  });
  return { kind: "object", fields: new Map(fields) };
}

/** Outputs of which only the names count. */
export function namesOnly(names: readonly string[]): SdkObject {
  return {
    kind: "object",
    fields: new Map(names.map((name) => [name, { type: { kind: "string" }, isRequired: false }])),
  };
}

function typeOf({
  type,
  items = {},
  properties,
  additionalProperties,
  enum: choices,
}: JsonShape & { readonly enum?: readonly unknown[] }): SdkType {
  switch (type ?? typeof choices?.[0]) {
    case "integer":
    case "number":
      return { kind: "number" };
    case "boolean":
      return { kind: "boolean" };
    case "array":
      return { kind: "list", of: typeOf(items) };
    case "object":
      if (properties === undefined) return { kind: "map", of: typeOf(additionalProperties || { type: "string" }) };
      return {
        kind: "object",
        fields: new Map(
          Object.entries(properties).map(([name, inner]) => [name, { type: typeOf(inner), isRequired: false }]),
        ),
      };
    default:
      return { kind: "string" };
  }
}
