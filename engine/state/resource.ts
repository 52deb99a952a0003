/** What an engine knows of a stack: its resources and the operations on them that were interrupted. */
import type { PropertyMap } from "./values";

/** Seconds a provider may take for each operation; absent means the provider's own default. */
export interface CustomTimeouts {
  create?: number;
  update?: number;
  delete?: number;
  read?: number;
}

/** One resource. Steps compare and replace these objects by identity: two objects are two physical resources. */
export interface ResourceState {
  urn: string;
  custom: boolean;
  /** A replaced resource that still has to be deleted. */
  delete?: boolean;
  id: string;
  type: string;
  inputs: PropertyMap;
  outputs: PropertyMap;
  parent: string;
  protect?: boolean;
  taint?: boolean;
  /** Read, not owned: never updated or deleted. */
  external?: boolean;
  dependencies: string[];
  initErrors: string[];
  provider: string;
  propertyDependencies: Record<string, string[]>;
  /** Deleted already, its replacement not yet created. */
  pendingReplacement?: boolean;
  additionalSecretOutputs: string[];
  aliases: string[];
  customTimeouts: CustomTimeouts;
  importID?: string;
  retainOnDelete?: boolean;
  deletedWith?: string;
  created?: string;
  modified?: string;
  sourcePosition?: string;
  stackTrace?: unknown[];
  ignoreChanges: string[];
  hideDiff?: unknown[];
  replaceOnChanges: string[];
  resourceHooks?: ResourceHooks;
}

/** Names of the hooks that run before a step of the resource, by the kind of step (`BeforeDelete`). */
export type ResourceHooks = Partial<Record<(typeof hookTypes)[number], string[]>>;

/** What a state may hold of hooks; those that run after a step are refused. */
export const hookTypes = ["BeforeCreate", "BeforeUpdate", "BeforeDelete"] as const;

export type OperationType = "creating" | "updating" | "deleting" | "reading";

/** An operation that had begun and is not known to have ended. */
export interface PendingOperation {
  resource: ResourceState;
  type: OperationType;
}

/** The resources of a stack, each after all that it depends on, and what is known of interrupted operations. */
export interface StackState {
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
  /** Salt of the passphrase secrets in this state, when it has a secrets provider. */
  salt: string | undefined;
}
