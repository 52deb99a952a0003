/**
 * Resources and functions of Pulumi providers for which npm has no SDK, or an old one. They are declared by their type tokens, and what an
 * SDK does beside that is done here: the version that decides which plugin the engine takes, and the marks of what is secret.
 */
import type * as pulumi from "@pulumi/pulumi";
import { isRecord, type Inputs } from "./inputs";

/** A Pulumi provider by its name and version. */
export interface TokenPackage {
  /** As in type tokens, e.g. `vsphere`. */
  readonly name: string;
  /** Of the plugin, e.g. `4.17.0`. Without it the engine would take any that is installed. */
  readonly version: string;
}

/** What a resource has of its outputs, beside its id. */
export type ResourceWith<Outputs> = pulumi.CustomResource & {
  readonly [Name in keyof Outputs]: pulumi.Output<Outputs[Name]>;
};

/**
 * The class of one resource.
 *
 * @param token Its type, e.g. `vsphere:index/virtualMachine:VirtualMachine`.
 * @param outputs Names of the outputs that are read.
 */
export function resourceByToken<Args extends object, Outputs extends object>(
  { version }: TokenPackage,
  token: string,
  outputs: readonly (keyof Outputs & string)[],
): new (name: string, args: Args, options: pulumi.CustomResourceOptions) => ResourceWith<Outputs> {
  const { CustomResource } = require("@pulumi/pulumi") as typeof pulumi;
  // An output is there only when the resource was declared with a property of its name.
  const unset = Object.fromEntries(outputs.map((name) => [name, undefined]));
  class ByToken extends CustomResource {
    constructor(name: string, args: Args, options: pulumi.CustomResourceOptions) {
      super(token, name, { ...unset, ...args }, { ...options, version });
    }
  }
  return ByToken as unknown as ReturnType<typeof resourceByToken<Args, Outputs>>;
}

/**
 * An explicit Pulumi provider.
 *
 * @param configuration By the names of its schema; undefined = not said.
 * @param secretFields Which of them are secret.
 */
export function providerByToken(
  { name: packageName, version }: TokenPackage,
  name: string,
  configuration: Inputs,
  secretFields: readonly string[],
): pulumi.ProviderResource {
  const { ProviderResource, secret } = require("@pulumi/pulumi") as typeof pulumi;
  const given = Object.entries(configuration).filter(([, value]) => value !== undefined);
  const sent = given.map(([field, value]) => {
    // The engine hands a configuration over as texts: whatever is none travels as JSON.
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [field, secretFields.includes(field) ? secret(text) : text] as const;
  });
  class ByToken extends ProviderResource {}
  return new ByToken(packageName, name, Object.fromEntries(sent), { version });
}

/**
 * Calls one function.
 *
 * @param token E.g. `vsphere:index/getVirtualMachine:getVirtualMachine`.
 */
export async function invokeByToken<Result extends object>(
  { version }: TokenPackage,
  token: string,
  args: Inputs,
  options: pulumi.InvokeOptions,
): Promise<Result> {
  const { runtime } = require("@pulumi/pulumi") as typeof pulumi;
  const answer: unknown = await runtime.invoke(token, args, { ...options, version });
  if (!isRecord(answer)) throw new Error(`${token} answered nothing`);
  return answer as Result;
}
