/**
 * How a cloud is described, for someone who adds one. A cloud is one file, `clouds/<kind>.ts`, that exports a {@link Cloud},
 * and one line in `registry.ts`; everything else follows from there: what the runtime knows of it, the checks of its
 * settings, the tests that hold for every cloud.
 *
 * The file says what is particular: which settings there are, what becomes of them in the inputs of the SDK's resource, where
 * the node's identity goes, how a startup script gets in, how the cloud is asked, and what its failures mean. What all have in
 * common is done here and in `frame/`.
 *
 * The service loads these files too, and no SDK: load SDKs inside of functions, by deep import, with `loadSdk`.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { DnsProviderFacts } from "../runtime/model/config";
import { BugError } from "../runtime/model/errors";
import { recordTypeOf } from "./frame/dns-names";
import { isLeftover, type StandingRecord } from "./frame/dns-records";
import { classifyByCode, type FailureCodes } from "./frame/failures";
import { identityOf, type PlaceIdentity } from "./frame/identity";
import { changeAt, mergeInputs, type Inputs } from "./frame/inputs";
import { isReadByImage, osTypesOf, plainBytesMax, sentScript, wrapScript, type ScriptDelivery } from "./frame/script";
import type { LocalRules } from "./local-vm/local-rules";
import type { DnsProvider, NamedRecord, NodeOf, OwnPlugin, RecordOf, VmProvider } from "./vm-provider";

/** A cloud without a DNS service, and a DNS service without VMs, are ordinary. */
export interface Cloud {
  /** What users write as `kind`. Stored in definitions and nodes: it never changes. */
  readonly kind: string;
  /** The cloud in names of types, e.g. `DigitalOcean` in `DigitalOceanVmProvider`. Default: its kind, capitalised. */
  readonly typeName?: string;
  readonly vm?: VmProvider<unknown>;
  readonly dns?: DnsProvider<unknown>;
  /** What a runtime with these rules does not take of it. Default: it takes everything. */
  factsUnder?(rules: LocalRules): Pick<DnsProviderFacts, "refusal" | "findProblems">;
}

/** An SDK's class of one resource. */
export type ResourceClass<Args, Resource> = new (
  name: string,
  args: Args,
  options: pulumi.CustomResourceOptions,
) => Resource;

/** Made by the frame from what {@link VmDefinition} says. */
type MadeOfDefinition =
  "declareNode" | "wrapScript" | "isScriptReadByImage" | "startupScriptBytesMax" | "osTypes" | "classify";

/**
 * One VM per node. Of {@link VmProvider} it says itself how it is found, listed and checked, mostly with `findEach`,
 * `findAmong` and `Lookups`.
 */
export interface VmDefinition<
  Settings,
  Args extends object,
  Vm extends pulumi.CustomResource,
  Prepared = undefined,
> extends Omit<VmProvider<Settings>, MadeOfDefinition> {
  /** How its images take a startup script. */
  readonly script: ScriptDelivery;
  /** The SDK's class of the VM. */
  load(): ResourceClass<Args, Vm>;
  /**
   * For clouds whose VM needs something else first: ids that are looked up, or resources of the node's own, named
   * `<node id>-<word>` with a word of `step-hooks.ts`. What many nodes look up alike goes through `RememberedAnswers`; what
   * may not be looked up again while the node lives goes into a resource of our own plugin.
   */
  prepare?(node: NodeOf<Settings>, options: pulumi.CustomResourceOptions, ownPlugin: OwnPlugin): Promise<Prepared>;
  /**
   * The whole request for one node, but for overrides and identity. Pure.
   *
   * @param script The startup script as it is sent; empty = none.
   */
  inputs(node: NodeOf<Settings>, script: string, prepared: Prepared): Args;
  /** What the user adds in the cloud's own words, by `overrideSchema`; a later one wins over one before. Default none. */
  overrides?(settings: Settings): readonly Inputs[];
  /** Where a VM carries the node's identity: by this it is found again, so it wins over overrides. */
  readonly placeIdentity: PlaceIdentity;
  /** Paths of inputs that hold secrets, in dots; the script is one. */
  readonly secretInputs: readonly string[];
  /** Outputs that hold secrets. Default none. */
  readonly secretOutputs?: readonly string[];
  /** Inputs whose change would stop or replace a VM that exists: a later template is for new VMs. */
  readonly ignoreChanges: readonly string[];
  /** How long its creates and deletes may take. Default: as the Pulumi provider has it. */
  timeouts?(settings: Settings): pulumi.CustomTimeouts;
  /** Under which the runtime and the users' proxy reach the VM. Either this or {@link guest}. */
  address?(vm: Vm, settings: Settings, prepared: Prepared): pulumi.Output<string>;
  /**
   * For clouds whose images take no user data, and that know of no address until the guest tells it: declares what happens in
   * the VM, named `<node id>-guest`, and answers its address. A node is made when that is known: so a script that fails to
   * begin fails the node. The script may be empty, and stays a secret.
   */
  guest?(
    vm: Vm,
    node: NodeOf<Settings>,
    script: string,
    options: pulumi.CustomResourceOptions,
    ownPlugin: OwnPlugin,
  ): Promise<pulumi.Output<string>>;
  readonly failures: FailureCodes;
}

export function defineVm<Settings, Args extends object, Vm extends pulumi.CustomResource, Prepared = undefined>(
  definition: VmDefinition<Settings, Args, Vm, Prepared>,
): VmProvider<Settings> {
  const { script } = definition;
  return {
    ...definition,
    startupScriptBytesMax: plainBytesMax(script),
    osTypes: osTypesOf(script),
    wrapScript: (text, osType) => wrapScript(text, osType, script),
    isScriptReadByImage: (osType) => isReadByImage(script, osType),
    classify: classifyByCode(definition.failures),

    async declareNode(node, { ownPlugin = newOwnPlugin(node.nodeId), ...options }) {
      const { settings } = node;
      const sent = sentScript(node, script);
      // Without anything to prepare the VM is declared at once, in the order of the program.
      const prepared = (definition.prepare && (await definition.prepare(node, options, ownPlugin))) as Prepared;
      const inputs = wholeInputs(definition, node, definition.inputs(node, sent, prepared) as Inputs);
      const VmClass = definition.load();
      const vm = new VmClass(node.nodeId, asSecrets(inputs, definition.secretInputs) as Args, {
        ...options,
        customTimeouts: definition.timeouts?.(settings),
        ignoreChanges: [...(options.ignoreChanges ?? []), ...definition.ignoreChanges],
        additionalSecretOutputs: [...(definition.secretOutputs ?? [])],
      });
      const address = definition.guest
        ? await definition.guest(vm, node, sent, { ...options, dependsOn: [vm] }, ownPlugin)
        : definition.address?.(vm, settings, prepared);
      if (address === undefined) throw new BugError(`nothing tells the address of ${definition.vmType}`);
      return { vm, address };
    },
  };
}

/** The computed request, the user's overrides over it, and the identity over both. */
export function wholeInputs<Settings>(
  { overrides, placeIdentity }: Pick<VmDefinition<Settings, never, never>, "overrides" | "placeIdentity">,
  node: NodeOf<Settings>,
  computed: Inputs,
): Inputs {
  const merged = (overrides?.(node.settings) ?? []).reduce(mergeInputs, computed);
  return placeIdentity(merged, identityOf(node));
}

/** One A or AAAA record per node, `<node id>.<base domain name>`. */
export interface DnsDefinition<Settings, Args extends object, Prepared = undefined> extends Omit<
  DnsProvider<Settings>,
  "prepareRecord" | "classify"
> {
  /** The SDK's class of the record. */
  load(): ResourceClass<Args, pulumi.CustomResource>;
  /** For services that want to know the zone by its id: looks it up, through `RememberedAnswers`. */
  prepare?(record: NamedRecord<Settings>, options: pulumi.InvokeOptions): Promise<Prepared>;
  /**
   * All records that stand under this name, at least those that lookups follow. Not asked for a record that is in the stack.
   */
  standing(
    name: string,
    record: NamedRecord<Settings>,
    prepared: Prepared,
    options: pulumi.InvokeOptions,
  ): Promise<readonly StandingRecord[]>;
  /** @param name The full name of the record. */
  inputs(record: RecordOf<Settings>, name: string, prepared: Prepared): Args;
  /** Where a record carries the node's identity; `nowhere`: this service's records have no place for it. */
  readonly placeIdentity: PlaceIdentity | "nowhere";
  /** Inputs whose change must not touch a record that exists. Default none: a record follows its address. */
  readonly ignoreChanges?: readonly string[];
  /** Default: as the Pulumi provider has it. */
  readonly timeouts?: pulumi.CustomTimeouts;
  /** Default: those of the VMs of the same cloud. */
  readonly failures?: FailureCodes;
}

export function defineDns<Settings, Args extends object, Prepared = undefined>(
  definition: DnsDefinition<Settings, Args, Prepared>,
): DnsProvider<Settings> {
  const { placeIdentity, failures } = definition;
  return {
    ...definition,
    ...(failures && { classify: classifyByCode(failures) }),
    async prepareRecord(record, { stackHas, ...asking }) {
      const { identity, dns } = record;
      const name = `${identity.nodeId}.${dns.baseDomainName}`;
      const prepared = (definition.prepare && (await definition.prepare(record, asking))) as Prepared;
      const standing = stackHas === undefined ? [] : await definition.standing(name, record, prepared, asking);
      if (stackHas === "nothing") isLeftover(name, standing);
      return (address, options) => {
        const { output } = require("@pulumi/pulumi") as typeof pulumi;
        // Whoever may not have the name learns it here, before anything is asked for.
        const checked = output(address).apply((text) => ({ text, isLeftover: isLeftover(name, standing, text) }));
        const given = { address: checked.text, type: recordTypeOf(checked.text), isLeftover: checked.isLeftover };
        const inputs = definition.inputs({ ...record, ...given }, name, prepared);
        const placed = placeIdentity === "nowhere" ? inputs : (placeIdentity(inputs as Inputs, identity) as Args);
        const RecordClass = definition.load();
        const resource = new RecordClass(`${identity.nodeId}-dns`, placed, {
          ...options,
          customTimeouts: definition.timeouts,
          ignoreChanges: [...(options.ignoreChanges ?? []), ...(definition.ignoreChanges ?? [])],
        });
        return { dnsName: resource.id.apply(() => name) };
      };
    },
  };
}

function newOwnPlugin(nodeId: string): OwnPlugin {
  const { HeadroomPlugin } = require("./local-vm/local-vm") as typeof import("./local-vm/local-vm");
  let plugin: pulumi.ProviderResource | undefined;
  return async () => (plugin ??= new HeadroomPlugin(`${nodeId}-plugin`));
}

function asSecrets(inputs: Inputs, paths: readonly string[]): Inputs {
  const { secret } = require("@pulumi/pulumi") as typeof pulumi;
  return paths.reduce((hidden, path) => changeAt(hidden, path, (value) => secret(value)), inputs);
}
