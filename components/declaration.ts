/**
 * Internal: how a component's document becomes a resource with create, read, update and delete.
 *
 * Two doors lead to the same kernel (`provider/kernel`). A component under an explicit {@link Provider} becomes a
 * resource of the plugin `pulumi-resource-headroom`. Any other becomes a dynamic resource, which needs nothing but this
 * package among the program's node_modules. A definition is owned by the resource that made it, and the two doors make
 * different resources: to change the door, remove the definition first.
 */
import * as pulumi from "@pulumi/pulumi";
import type { DynamicDoor } from "../provider/kernel/dynamic";
import { definitionTypes } from "../provider/kernel/definition-types";
import type { DefinitionKind } from "../runtime/model/config";

type Properties = Record<string, unknown>;

/**
 * Pulumi writes the text of this object into the state of every resource that uses it. So it only finds the package
 * from the program's folder, which is where the dynamic provider runs, and hands over.
 */
const dynamicProvider = {
  door: undefined as DynamicDoor | undefined,
  async configure(request: { config: { get(key: string): string | undefined } }): Promise<void> {
    const { createRequire } = require("node:module") as typeof import("node:module");
    const requireFromProgram = createRequire(`${process.cwd()}/package.json`);
    const kernel = requireFromProgram("pulumi-headroom/kernel") as typeof import("../provider/kernel/dynamic");
    this.door = kernel.openDynamicDoor(request.config);
  },
  async check(olds: Properties, news: Properties) {
    return this.door!.check(olds, news);
  },
  async diff(id: string, olds: Properties, news: Properties) {
    return this.door!.diff(id, olds, news);
  },
  async create(inputs: Properties) {
    return this.door!.create(inputs);
  },
  async read(id: string, state: Properties) {
    return this.door!.read(id, state);
  },
  async update(id: string, olds: Properties, news: Properties) {
    return this.door!.update(id, olds, news);
  },
  async delete(id: string, state: Properties) {
    return this.door!.delete(id, state);
  },
};

class DynamicDeclaration extends pulumi.dynamic.Resource {
  constructor(kind: DefinitionKind, name: string, properties: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    super(dynamicProvider, name, properties, options, "headroom", definitionTypes[kind].split(":")[2]);
  }
}

class PluginDeclaration extends pulumi.CustomResource {
  constructor(kind: DefinitionKind, name: string, properties: pulumi.Inputs, options: pulumi.CustomResourceOptions) {
    super(definitionTypes[kind], name, properties, options);
  }
}

/** What a component hands over. */
export interface Declaration {
  readonly kind: DefinitionKind;
  /** The component's own name; its child has the same. */
  readonly resourceName: string;
  /** The document; fields that are undefined are left out. `name` defaults to `resourceName`. */
  readonly doc: pulumi.Inputs;
  readonly options: pulumi.ComponentResourceOptions | undefined;
}

/** Declares the document as the component's child and returns the definition's name, which others refer to. */
export function declareDefinition(
  component: pulumi.ComponentResource,
  { kind, resourceName, doc, options = {} }: Declaration,
): pulumi.Output<string> {
  const named = { ...withSecretScript(doc), name: doc["name"] ?? resourceName };
  const { dependsOn, customTimeouts, ignoreChanges, deletedWith, version } = options;
  const own = { parent: component, dependsOn, customTimeouts, ignoreChanges, deletedWith };
  const plugin = component.getProvider(definitionTypes[kind]);
  if (plugin !== undefined) {
    return nameOf(new PluginDeclaration(kind, resourceName, named, { ...own, version, provider: plugin }), named.name);
  }
  const properties = {
    ...named,
    __kind: kind,
    __owner: pulumi.interpolate`dynamic:${component.urn}`,
    __deleteSeconds: secondsOf(customTimeouts?.delete),
  };
  return nameOf(new DynamicDeclaration(kind, resourceName, properties, own), named.name);
}

/**
 * The definition's name, which waits for the resource. It is known at preview, when the outputs of a resource that is yet to be
 * made are not: so whoever refers to it is checked there together with what it refers to. Only the URN is known by then too.
 */
function nameOf(resource: pulumi.Resource, name: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.all([resource.urn, name]).apply(([, known]) => known);
}

/** A startup script's text is a secret of the program's state: people write keys and passwords into scripts. */
function withSecretScript(doc: pulumi.Inputs): pulumi.Inputs {
  const script: unknown = doc["startupScript"];
  if (script === undefined || script === null) return doc;
  if (typeof script !== "object" || pulumi.Output.isInstance(script) || script instanceof Promise) {
    return { ...doc, startupScript: pulumi.secret(script) };
  }
  const { text } = script as { readonly text?: pulumi.Input<string> };
  return text === undefined ? doc : { ...doc, startupScript: { ...script, text: pulumi.secret(text) } };
}

/** An input that is kept as a secret; undefined stays undefined. */
export function secretInput<Value>(value: pulumi.Input<Value> | undefined): pulumi.Output<Value> | undefined {
  return value === undefined ? undefined : (pulumi.secret(value) as pulumi.Output<Value>);
}

/** Seconds of a time-out as Pulumi writes it, e.g. `"1h30m"`. The dynamic provider is not told time-outs. */
function secondsOf(timeout: string | undefined): number | undefined {
  if (timeout === undefined) return undefined;
  const factors: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  const parts = [...timeout.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  return parts.reduce((seconds, [, amount, unit]) => seconds + Number(amount) * (factors[unit!] ?? 0), 0);
}
