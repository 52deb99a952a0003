/** Answers of an emulated function in the shape that its SDK promises. */
import type { Properties } from "../../provider/resource-kernel";
import type { SdkObject, SdkType } from "./sdk-types";

/** With every field that the SDK promises; fails when the emulation answers with one that the SDK lacks. */
export function filled(type: SdkObject, given: Properties): Properties {
  const lacking = Object.keys(given).filter((name) => !type.fields.has(name));
  if (lacking.length > 0) throw new Error(`the emulated cloud answers with ${lacking.join(", ")}, which the SDK lacks`);
  const answer: Record<string, unknown> = {};
  for (const [name, { type: fieldType, isRequired }] of type.fields) {
    const value = given[name] ?? (isRequired ? emptyOf(fieldType) : undefined);
    if (value !== undefined) answer[name] = filledInside(fieldType, value);
  }
  return answer;
}

function filledInside(type: SdkType, value: unknown): unknown {
  if (type.kind === "list" && Array.isArray(value)) return value.map((item) => filledInside(type.of, item));
  return type.kind === "object" ? filled(type, value as Properties) : value;
}

function emptyOf({ kind }: SdkType): unknown {
  const empty = { string: "", number: 0, boolean: false, list: [], map: {}, object: {}, "any of": "" };
  return empty[kind];
}
