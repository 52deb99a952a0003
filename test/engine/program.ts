import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { DeclaredOptions, DeclaredResource, Json, JsonObject, Program, ProgramValue } from "./notation";

/** The toy provider's only resource type; which properties it has depends on the inputs. */
class Thing extends pulumi.CustomResource {
  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    // Outputs are only readable when they are announced as inputs, so the ones the provider adds are given as undefined.
    super("toy:index:Thing", name, { address: undefined, flavor: undefined, token: undefined, ...inputs }, options);
  }
}

class Group extends pulumi.ComponentResource {
  constructor(name: string, options: pulumi.ComponentResourceOptions) {
    super("toy:index:Group", name, {}, options);
    this.registerOutputs({ label: `group ${name}` });
  }
}

class ToyProvider extends pulumi.ProviderResource {
  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.ResourceOptions) {
    super("toy", name, inputs, options);
  }
}

/**
 * A dynamic resource that writes a line per call to the file named by its input `log`.
 * Its methods are serialised as text and run in another process, so they must load what they need themselves.
 */
class DynamicThing extends pulumi.dynamic.Resource {
  constructor(name: string, inputs: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    const methods: pulumi.dynamic.ResourceProvider = {
      async create(given: { log: string; size: string }) {
        const fs: typeof import("node:fs") = require("node:fs");
        fs.appendFileSync(given.log, `create ${given.size}\n`);
        return { id: "dynamic-1", outs: { ...given, made: `made ${given.size}` } };
      },
      async diff(_id: string, olds: { size: string }, news: { size: string }) {
        return { changes: olds.size !== news.size };
      },
      async update(_id: string, _olds: object, news: { log: string; size: string }) {
        const fs: typeof import("node:fs") = require("node:fs");
        fs.appendFileSync(news.log, `update ${news.size}\n`);
        return { outs: { ...news, made: `made ${news.size}` } };
      },
      async delete(_id: string, given: { log: string; size: string }) {
        const fs: typeof import("node:fs") = require("node:fs");
        fs.appendFileSync(given.log, `delete ${given.size}\n`);
      },
    };
    super(methods, name, { made: undefined, ...inputs }, options);
  }
}

/** By name: what options may refer to. */
interface Declared {
  readonly resources: Map<string, pulumi.Resource>;
  readonly hooks: Map<string, pulumi.ResourceHook>;
}

/** Runs `program` as a Pulumi program and returns its stack outputs. */
export async function declareProgram(
  program: Program,
  onHook: (call: JsonObject) => void = () => undefined,
): Promise<Record<string, unknown>> {
  const declared: Declared = { resources: new Map(), hooks: new Map() };
  for (const [name, hook] of Object.entries(program.hooks ?? {})) {
    declared.hooks.set(name, registerHook(name, hook, onHook));
  }
  // A program without resources would end before its hooks are known to the engine.
  for (const hook of declared.hooks.values()) await (hook as { readonly __registered?: Promise<void> }).__registered;
  for (const resource of program.resources) declared.resources.set(resource.name, declareResource(resource, declared));
  const outputs: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(program.outputs ?? {})) outputs[name] = evaluate(value, declared);
  for (const [name, args] of Object.entries(program.invokes ?? {})) {
    outputs[name] = await pulumi.runtime.invoke("toy:index:lookup", { ...args });
  }
  if (program.throws !== undefined) throw new Error(program.throws);
  return outputs;
}

/** The same for a Node program in a project folder: reads the declaration from `file`. */
export function declareProgramFile(file: string): Promise<Record<string, unknown>> {
  return declareProgram(JSON.parse(readFileSync(file, "utf8")) as Program);
}

function registerHook(
  name: string,
  { fails, onDryRun }: NonNullable<Program["hooks"]>[string],
  onHook: (call: JsonObject) => void,
): pulumi.ResourceHook {
  return new pulumi.ResourceHook(
    name,
    (args) => {
      onHook(JSON.parse(JSON.stringify({ call: `hook ${name}`, ...args })) as JsonObject);
      if (fails !== undefined) throw new Error(fails);
    },
    { onDryRun: onDryRun ?? false },
  );
}

function declareResource(resource: DeclaredResource, declared: Declared): pulumi.Resource {
  const inputs: pulumi.Inputs = {};
  for (const [key, value] of Object.entries(resource.inputs ?? {})) inputs[key] = evaluate(value, declared);
  const options = resolveOptions(resource.options ?? {}, declared);
  switch (resource.kind) {
    case "component":
      return new Group(resource.name, options);
    case "provider":
      return new ToyProvider(resource.name, inputs, options);
    case "dynamic":
      return new DynamicThing(resource.name, inputs, options);
    case "read":
      return new Thing(resource.name, inputs, { ...options, id: resource.id ?? "thing-1" });
    case undefined:
      return new Thing(resource.name, inputs, options);
    default:
      return resource.kind satisfies never;
  }
}

function resolveOptions(options: DeclaredOptions, declared: Declared): pulumi.CustomResourceOptions {
  const { dependsOn, parent, provider, deletedWith, hooks, ...same } = options;
  return {
    ...(same as pulumi.CustomResourceOptions),
    ...(dependsOn === undefined ? {} : { dependsOn: dependsOn.map((name) => find(name, declared)) }),
    ...(parent === undefined ? {} : { parent: find(parent, declared) }),
    ...(provider === undefined ? {} : { provider: find(provider, declared) as pulumi.ProviderResource }),
    ...(deletedWith === undefined ? {} : { deletedWith: find(deletedWith, declared) }),
    ...(hooks === undefined ? {} : { hooks: resolveHooks(hooks, declared) }),
  };
}

function resolveHooks(hooks: NonNullable<DeclaredOptions["hooks"]>, declared: Declared): pulumi.ResourceHookBinding {
  const bound = Object.entries(hooks).map(([kind, names]) => [kind, names.map((name) => findHook(name, declared))]);
  return Object.fromEntries(bound) as pulumi.ResourceHookBinding;
}

function findHook(name: string, { hooks }: Declared): pulumi.ResourceHook {
  const hook = hooks.get(name);
  if (hook === undefined) throw new Error(`the scenario's program has no hook ${name}`);
  return hook;
}

function evaluate(value: ProgramValue, declared: Declared): unknown {
  if (Array.isArray(value)) return value.map((inner: Json) => evaluate(inner, declared));
  if (typeof value !== "object" || value === null) return value;
  const object = value as JsonObject;
  const [key, inner] = Object.entries(object)[0] ?? [];
  switch (key) {
    case "$ref":
      return outputOf(String(inner), declared);
    case "$secret":
      return pulumi.secret(evaluate(inner, declared));
    case "$config":
      return new pulumi.Config().get(String(inner));
    case "$secretConfig":
      return new pulumi.Config().getSecret(String(inner));
    case "$undefined":
      return undefined;
    case "$asset":
      return new pulumi.asset.StringAsset(String(inner));
    case "$repeat": {
      const [text, times] = inner as [string, number];
      return text.repeat(times);
    }
    default:
      return Object.fromEntries(Object.entries(object).map(([name, each]) => [name, evaluate(each, declared)]));
  }
}

function outputOf(reference: string, declared: Declared): unknown {
  const [name = "", property = ""] = reference.split(".");
  return (find(name, declared) as unknown as Record<string, unknown>)[property];
}

function find(name: string, declared: Declared): pulumi.Resource {
  const resource = declared.resources.get(name);
  if (resource === undefined) throw new Error(`the scenario's program has no ${name} before this use`);
  return resource;
}
