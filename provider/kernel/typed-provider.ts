/**
 * The kernels of `headroom:index:AwsVmProvider` and the like: VM and DNS provider configs of one cloud, for programs in
 * other languages, whose tools then know each setting. The definition is the same as that of the generic type.
 */
import type { Problem } from "../../runtime/model/errors";
import type { Cloud } from "../cloud";
import type { Properties, ResourceKernel } from "../resource-kernel";
import type { DnsProvider, VmProvider } from "../vm-provider";
import { fromDocument, type ProviderConfigKind, toDocument } from "./provider-document";

export interface TypedProvider {
  /** e.g. `headroom:index:AwsVmProvider`. */
  readonly type: string;
  readonly kind: string;
  readonly definition: ProviderConfigKind;
  /** With which the names of its nested types begin, e.g. `Aws`, `AwsDns`. */
  readonly typePrefix: string;
  readonly service: VmProvider<unknown> | DnsProvider<unknown>;
}

/** One for each VM and each DNS service of the clouds. */
export function typedProviders(clouds: readonly Cloud[]): TypedProvider[] {
  const typed: TypedProvider[] = [];
  for (const cloud of clouds) {
    const { kind, vm, dns } = cloud;
    const name = typeNameOf(cloud);
    const token = (suffix: string) => `headroom:index:${name}${suffix}`;
    if (vm !== undefined) {
      typed.push({ type: token("VmProvider"), kind, definition: "vmProviderConfig", typePrefix: name, service: vm });
    }
    if (dns !== undefined) {
      const typePrefix = `${name}Dns`;
      typed.push({ type: token("DnsProvider"), kind, definition: "dnsProviderConfig", typePrefix, service: dns });
    }
  }
  return typed;
}

/** What users read of a VM or DNS service. */
export function descriptionOf({ description, sdk }: VmProvider<unknown> | DnsProvider<unknown>): string {
  const needed = sdk === undefined ? "" : ` The machine that runs the updates needs the package \`${sdk}\`.`;
  return `${description}${needed}`;
}

/** The cloud in names of types: `Aws` in `AwsVmProvider`. */
export function typeNameOf({ kind, typeName }: Cloud): string {
  return typeName ?? kind.charAt(0).toUpperCase() + kind.slice(1);
}

/** The kernel of one of them, on that of the generic type. */
export function typedProviderKernel(
  { type, kind, definition, service }: TypedProvider,
  generic: ResourceKernel,
): ResourceKernel {
  const toDoc = (fields: Properties) => toDocument(definition, kind, fields);
  return {
    type,
    secretInputs: service.secretFields,
    async check(news, olds, context) {
      const given = Object.fromEntries(Object.entries(news).filter(([, value]) => value !== null));
      const { inputs, problems } = await generic.check(toDoc(given), olds && toDoc(olds), context);
      return { inputs: fromDocument(inputs), problems: problems.map(atField) };
    },
    // The names that another definition would have to be made for are the same.
    diff: generic.diff,
    async create(inputs, context) {
      const { id, outputs } = await generic.create(toDoc(inputs), context);
      return { id, outputs: fromDocument(outputs) };
    },
    async read(id, olds, context) {
      const found = await generic.read(id, toDoc(olds), context);
      if (found === undefined || found.inputs["kind"] !== kind) return undefined;
      return { id: found.id, inputs: fromDocument(found.inputs), outputs: fromDocument(found.outputs) };
    },
    async update(id, olds, news, context) {
      const { outputs } = await generic.update(id, toDoc(olds), toDoc(news), context);
      return { outputs: fromDocument(outputs) };
    },
    delete: (id, olds, context) => generic.delete(id, toDoc(olds), context),
  };
}

/** Problems of the document, told at the fields that the user wrote; what is wrong with `kind` is so with all of it. */
function atField({ path, message }: Problem): Problem {
  return { path: path === "kind" ? "" : path.replace(/^settings\.?/, ""), message };
}
