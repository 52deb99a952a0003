/**
 * What the parts of one operation share: what was asked for, the resources as they were and as they become, and whether
 * the operation goes on. The rule kept: once it is to stop, nothing new begins, and the first reason is the one that counts.
 */
import { messageOf, Reported } from "../failure";
import type { ProviderRegistry } from "../providers/registry";
import type { PendingOperation, ResourceState, StackState } from "../state/resource";
import type { Events } from "../steps/events";
import type { HookRegistry } from "./hooks";
import type { Snapshot } from "./snapshot";

export interface DeploymentOptions {
  kind: "update" | "refresh" | "destroy";
  isPreview: boolean;
  project: string;
  stack: string;
  /** Chains of steps that may run side by side. */
  parallel: number;
  continueOnError: boolean;
  /** Look at the real resources before anything else. */
  refreshFirst: boolean;
  /** URNs the operation is limited to (refresh, destroy); empty means all. */
  targets: string[];
  /** URNs that an update leaves as they are, declared or not. */
  excludes: string[];
  excludeProtected: boolean;
}

export interface ContextParts {
  options: DeploymentOptions;
  state: StackState;
  /** Absent in previews, which write nothing. */
  snapshot: Snapshot | undefined;
  providers: ProviderRegistry;
  hooks: HookRegistry;
  events: Events;
}

export class DeploymentContext {
  readonly options: DeploymentOptions;
  readonly events: Events;
  readonly providers: ProviderRegistry;
  readonly hooks: HookRegistry;
  readonly snapshot: Snapshot | undefined;
  /** Old states by URN, those waiting for deletion left out. */
  olds = new Map<string, ResourceState>();
  /** States this operation produced, by URN. */
  readonly news = new Map<string, ResourceState>();
  /** URNs that this operation deletes: what is `deletedWith` one of them goes without a call of its own. */
  readonly deleting = new Set<string>();
  private failed = false;
  private reported = false;
  private reason: "failed" | "canceled" | undefined;
  private announceStop: () => void = () => undefined;
  /** Resolves when nothing new may begin. */
  readonly stopped = new Promise<void>((resolve) => (this.announceStop = resolve));

  constructor(private readonly parts: ContextParts) {
    this.options = parts.options;
    this.events = parts.events;
    this.providers = parts.providers;
    this.hooks = parts.hooks;
    this.snapshot = parts.snapshot;
    this.indexOlds();
  }

  /** The resources as they were, in the order of the state. */
  get base(): ResourceState[] {
    return this.parts.state.resources;
  }
  get pendingOperations(): PendingOperation[] {
    return this.parts.state.pendingOperations;
  }
  get isPreview(): boolean {
    return this.options.isPreview;
  }
  get isStopping(): boolean {
    return this.reason !== undefined;
  }
  get stopReason(): "failed" | "canceled" | undefined {
    return this.reason;
  }
  /** The operation is no success, whatever comes. */
  get hasFailed(): boolean {
    return this.failed;
  }
  /** The user has read why it failed. */
  get isReported(): boolean {
    return this.reported;
  }

  /** Takes over what a refresh found. */
  rebase(resources: ResourceState[]): void {
    this.parts.state.resources = resources;
    this.snapshot?.rebase(resources);
    this.indexOlds();
  }

  /** Brings up the provider that an old resource refers to, when this operation has not done so. */
  ensureProvider(reference: string): Promise<void> {
    return this.providers.ensure(reference, this.olds, this.base);
  }

  /** Nothing new begins after this. */
  stop(reason: "failed" | "canceled"): void {
    this.reason ??= reason;
    this.announceStop();
  }

  /** Makes the operation fail at its end without stopping it. */
  fail(): void {
    this.failed = true;
  }

  /** Reports an error and stops; what it explains needs no "update failed" after it. */
  failNow(error: unknown): void {
    if (!(error instanceof Reported)) this.events.diagnostic("error", messageOf(error));
    this.failReported();
    this.stop("failed");
  }

  /** Makes the operation fail for a reason that the user has read. */
  failReported(): void {
    this.failed = true;
    this.reported = true;
  }

  private indexOlds(): void {
    this.olds = new Map(this.base.filter((state) => !state.delete).map((state) => [state.urn, state]));
  }
}
