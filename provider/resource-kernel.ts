/**
 * One resource's behaviour, independent of the door through which the engine reaches it: the plugin's gRPC server
 * (`plugin-server.ts`) or a Pulumi dynamic resource. Inputs and outputs are plain JSON; secrets are unwrapped before
 * and marked again after, by the door.
 */
import type { Problem } from "../runtime/model/errors";
import type { RuntimeConnection } from "./kernel/connection";

export type Properties = Record<string, unknown>;

/** With the provider's configuration: how the runtime's API is reached. */
export interface KernelContext extends RuntimeConnection {
  /** URN of the resource; for dynamic resources `dynamic:<URN of their component>`. */
  readonly owner: string;
  /** True during `pulumi preview`: nothing may change. */
  readonly isPreview: boolean;
  /** Aborted when the engine cancels. */
  readonly signal: AbortSignal;
  /** `customTimeouts` of this operation, when the user gave one. */
  readonly timeoutSeconds?: number;
  /** A line of progress for the person who watches the update. */
  log?(message: string): void;
  /** A line about something that is allowed but probably not meant. */
  warn?(message: string): void;
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

/**
 * The resource exists but is not ready. The engine keeps it in the state with these outputs, reports the reasons, and
 * tries an update next time; any other error means that nothing was created.
 */
export class InitError extends Error {
  constructor(
    readonly id: string,
    readonly outputs: Properties,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join("; "));
    this.name = "InitError";
  }
}

/** Stands for a value that is not known before the update. */
export const unknownValue: unique symbol = Symbol("unknown");
