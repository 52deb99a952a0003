import type { DeclaredOptions, DeclaredResource, Json, Program, ProgramValue, RunOptions, RunStep } from "../notation";

type Inputs = { readonly [key: string]: ProgramValue };

/** A thing of size small, with whatever else is said of it. */
export function thing(name: string, inputs: Inputs = {}, options?: DeclaredOptions): DeclaredResource {
  return { name, inputs: { size: "small", ...inputs }, ...(options === undefined ? {} : { options }) };
}

/** A component, which has no provider. */
export function group(name: string, options?: DeclaredOptions): DeclaredResource {
  return { name, kind: "component", ...(options === undefined ? {} : { options }) };
}

/** An explicit toy provider. */
export function provider(name: string, inputs: Inputs, options?: DeclaredOptions): DeclaredResource {
  return { name, kind: "provider", inputs, ...(options === undefined ? {} : { options }) };
}

/** `pulumi up` of these resources. */
export function up(resources: readonly DeclaredResource[], rest: UpRest = {}): RunStep {
  return run("up", resources, rest);
}

/** `pulumi preview` of these resources. */
export function preview(resources: readonly DeclaredResource[], rest: UpRest = {}): RunStep {
  return run("preview", resources, rest);
}

/** An output of another resource, as `name.property`. */
export function ref(reference: string): Json {
  return { $ref: reference };
}

/** A secret value. */
export function secret(value: ProgramValue): Json {
  return { $secret: value };
}

/** The URN of a resource in the stack of every scenario. */
export function urnOf(name: string, qualifiedType = "toy:index:Thing"): string {
  return `urn:pulumi:dev::proj::${qualifiedType}::${name}`;
}

interface UpRest extends Omit<Program, "resources"> {
  readonly options?: RunOptions;
  readonly interrupt?: RunStep["interrupt"];
  readonly second?: RunStep["second"];
  readonly hostKilled?: true;
  readonly busyCalls?: number;
}

function run(kind: "up" | "preview", resources: readonly DeclaredResource[], rest: UpRest): RunStep {
  const { outputs, invokes, hooks, throws, ...step } = rest;
  const program = {
    resources,
    ...(outputs === undefined ? {} : { outputs }),
    ...(invokes === undefined ? {} : { invokes }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(throws === undefined ? {} : { throws }),
  };
  return { do: kind, program, ...step };
}
