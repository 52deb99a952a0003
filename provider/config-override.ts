/**
 * A user's own additions to what is sent to a cloud: fields in the cloud's words are translated by a table, then merged
 * over the computed inputs. Unknown and protected fields are errors, never dropped silently.
 */
import { z } from "zod";
import type { Problem } from "../runtime/model/errors";

export type OverrideInputs = Readonly<Record<string, unknown>>;

/** Where a field goes: a dotted path, a table for the fields inside it, or a function that answers inputs or a problem. */
export type OverrideRule = string | OverrideTable | ((value: unknown) => OverrideInputs | string);
export interface OverrideTable {
  readonly [field: string]: OverrideRule;
}

/** A rule for a field that must not be set; `why` says what to use instead. */
export function refuse(why: string): OverrideRule {
  return () => why;
}

/** Schema of an override: its output is the translated inputs, its issues have the paths of the user's fields. */
export function overrideSchema(table: OverrideTable) {
  return z.record(z.string(), z.unknown()).transform((override, context): OverrideInputs => {
    const { inputs, problems } = translateOverride(table, override);
    for (const { path, message } of problems) {
      context.addIssue({ code: "custom", path: path.split("."), message, input: override });
    }
    return inputs;
  });
}

/** @example translateOverride({ Monitoring: { Enabled: "monitoring" } }, { Monitoring: { Enabled: true } }) // inputs: { monitoring: true } */
export function translateOverride(
  table: OverrideTable,
  override: OverrideInputs,
  path = "",
): { inputs: OverrideInputs; problems: Problem[] } {
  let inputs: OverrideInputs = {};
  const problems: Problem[] = [];
  for (const [field, value] of Object.entries(override)) {
    const at = path ? `${path}.${field}` : field;
    const rule = Object.hasOwn(table, field) ? table[field] : undefined;
    if (rule === undefined) {
      problems.push({ path: at, message: `unknown field; known here: ${Object.keys(table).join(", ")}` });
    } else if (typeof rule === "string") {
      inputs = mergeInputs(inputs, atPath(rule, value));
    } else if (typeof rule === "function") {
      const answer = rule(value);
      if (typeof answer === "string") problems.push({ path: at, message: answer });
      else inputs = mergeInputs(inputs, answer);
    } else if (isRecord(value)) {
      const inner = translateOverride(rule, value, at);
      inputs = mergeInputs(inputs, inner.inputs);
      problems.push(...inner.problems);
    } else {
      problems.push({ path: at, message: `got ${JSON.stringify(value)}; use an object` });
    }
  }
  return { inputs, problems };
}

/** Objects are merged field by field; anything else in `over` replaces what is in `base`. */
export function mergeInputs(base: OverrideInputs, over: OverrideInputs): OverrideInputs {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const present = merged[key];
    merged[key] = isRecord(present) && isRecord(value) ? mergeInputs(present, value) : value;
  }
  return merged;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `("a.b", 1)` → `{ a: { b: 1 } }` */
function atPath(path: string, value: unknown): OverrideInputs {
  return path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as OverrideInputs;
}
