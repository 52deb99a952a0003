/** What is sent to a cloud: plain objects, lists and values, put together of what was computed and what users add. */
export type Inputs = Readonly<Record<string, unknown>>;

/** Objects are merged field by field; anything else in `over` replaces what is in `base`. */
export function mergeInputs(base: Inputs, over: Inputs): Inputs {
  const merged = Object.entries(over).map(([key, value]) => {
    const present = Object.hasOwn(base, key) ? base[key] : undefined;
    return [key, isRecord(present) && isRecord(value) ? mergeInputs(present, value) : value] as const;
  });
  return { ...base, ...Object.fromEntries(merged) };
}

/** @example inputsAt("placement.zone", "a") // { placement: { zone: "a" } } */
export function inputsAt(path: string, value: unknown): Inputs {
  return path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Inputs;
}

/** Undefined when there is nothing. */
export function valueAt(inputs: Inputs, path: string): unknown {
  const value = path
    .split(".")
    .reduce<unknown>(
      (inner, name) => (isRecord(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined),
      inputs,
    );
  return value ?? undefined;
}

/** The value there is changed; nothing there = nothing changes. */
export function changeAt(inputs: Inputs, path: string, change: (value: unknown) => unknown): Inputs {
  const [name = "", ...rest] = path.split(".");
  const present = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (present === undefined) return inputs;
  if (rest.length === 0) return { ...inputs, [name]: change(present) };
  return isRecord(present) ? { ...inputs, [name]: changeAt(present, rest.join("."), change) } : inputs;
}

/** A plain object; an output or a promise of another resource is a value, into which nobody looks. */
export function isRecord(value: unknown): value is Inputs {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
