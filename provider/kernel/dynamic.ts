/**
 * The door for TypeScript programs without the plugin: Pulumi's dynamic provider process requires this file as
 * `pulumi-headroom/kernel`. The provider object that Pulumi serialises into the state holds nothing but that call
 * (`components/declaration.ts`), so a new version of this package brings new behaviour to old state.
 *
 * Properties are those of the plugin's resources plus {@link kindKey}, which says what kind of definition it is.
 */
import type { DefinitionKind } from "../../runtime/model/config";
import { visible } from "../../runtime/model/visible-text";
import type { KernelContext, Properties, ResourceKernel } from "../resource-kernel";
import { connectionDefaults, type RuntimeConnection } from "./connection";
import { ownerKey } from "./definition";
import { definitionKernels } from "./definition-kernels";
import { fromWire, toWire, without } from "./property-values";
import { realClock } from "../../runtime/model/real-clock";

export const kindKey = "__kind";
/** Limit of a delete, from `customTimeouts`; the dynamic provider is not told of those. */
const deleteSecondsKey = "__deleteSeconds";

/** Configuration of the stack with all its namespaces, secrets in plain text: what the engine gives dynamic providers. */
export interface StackConfiguration {
  get(key: string): string | undefined;
}

/** One per dynamic provider process, so one per update. */
export function openDynamicDoor(config: StackConfiguration): DynamicDoor {
  const defaults = connectionDefaults(process.env);
  return new DynamicDoor(definitionKernels(realClock), {
    endpoint: config.get("headroom:endpoint") ?? defaults.endpoint,
    apiKey: config.get("headroom:apiKey") ?? defaults.apiKey,
    tlsCa: config.get("headroom:tlsCa"),
    tlsCaFile: defaults.tlsCaFile,
  });
}

export class DynamicDoor {
  /** The dynamic provider hears nothing of a cancelled update. */
  private readonly signal = new AbortController().signal;

  constructor(
    private readonly kernels: Readonly<Record<DefinitionKind, ResourceKernel>>,
    private readonly connection: RuntimeConnection,
  ) {}

  async check(
    olds: Properties,
    news: Properties,
  ): Promise<{ inputs: Properties; failures: { property: string; reason: string }[] }> {
    return withoutStack(async () => {
      const given = this.receive(news);
      const before = Object.keys(olds).length > 0 ? this.receive(olds).properties : undefined;
      const { inputs, problems } = await given.kernel.check(given.properties, before, given.context);
      const failures = problems.map(({ path, message }) => ({ property: visible(path), reason: visible(message) }));
      return { inputs: given.send(inputs), failures };
    });
  }

  async diff(
    id: string,
    olds: Properties,
    news: Properties,
  ): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace: boolean }> {
    return withoutStack(async () => {
      const given = this.receive(news);
      const found = await given.kernel.diff(id, fromWire(olds) as Properties, given.properties);
      const changes = found.changes || olds[deleteSecondsKey] !== news[deleteSecondsKey];
      return { ...found, changes, deleteBeforeReplace: found.deleteBeforeReplace ?? false };
    });
  }

  async create(inputs: Properties): Promise<{ id: string; outs: Properties }> {
    const { kernel, properties, context, send } = this.receive(inputs);
    const { id, outputs } = await kernel.create(properties, context);
    return { id, outs: send(outputs) };
  }

  /** Without an id the resource is gone. */
  async read(id: string, state: Properties): Promise<{ id?: string; props?: Properties; inputs?: Properties }> {
    return withoutStack(async () => {
      const { kernel, properties, context, send } = this.receive(state);
      const found = await kernel.read(id, properties, context);
      if (found === undefined) return {};
      return { id: found.id, props: send(found.outputs), inputs: send(found.inputs) };
    });
  }

  async update(id: string, olds: Properties, news: Properties): Promise<{ outs: Properties }> {
    const { kernel, properties, context, send } = this.receive(news);
    const { outputs } = await kernel.update(id, fromWire(olds) as Properties, properties, context);
    return { outs: send(outputs) };
  }

  async delete(id: string, state: Properties): Promise<void> {
    return withoutStack(async () => {
      const { kernel, properties, context } = this.receive(state);
      await kernel.delete(id, properties, context);
    });
  }

  private receive(sent: Properties): {
    kernel: ResourceKernel;
    properties: Properties;
    context: KernelContext;
    /** Properties as the engine reads them, with what only this door knows. */
    send(properties: Properties): Properties;
  } {
    const all = fromWire(sent) as Properties;
    const { [kindKey]: kind, [deleteSecondsKey]: seconds } = all;
    const properties = without(all, [kindKey, deleteSecondsKey, "__provider"]);
    const kernel = this.kernels[kind as DefinitionKind] as ResourceKernel | undefined;
    if (kernel === undefined) throw new Error(`this pulumi-headroom has no definitions of kind "${String(kind)}"`);
    const owner = properties[ownerKey];
    const context: KernelContext = {
      ...this.connection,
      owner: typeof owner === "string" ? owner : "dynamic:unknown",
      isPreview: false,
      signal: this.signal,
      ...(typeof seconds === "number" ? { timeoutSeconds: seconds } : {}),
      log: (message) => console.log(visible(message)),
      warn: (message) => console.warn(`warning: ${visible(message)}`),
    };
    const own = { [kindKey]: kind, [deleteSecondsKey]: seconds };
    return { kernel, properties, context, send: (found) => toWire({ ...found, ...own }) as Properties };
  }
}

/** The dynamic provider prints the stack of what these methods throw; users need the sentence only. */
async function withoutStack<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Error) error.stack = "";
    throw error;
  }
}
