/**
 * One resource's behaviour, independent of the door through which the engine reaches it: the plugin's gRPC server
 * (`plugin-server.ts`) or a Pulumi dynamic resource. Inputs and outputs are plain JSON; secrets are unwrapped before
 * and marked again after, by the door.
 */
import type { Problem } from "../runtime/model/errors";

export type Properties = Record<string, unknown>;

export interface KernelContext {
  /** Provider configuration: endpoint and key of the runtime's API. */
  readonly endpoint?: string;
  readonly apiKey?: string;
  /** URN of the resource; for dynamic resources `dynamic:<project>/<stack>/<name>`. */
  readonly owner: string;
  /** True during `pulumi preview`: nothing may change. */
  readonly isPreview: boolean;
  /** Aborted when the engine cancels. */
  readonly signal: AbortSignal;
}

export interface ResourceKernel {
  /** e.g. `headroom:index:Zone`. */
  readonly type: string;
  /** Input properties whose values the doors mark as secret. */
  readonly secretInputs: readonly string[];
  /** Defaults filled, all problems at once. Unknown values (not known before the update) are `unknownValue`. */
  check(
    news: Properties,
    olds: Properties | undefined,
    context: KernelContext,
  ): Promise<{ inputs: Properties; problems: Problem[] }>;
  diff(
    id: string,
    olds: Properties,
    news: Properties,
  ): Promise<{ changes: boolean; replaces: string[]; deleteBeforeReplace?: boolean }>;
  create(inputs: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }>;
  /** Undefined = it does not exist any more. */
  read(
    id: string,
    olds: Properties,
    context: KernelContext,
  ): Promise<{ id: string; inputs: Properties; outputs: Properties } | undefined>;
  update(id: string, olds: Properties, news: Properties, context: KernelContext): Promise<{ outputs: Properties }>;
  delete(id: string, olds: Properties, context: KernelContext): Promise<void>;
}

/** Stands for a value that is not known before the update. */
export const unknownValue: unique symbol = Symbol("unknown");
