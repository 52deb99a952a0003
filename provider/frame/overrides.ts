/**
 * A user's own additions to what is sent to a cloud, in the cloud's words or in those of the Pulumi resource. A table says
 * where each field goes and what it holds. A field that is not in it, that must be left alone, that has another shape, or
 * that says twice what can be said once is a problem with its path: nothing is dropped silently.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { hidesValue, valueHidden, withoutConsequences } from "../../runtime/model/shown-value";
import { inputsAt, isRecord, mergeInputs, type Inputs } from "./inputs";

export type OverrideRule =
  /** The value goes there, if it has this shape. */
  | { readonly rule: "to"; readonly path: string; readonly shape: z.ZodType }
  /** The schema makes inputs of the value. */
  | { readonly rule: "into"; readonly shape: z.ZodType<Inputs> }
  | { readonly rule: "within"; readonly table: OverrideTable }
  | { readonly rule: "refuse"; readonly why: string };
export type OverrideTable = Readonly<Record<string, OverrideRule>>;

/** @param path Of the input, in dots: `cpuOptions.coreCount`. */
export function to(path: string, shape: z.ZodType): OverrideRule {
  return { rule: "to", path, shape };
}

/** For a field that becomes several inputs, or whose value is said in another way there. */
export function into(shape: z.ZodType<Inputs>): OverrideRule {
  return { rule: "into", shape };
}

/** An object whose fields have rules of their own. */
export function within(table: OverrideTable): OverrideRule {
  return { rule: "within", table };
}

/** A field that must not be set; `why` says what to use instead. */
export function refuse(why: string): OverrideRule {
  return { rule: "refuse", why };
}

/** Every field goes to the input of its own name. */
export function ownNames<Field extends string>(
  shapes: Readonly<Record<Field, z.ZodType | OverrideRule>>,
): Readonly<Record<Field, OverrideRule>> {
  const rules = Object.entries<z.ZodType | OverrideRule>(shapes).map(([field, shape]) => [
    field,
    "rule" in shape ? shape : to(field, shape),
  ]);
  return Object.fromEntries(rules) as Readonly<Record<Field, OverrideRule>>;
}

/** Shapes of inputs that clouds have in common. */
export const text = z.string();
export const whole = z.int();
export const flag = z.boolean();
export const texts = z.array(text);
/** An object of which each field may be absent, and no other may be there. */
export function fields(shapes: z.core.$ZodShape): z.ZodType {
  return z.strictObject(shapes).partial();
}

/** Schema of an override: its output is the inputs to merge over the computed ones. */
export function overrideSchema(table: OverrideTable) {
  return z.record(z.string(), z.unknown()).transform((override, context): Inputs => {
    const { inputs, problems } = translate(table, override);
    for (const { path, message, input, isHidden } of problems) {
      const params = isHidden ? valueHidden : {};
      context.addIssue({ code: "custom", path: [...path], message, input, params });
    }
    return inputs;
  });
}

interface Translation {
  readonly inputs: Inputs;
  readonly problems: readonly OverrideProblem[];
}

interface OverrideProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input: unknown;
  /** True where no field is, or none that may be set: what stands there is not shown. */
  readonly isHidden: boolean;
}

function translate(table: OverrideTable, override: Inputs): Translation {
  let inputs: Inputs = {};
  const problems: OverrideProblem[] = [];
  const known = Object.keys(table).join(", ");
  for (const [field, value] of Object.entries(override)) {
    const rule = Object.hasOwn(table, field) ? table[field] : undefined;
    if (rule === undefined) {
      problems.push({ path: [field], message: `unknown field; known here: ${known}`, input: value, isHidden: true });
      continue;
    }
    const found = apply(rule, value);
    const twice = saidTwice(inputs, found.inputs).map(
      (path) => `says another ${path} than a field before it; say it once`,
    );
    problems.push(
      ...found.problems.map(({ path, ...rest }) => ({ ...rest, path: [field, ...path] })),
      ...twice.map((message) => ({ path: [field], message, input: value, isHidden: false })),
    );
    inputs = mergeInputs(inputs, found.inputs);
  }
  return { inputs, problems };
}

function apply(rule: OverrideRule, value: unknown): Translation {
  switch (rule.rule) {
    case "refuse":
      return problem(value, rule.why);
    case "within":
      return isRecord(value) ? translate(rule.table, value) : problem(value, "use an object");
    case "to":
      return parsed(rule.shape, value, (inner) => inputsAt(rule.path, inner));
    case "into":
      return parsed(rule.shape, value, (inner) => inner as Inputs);
  }
}

function parsed(shape: z.ZodType, value: unknown, inputsOf: (value: unknown) => Inputs): Translation {
  const result = shape.safeParse(value);
  if (result.success) return { inputs: inputsOf(result.data), problems: [] };
  const problems = withoutConsequences(result.error.issues).flatMap((issue): OverrideProblem[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: "unknown field",
        input: value,
        isHidden: true,
      }));
    }
    return [{ path: issue.path, message: issue.message, input: value, isHidden: hidesValue(issue) }];
  });
  return { inputs: {}, problems };
}

function problem(input: unknown, message: string): Translation {
  return { inputs: {}, problems: [{ path: [], message, input, isHidden: true }] };
}

/** Paths that both say, with values of which one would be lost. */
function saidTwice(before: Inputs, now: Inputs, path = ""): string[] {
  return Object.entries(now).flatMap(([name, value]) => {
    const present = Object.hasOwn(before, name) ? before[name] : undefined;
    const at = path ? `${path}.${name}` : name;
    if (present === undefined || isDeepStrictEqual(present, value)) return [];
    return isRecord(present) && isRecord(value) ? saidTwice(present, value, at) : [at];
  });
}
