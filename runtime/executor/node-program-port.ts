/** What the executor needs of the node program, which it may not import: clouds are loaded only in worker processes. */
import type { CloudFailureClass } from "../model/errors";
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import type { AccountSpec, Settings } from "../model/accounts";
import type { DesiredNode } from "../model/state";
import type { LaneRequest } from "./node-updater";
import type { NodeStep } from "./permits";

/** What the program of a lane works from. */
export type LaneContent = Pick<LaneRequest, "nodes" | "accounts" | "leaving" | "powers">;

/** The key in the lane's configuration beside those of its nodes, whose ids all begin with n. */
export const accountsKey = "accounts";

export interface FoundNode {
  readonly nodeId: string;
  /** The cloud's id of its VM. */
  readonly id: string;
}

/** All but its name and id. */
export interface VmInState {
  readonly type: string;
  /** Under which an {@link NodeProgram.ask} declares it. */
  readonly providerName: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly resourceHooks: Readonly<Record<string, string[]>>;
}

export interface VmInput {
  readonly nodeId: string;
  readonly name: string;
  readonly value: unknown;
  readonly isSecret: boolean;
}

/** One resource of a node as the stack has it. */
export interface KeptResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly isCustom: boolean;
  /** Absent = the node's own component. */
  readonly parent?: string;
  readonly providerName?: string;
  /** Of its inputs; none of a component. */
  readonly inputNames: readonly string[];
}

/** All that belongs to a node in its stack, beside its component; parents before their children. */
export interface KeptNode {
  readonly resources: readonly KeptResource[];
  /** Of its component. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A node as it stands in its lane's configuration; `kept`: this version can't read its record, so it stays as it is. */
export type LaneNode = DesiredNode & { readonly kept?: KeptNode };

/** What the stack has of a node; undefined when it has no VM of it. */
export type KeptOf = (node: DesiredNode) => KeptNode | undefined;

export interface NodeProgram {
  /**
   * Parses every node's settings, with those of its account, and loads what its clouds need. Fails before any engine runs: a program that fails
   * half-way through must never be taken for one that leaves nodes out.
   */
  prepare(lane: LaneContent): Promise<void>;
  /** True when the engine may have to download plugins for these nodes; a node that leaves needs its cloud's too. */
  needsPlugins(lane: LaneContent): boolean;
  /** The inline program: declares the nodes of the stack's configuration, of `withoutVm` only what comes before the VM. */
  declare(options: {
    readonly withoutVm: ReadonlySet<string>;
    /** Asked right before anything of a node is made or destroyed; fails when it may not be. */
    readonly permit: (step: NodeStep) => Promise<void>;
    /** A node that is there stays as it is there when something that it was made from is gone. Default: it fails. */
    readonly keptOf?: KeptOf;
    /** Nodes in the order of their declaration; others come after them. Default: that of the configuration. */
    readonly order?: readonly DesiredNode[];
    /** Told of every known input of every VM that is declared. */
    readonly onVmInput?: (input: VmInput) => void;
    /** Told of every node whose VM is to be deleted and is not there any more; that delete fails. */
    readonly onVmGone?: (nodeId: string) => void;
  }): Promise<void>;
  /**
   * The inline program of an update that was opened ahead: makes the Pulumi providers of the `likely` nodes ready, without
   * declaring these, then declares each batch as it comes. Ends when the batches do and all that was declared is there.
   */
  declareAsGiven(options: {
    readonly likely: readonly DesiredNode[];
    readonly batches: AsyncIterable<readonly DesiredNode[]>;
    /** As that of {@link NodeProgram.declare}. */
    readonly permit: (step: NodeStep) => Promise<void>;
    /** As that of {@link NodeProgram.declare}. */
    readonly keptOf?: KeptOf;
    /** The Pulumi providers are ready. */
    readonly onReady: () => void;
    /** This node could not be declared; the program will fail. */
    readonly onRefused: (nodeId: string) => void;
  }): Promise<void>;
  /** Inside a running program: asks the clouds for the VMs of these nodes. Throws when an answer is not complete. */
  findVms(nodes: readonly DesiredNode[]): Promise<FoundNode[]>;
  /** Inside a running program: asks a cloud about an account. Throws when the answer is not complete. */
  ask(request: AskRequest): Promise<AccountAnswer>;
  /** Inside a running program that declares no node: has every delete of the engine permitted first. */
  permitSteps(permit: () => Promise<void>): Promise<void>;
  /** How a VM of an account stands in a state, so that it is read by its id alone and deleted only when that is permitted. */
  vmInState(accountId: string, account: AccountSpec, place: Settings): VmInState;
  /** What the failure of a question tells all the same, e.g. that the cloud does not take the credentials. */
  answerOfFailure(request: AskRequest, message: string): AccountAnswer | undefined;
  /** True when the engine may have to download a plugin to ask about this account. */
  needsPluginsOf(account: AccountSpec): boolean;
  /** Type token of the node's VM. */
  vmTypeOf(node: DesiredNode): string;
  /** Name of the Pulumi provider under which the node's VM is declared. */
  pulumiProviderNameOf(node: DesiredNode, accounts: Readonly<Record<string, AccountSpec>>): string;
  /** Pulumi providers in states that older versions wrote, with their names of now; empty when no node is so old. */
  providerRenames(lane: LaneContent): ReadonlyMap<string, string>;
  /** Owner of the account that the node's VM is in, by the VM's outputs; undefined = they don't tell. */
  ownerOf(node: DesiredNode, outputs: Readonly<Record<string, unknown>>): string | undefined;
  /** What the node's own cloud says about a failed create; undefined = it does not know this one. */
  classify(node: DesiredNode, message: string): CloudFailureClass | undefined;
}
