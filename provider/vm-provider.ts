/** What the program of a stack asks of a cloud and of a DNS service; `defineVm` and `defineDns` in `cloud.ts` make both. */
import type * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { AccountCheck, AccountFinding } from "../runtime/model/account-check";
import type { ListedVm } from "../runtime/model/account-questions";
import type { AccountRules, Settings as FieldsOfSettings } from "../runtime/model/accounts";
import type { OsType, VmProviderFacts } from "../runtime/model/config";
import type { CloudFailureClass, Problem } from "../runtime/model/errors";
import type { DesiredNode, DnsSpec } from "../runtime/model/state";
import type { Shape } from "../runtime/model/shapes";
import type { RecordType } from "./frame/dns-names";
import type { NodeIdentity } from "./frame/identity";

/** A node with settings that its cloud's schema has parsed. */
export type NodeOf<Settings> = Omit<DesiredNode, "settings"> & { readonly settings: Settings };

export interface DeclaredNode {
  /** The VM's own resource; what belongs to the node has it as parent or depends on it. */
  readonly vm: pulumi.CustomResource;
  /** The address under which the runtime and the users' proxy reach it. */
  readonly address: pulumi.Output<string>;
}

/** A VM found in the cloud by its node id, for adoption after a crash. */
export interface FoundVm {
  readonly nodeId: string;
  /** The cloud's id, as Pulumi's resource id. */
  readonly id: string;
}

/** Which VMs are looked for in an account. */
export interface SoughtVms {
  /** All that carry this installation's id in their tag. */
  readonly installationId: string;
  /** And these, by the cloud's ids, also without any tag. */
  readonly knownIds: readonly string[];
}

/** Where a Pulumi provider acts and how it gets in. */
export interface Access {
  /** The account fields and the place of some settings; other fields are left alone. */
  readonly settings: FieldsOfSettings;
  /** The account's own number or name when it is known: credentials of another account must not be used. */
  readonly owner?: string | undefined;
}

/** How to get into an account of a cloud; its VMs and its DNS service may share it. */
export interface CloudAccess {
  /** The npm package of the SDK, for the sentence that names it when it is missing; undefined = needs none. */
  readonly sdk?: string;
  /** Its resources are served by our own plugin, which has no configuration: one process serves all. Default false. */
  readonly usesOwnPlugin?: boolean;
  /** Names of the fields of the settings that are secret: never shown, never logged, never plain in a state. */
  readonly secretFields: readonly string[];
  /** Which of the settings say which account, and which make the template. */
  readonly account: AccountRules;
  /** The explicit Pulumi provider of one account and place, shared by the nodes of one program run. */
  pulumiProvider(name: string, access: Access): Promise<pulumi.ProviderResource>;
}

/** What users read of a service: beside its component, in the package schema and on its docs page. */
export interface ServiceTexts {
  /** A sentence or two, e.g. "VMs on Amazon EC2." */
  readonly description: string;
  /** A line or two of a program that declares it. Default none. */
  readonly example?: string;
}

/** Options of a node's resources, and what else its program offers. */
export interface NodeOptions extends pulumi.CustomResourceOptions {
  /** Our own plugin, for what no cloud's plugin does. One for all nodes of a program. Default: the node makes its own. */
  readonly ownPlugin?: OwnPlugin;
}

export type OwnPlugin = () => Promise<pulumi.ProviderResource>;

/** Declares VMs on one cloud. Implementations hold no state, make no decisions, and load their SDK only when called. */
export interface VmProvider<Settings> extends CloudAccess, ServiceTexts {
  /** Strict: unknown fields are refused. */
  readonly settings: z.ZodType<Settings>;
  /** Type token of the VM's resource, e.g. `aws:ec2/instance:Instance`. */
  readonly vmType: string;
  /** Size in bytes that the rendered and wrapped startup script may have. */
  readonly startupScriptBytesMax: number;
  /** Systems that its VMs may run. */
  readonly osTypes: readonly OsType[];
  /** The rendered startup script as it is sent to the cloud; empty = none. */
  wrapScript(script: string, osType: OsType): string;
  /** True where a program of the image, such as cloud-init, reads the script; false where the system runs it as a file. Default true. */
  isScriptReadByImage?(osType: OsType): boolean;
  /** What is probably not meant in a script for these settings, as one sentence. Default nothing. */
  scriptWarning?(script: string, settings: Settings): string | undefined;
  /** Scripts with which nodes of its own image check in, by type of pool. Default none. */
  readonly defaultScripts?: VmProviderFacts["defaultScripts"];
  /** Settings that a single node without a runtime has unless it says otherwise. Default: those of the schema. */
  readonly nodeDefaults?: FieldsOfSettings;
  /** Public key of these settings, for `{ssh_key}`. Default none. */
  sshPublicKey?(settings: Settings): string | undefined;
  /** What one VM of these settings offers, when that is known without asking the cloud. */
  shape(settings: Settings): Shape | undefined;
  /** Name of their size, of which {@link check} tells the shape. Default: {@link shape} knows it, or nobody does. */
  sizeOf?(settings: Settings): string | undefined;
  /**
   * Name of the field of the settings that lists the places of one region in which a VM may be made, such as availability
   * domains. A node's VM is made in the first; the runtime puts the place that a node tries there. Default none.
   */
  readonly placesField?: string;
  /**
   * Names of the VM's inputs that say whether it is on: alone of all inputs they may change in a VM that exists, in an update
   * that is to change its power. They are there only when the node's `power` is. Default none: its VMs can't be stopped.
   */
  readonly powerInputs?: readonly string[];
  declareNode(node: NodeOf<Settings>, options: NodeOptions): Promise<DeclaredNode>;
  /** VMs that carry one of these node ids, asked from the cloud itself. Throws when the answer is not complete. */
  findVms(nodeIds: readonly string[], settings: Settings, options: pulumi.InvokeOptions): Promise<FoundVm[]>;
  /**
   * Every VM that is sought and exists in one account and place; one that is being made, stopped or about to stop exists
   * too. Throws when the answer is not complete.
   *
   * @param settings The account's fields and its place, as in {@link Access}.
   */
  listVms(sought: SoughtVms, settings: FieldsOfSettings, options: pulumi.InvokeOptions): Promise<ListedVm[]>;
  /** Inputs besides its id that a VM of an account and place is read by. Default none. */
  readInputs?(settings: FieldsOfSettings): Readonly<Record<string, unknown>>;
  /**
   * What the cloud says of the account and of what these settings name: image, network, size, key. Nothing is changed.
   * Throws only what is no answer of the cloud's.
   */
  check(settings: Settings, options: pulumi.InvokeOptions): Promise<AccountCheck>;
  /**
   * For clouds that give the id of a VM that is gone to another one: fails when the VM with this id is somebody else's. For
   * clouds whose plugin takes a VM that may not be seen for one that is gone: fails when it is hidden. Asked right before a
   * node's VM is deleted. For clouds whose plugin fails to delete what is gone: answers `gone` when nobody has this id.
   * Default: ids are never given anew, and nothing is hidden.
   *
   * @param settings The account's fields and its place.
   */
  confirmVm?(
    vm: { readonly nodeId: string; readonly vmId: string },
    settings: FieldsOfSettings,
    options: pulumi.InvokeOptions,
  ): Promise<unknown>;
  /** For clouds that make a password for each VM of Windows. Default: none does. */
  readonly windowsPassword?: {
    isWanted(settings: Settings): boolean;
    /** Undefined while the cloud has none. */
    read(vmId: string, settings: Settings, options: pulumi.InvokeOptions): Promise<string | undefined>;
  };
  /**
   * What is wrong with (well-formed) settings beyond their schema, told to whoever declares them now. Default nothing.
   *
   * @param definition The VM provider config that they are part of.
   */
  findProblems?(settings: FieldsOfSettings, definition: { readonly maxInstances?: number }): Problem[];
  /** What a failure to reach the cloud at all tells of the account; undefined = nothing. Default nothing. */
  accountRefusal?(message: string, settings: FieldsOfSettings): AccountFinding | undefined;
  /** Owner of the account that a VM is in, by its outputs: the `owner` of the account's identity. Default: not known. */
  ownerOf?(outputs: Readonly<Record<string, unknown>>): string | undefined;
  /** Class of a failed create by its diagnostics; undefined = not known here. */
  classify(message: string): CloudFailureClass | undefined;
}

/** What is asked of a cloud about its VMs, and of a directory about its computer records. */
export type AskedService = Pick<
  VmProvider<unknown>,
  | "settings"
  | "secretFields"
  | "account"
  | "usesOwnPlugin"
  | "pulumiProvider"
  | "vmType"
  | "readInputs"
  | "listVms"
  | "check"
  | "windowsPassword"
  | "accountRefusal"
>;

/** The record of one node, before its address is known. */
export interface NamedRecord<Settings> {
  readonly identity: NodeIdentity;
  readonly dns: DnsSpec & { readonly settings: Settings };
}

/** An A record of one node, or an AAAA record when its address is one. */
export interface RecordOf<Settings> extends NamedRecord<Settings> {
  readonly address: pulumi.Input<string>;
  readonly type: pulumi.Output<RecordType>;
  /** The node's own record stands there already, left by an update whose answer was lost. */
  readonly isLeftover: pulumi.Output<boolean>;
}

export interface RecordOptions extends pulumi.InvokeOptions {
  /**
   * What the stack has of a node whose record it lacks. `nothing`: whatever stands under the record's name is somebody else's.
   * `vm`: what leads to its address is the node's own. Default: the record is there, or nobody knows, so nothing is looked at.
   */
  readonly stackHas?: "nothing" | "vm";
}

/** Declares the record, which depends on the address: so it comes after the VM and goes before it. */
export type DeclareRecord = (
  address: pulumi.Input<string>,
  options: pulumi.CustomResourceOptions,
) => { readonly dnsName: pulumi.Output<string> };

export interface DnsProvider<Settings> extends CloudAccess, ServiceTexts {
  /** Strict: unknown fields are refused. */
  readonly settings: z.ZodType<Settings>;
  /** Type token of the record's resource, e.g. `aws:route53/record:Record`. */
  readonly recordType: string;
  /**
   * Looks up the zone, and whether the name is free. Asked before the node's VM is declared, so that no VM is made and thrown
   * away for a record that can't be had.
   */
  prepareRecord(record: NamedRecord<Settings>, options: RecordOptions): Promise<DeclareRecord>;
  /** Class of a failed create by its diagnostics; undefined = not known here. Default: that of the cloud of the same kind. */
  classify?(message: string): CloudFailureClass | undefined;
}
