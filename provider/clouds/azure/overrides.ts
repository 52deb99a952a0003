/**
 * What a user adds to the request for a VM, by path: names with dots between them, as Azure's Python SDK writes them
 * (`hardware_profile.vm_size`) or as its JSON does (`hardwareProfile.vmSize`), and the index of an element that is there
 * (`public_keys.0.path`). A path that leads nowhere, to what is refused, or to a value of another shape is a problem.
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { hidesValue, valueHidden } from "../../../runtime/model/shown-value";
import { isRecord, mergeInputs, type Inputs } from "../../frame/inputs";
import { answeredFields, vmShape, type Shape } from "./override-shapes";

/** One value and where it goes in the request. */
export interface Change {
  /** As the user wrote it. */
  readonly key: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  /** It replaces an object that is there. Default false: it is merged into it. */
  readonly isWhole?: boolean;
}

interface OverrideProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input: unknown;
  /** True where no field is, or none that may be set: what stands there is not shown. */
  readonly isHidden: boolean;
}

/** Schema of an override: its output is what to change, in the order in which it was written. */
export const configOverride = z.record(z.string(), z.unknown()).transform((override, context): Change[] => {
  const changes: Change[] = [];
  for (const [key, value] of Object.entries(override)) {
    const found = readChange(key, value);
    for (const { path, message, input, isHidden } of found.problems) {
      context.addIssue({ code: "custom", path: [...path], message, input, params: isHidden ? valueHidden : {} });
    }
    if (found.change) changes.push(found.change);
  }
  for (const { key, path } of saidTwice(changes)) {
    const message = `says another ${path} than a field before it; say it once`;
    context.addIssue({ code: "custom", path: [key], message, params: valueHidden });
  }
  return changes;
});

interface Read {
  readonly change?: Change;
  readonly problems: readonly OverrideProblem[];
}

function readChange(key: string, value: unknown): Read {
  const written = key.split(".");
  // The portal's JSON view has most fields below `properties`.
  const segments = written.length > 1 && written[0] === "properties" ? written.slice(1) : written;
  const problem = (message: string): Read => ({ problems: [{ path: [key], message, input: value, isHidden: true }] });
  if (answeredFields.has(segments[0]!)) return problem("not settable: Azure gives it, and a node's VM has its own");
  const path: (string | number)[] = [];
  let shape: Shape = vmShape;
  for (const [index, segment] of segments.entries()) {
    switch (shape.kind) {
      case "object": {
        const name: string | undefined = fieldOf(shape.fields, segment);
        if (name === undefined) {
          return problem(`unknown field "${segment}"; known there: ${Object.keys(shape.fields).join(", ")}`);
        }
        path.push(name);
        shape = shape.fields[name]!;
        break;
      }
      case "list":
        if (!/^\d{1,4}$/.test(segment)) return problem(`"${segment}" is no index; use that of an element, such as 0`);
        path.push(Number(segment));
        shape = shape.of;
        break;
      case "map": {
        // Names of tags may have dots.
        const name = segments.slice(index).join(".");
        const found = translate(shape, { [name]: value }, [key]);
        return found.problems.length > 0 ? found : { change: { key, path, value: found.value }, problems: [] };
      }
      case "value":
        return problem(`"${segment}" leads nowhere: what stands before it is one value`);
      case "refused":
        return problem(shape.why);
    }
  }
  const found = translate(shape, value, [key]);
  if (found.problems.length > 0) return found;
  const isWhole = shape.kind === "object" && shape.isWhole === true;
  return { change: { key, path, value: found.value, isWhole }, problems: [] };
}

/** Whatever its case and underscores: `vm_size`, `vmSize` and `VMSize` are one. */
function fieldOf(fields: Readonly<Record<string, Shape>>, written: string): string | undefined {
  const sought = plainName(written);
  return Object.keys(fields).find((name) => plainName(name) === sought);
}

function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

interface Translated {
  readonly value?: unknown;
  readonly problems: readonly OverrideProblem[];
}

/** The value with the names of the request, checked at every place. */
function translate(shape: Shape, value: unknown, path: readonly PropertyKey[]): Translated {
  const wrong = (message: string): Translated => ({ problems: [{ path, message, input: value, isHidden: true }] });
  switch (shape.kind) {
    case "refused":
      return wrong(shape.why);
    case "value":
    case "map": {
      const parsed = shape.of.safeParse(value);
      if (parsed.success) return { value: parsed.data, problems: [] };
      const problems = parsed.error.issues.map((issue) => ({
        path: [...path, ...issue.path],
        message: issue.message,
        input: issue.input,
        isHidden: hidesValue(issue),
      }));
      return { problems };
    }
    case "list": {
      if (!Array.isArray(value)) return wrong("use a list");
      const items = (value as readonly unknown[]).map((item, index) => translate(shape.of, item, [...path, index]));
      return { value: items.map((item) => item.value), problems: items.flatMap(({ problems }) => problems) };
    }
    case "object": {
      if (!isRecord(value)) return wrong("use an object");
      const fields = Object.entries(value).map(([written, inner]) => {
        const name = fieldOf(shape.fields, written);
        const at = [...path, written];
        const message = `unknown field; known here: ${Object.keys(shape.fields).join(", ")}`;
        const found: Translated =
          name === undefined
            ? { problems: [{ path: at, message, input: inner, isHidden: true }] }
            : translate(shape.fields[name]!, inner, at);
        return [name ?? written, found] as const;
      });
      return {
        value: Object.fromEntries(fields.map(([name, found]) => [name, found.value])),
        problems: fields.flatMap(([, found]) => found.problems),
      };
    }
  }
}

/** What is said in two ways, with values of which one would be lost. */
function saidTwice(changes: readonly Change[]): { readonly key: string; readonly path: string }[] {
  const said = new Map<string, unknown>();
  return changes.flatMap(({ key, path, value }) => {
    const leaves = leavesOf(value, path.join("."));
    const double = leaves.find(([at, leaf]) => said.has(at) && !isDeepStrictEqual(said.get(at), leaf));
    for (const [at, leaf] of leaves) said.set(at, leaf);
    return double === undefined ? [] : [{ key, path: double[0] }];
  });
}

function leavesOf(value: unknown, at: string): [string, unknown][] {
  if (!isRecord(value)) return [[at, value]];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, `${at}.${name}`));
}

export interface Changed {
  readonly inputs: Inputs;
  /** Keys whose element is not there. */
  readonly problems: readonly { readonly key: string; readonly message: string }[];
}

/** Objects are merged, anything else is replaced; of a list only an element that is there is changed. */
export function applyChanges(inputs: Inputs, changes: readonly Change[]): Changed {
  const problems: { key: string; message: string }[] = [];
  let changed: unknown = inputs;
  for (const { key, path, value, isWhole = false } of changes) {
    const merge = (present: unknown): unknown =>
      !isWhole && isRecord(present) && isRecord(value) ? mergeInputs(present, value) : value;
    const result = changeIn(changed, path, merge);
    if (typeof result === "string") problems.push({ key, message: result });
    else changed = result.value;
  }
  return { inputs: changed as Inputs, problems };
}

/** The whole with the value at its path, or why there is no such place. */
function changeIn(
  present: unknown,
  path: readonly (string | number)[],
  merge: (present: unknown) => unknown,
): string | { readonly value: unknown } {
  const [name, ...rest] = path;
  if (name === undefined) return { value: merge(present) };
  if (typeof name === "number") {
    const items: readonly unknown[] = Array.isArray(present) ? present : [];
    if (name >= items.length) {
      const there = items.length === 0 ? "the list has none" : `the list has 0 to ${items.length - 1}`;
      return `there is no element ${name}: ${there}; give the list as a whole to add some`;
    }
    const inner = changeIn(items[name], rest, merge);
    return typeof inner === "string" ? inner : { value: items.with(name, inner.value) };
  }
  const fields = isRecord(present) ? present : {};
  const inner = changeIn(Object.hasOwn(fields, name) ? fields[name] : undefined, rest, merge);
  return typeof inner === "string" ? inner : { value: { ...fields, [name]: inner.value } };
}
