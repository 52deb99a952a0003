/**
 * Which provider makes a resource or answers a call: the one that is named, else the one that its component was given,
 * else the default one of its package, which is registered when it is first needed.
 */
import type { Deployment } from "../deployment/deployment";
import { makeGoal } from "../deployment/registration";
import { NotSupported } from "../failure";
import type { PlainConfig } from "../stack/project";
import { providerReference, providerType } from "../state/urn";
import { type PropertyMap, Secret } from "../state/values";

/** What a request says of its provider. */
export interface Wanted {
  packageName: string;
  /** Of the package's plugin; empty means any. */
  version: string;
  /** Reference of the provider that the request names; empty when it names none. */
  named: string;
  /** Package → reference of the provider that the resource hands on to its children. */
  own?: ReadonlyMap<string, string>;
  parent: string;
}

export class ProviderChoice {
  private readonly ofComponents = new Map<string, ReadonlyMap<string, string>>();
  private readonly defaults = new Map<string, Promise<string>>();

  constructor(
    private readonly deployment: Deployment,
    private readonly config: PlainConfig,
  ) {}

  /** Notes the providers that a component was given. */
  give(component: string, providers: ReadonlyMap<string, string>): void {
    this.ofComponents.set(component, providers);
  }

  /** The reference (URN and id) of the provider to use. */
  async find({ packageName, version, named, own, parent }: Wanted): Promise<string> {
    if (packageName === "pulumi") throw new NotSupported("stack references and the other resources built into Pulumi");
    const given = named || own?.get(packageName) || this.ofComponents.get(parent)?.get(packageName);
    if (given) return given;
    const key = `${packageName}@${version}`;
    const registered = this.defaults.get(key) ?? this.registerDefault(packageName, version);
    this.defaults.set(key, registered);
    return registered;
  }

  private async registerDefault(packageName: string, version: string): Promise<string> {
    const { config, deployment } = this;
    const inputs: PropertyMap = {};
    for (const [key, value] of config.values) {
      const isOwn = key.startsWith(`${packageName}:`);
      if (!isOwn && !isDynamic(packageName)) continue;
      const isSecret = config.secretKeys.includes(key);
      const name = isDynamic(packageName) ? key : key.slice(packageName.length + 1);
      inputs[name] = isSecret ? new Secret(value) : value;
    }
    if (version !== "") Object.assign(inputs, { __internal: {}, version });
    const name = version === "" ? "default" : `default_${version.replace(/^v/, "").replace(/[.+-]/g, "_")}`;
    const { state } = await deployment.register(
      makeGoal({ type: providerType(packageName), name, custom: true, inputs }),
    );
    return providerReference(state.urn, state.id);
  }
}

/** Dynamic resources get the whole configuration of the stack, each key with its namespace. */
function isDynamic(packageName: string): boolean {
  return packageName === "pulumi-nodejs";
}
