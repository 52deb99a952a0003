/**
 * The program of every lane's stack: it declares the nodes that the stack's configuration names, one component each,
 * and nothing else. The same code runs inside a worker's update and, as the project of the lane's folder, under
 * `pulumi preview` by hand.
 *
 * What an update must never do is take a node for unwanted because its declaration failed: so everything is parsed and
 * loaded before the first resource, and a failure of one node makes the whole program fail, after the others were
 * declared. The engine deletes nothing when the program failed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import type { AccountAnswer, AskRequest } from "../runtime/model/account-questions";
import type { AccountSpec, Settings } from "../runtime/model/accounts";
import { BugError, CloudError, ConfigError, messageOf, SetupError } from "../runtime/model/errors";
import { settingsVersionNow, type DesiredNode } from "../runtime/model/state";
import { canonicalJson } from "../runtime/model/canonical-json";
import {
  type FoundNode,
  type KeptNode,
  type LaneContent,
  type LaneNode,
  type NodeProgram,
  type VmInState,
} from "../runtime/executor/node-program-port";
import { answerAccountQuestion, answerOfFailure, askedServiceOf } from "./account-questions";
import { directoryAccess } from "./directory/access";
import { classifyDirectoryFailure } from "./directory/failures";
import { declareComputerRecord, directoryOf } from "./directory/node-record";
import { declareKept, whatStackHas } from "./kept-node";
import { inOrder, readLane } from "./lane-content";
import {
  oldProviderName,
  ownPluginName,
  placeInAccount,
  placeOfRecord,
  placeOfVm,
  type Accounts,
  type PlaceInAccount,
} from "./node-accounts";
import { parseSettings, readablePart } from "./parsed-settings";
import type { Registry } from "./registry";
import { identityOf } from "./frame/identity";
import { needsPlugin, PulumiProviders, type ProviderMaker } from "./pulumi-providers";
import { openComponent, powerAfter, thawedPower, type NodeOutputs } from "./node-component";
import { deleteHookInState, registerStepHooks, type ConfirmDelete, type StepHooks } from "./step-hooks";
import type { DeclaredNode, DnsProvider, VmProvider } from "./vm-provider";

/** A node with its cloud and its parsed settings. */
interface PreparedNode {
  readonly node: LaneNode;
  readonly vmProvider: VmProvider<unknown>;
  readonly place: PlaceInAccount;
  readonly settings: unknown;
  readonly dns?: PreparedRecord;
  /** Of its computer record. */
  readonly directory?: PlaceInAccount;
}

interface PreparedRecord {
  readonly provider: DnsProvider<unknown>;
  readonly place: PlaceInAccount;
  readonly settings: unknown;
}

export class RegistryNodeProgram implements NodeProgram {
  constructor(private readonly registry: Registry) {}

  async prepare({ nodes, accounts, leaving = [] }: LaneContent): Promise<void> {
    for (const node of leaving) this.placesOf(node, accounts);
    await Promise.all(nodes.map((node) => this.prepareNode(node, accounts)).map(requireSdk));
  }

  needsPlugins({ nodes, leaving = [] }: LaneContent): boolean {
    return [...nodes, ...leaving].some(
      (node) => needsPlugin(this.vmProviderOf(node)) || needsPlugin(this.dnsProviderOf(node)),
    );
  }

  async declare(options: Parameters<NodeProgram["declare"]>[0]): Promise<void> {
    const { nodes, accounts, leaving = [], powers = [] } = readLane();
    const providers = new PulumiProviders();
    // The engine calls from outside of the program, where the SDK does not know whom a function is asked of.
    const inProgram = AsyncLocalStorage.snapshot();
    const confirm: ConfirmDelete = async (resource) => {
      const asked = () => this.confirmDelete(resource, [...nodes, ...leaving], accounts, providers);
      if ((await inProgram(asked)) === "there") return;
      options.onVmGone?.(resource.nodeId);
      throw new CloudError("TRANSIENT", `VmGone: VM ${resource.id} of node ${resource.nodeId} is not there any more`);
    };
    const hooks = await registerStepHooks(options.permit, { confirm, nodes });
    const prepared = inOrder(nodes, options.order ?? []).map((node) => this.prepareNode(node, accounts));
    // The engine deletes with the provider of the state: only one that is declared gets the credentials of now.
    for (const node of leaving) {
      for (const { place, maker } of this.placesOf(node, accounts)) await providers.get(maker, place);
    }
    const run = { ...options, providers, hooks, powers };
    await allDeclared(prepared.map((node) => declareNode(node, run)));
  }

  async declareAsGiven(options: Parameters<NodeProgram["declareAsGiven"]>[0]): Promise<void> {
    const { likely, batches, permit, keptOf, onReady, onRefused } = options;
    const { accounts } = readLane();
    const hooks = await registerStepHooks(permit);
    const providers = new PulumiProviders();
    const run = { providers, hooks, withoutVm: new Set<string>(), ...(keptOf && { keptOf }) };
    // What can't be made ready fails the nodes that need it, and says why there.
    Promise.all(likely.map((node) => this.makeReady(node, accounts, providers))).then(onReady, () => undefined);
    const declarations: Promise<void>[] = [];
    for await (const batch of batches) {
      for (const prepared of batch.map((node) => this.prepareNode(node, accounts))) {
        const declaration = declareNode(prepared, run);
        declaration.catch(() => onRefused(prepared.node.nodeId));
        declarations.push(declaration);
      }
    }
    await allDeclared(declarations);
  }

  async findVms(nodes: readonly DesiredNode[]): Promise<FoundNode[]> {
    // The engine previews deletes of what is in the stack, and wants the hooks that stand there; nothing is done by it.
    await registerStepHooks(() => Promise.reject(new BugError("a program that only looks must change nothing")));
    const { accounts } = readLane();
    const providers = new PulumiProviders();
    const bySettings = new Map<string, PreparedNode[]>();
    for (const prepared of nodes.map((node) => this.prepareNode(node, accounts))) {
      const key = canonicalJson([prepared.place.providerName, prepared.place.settings]);
      bySettings.set(key, [...(bySettings.get(key) ?? []), prepared]);
    }
    const answers = [...bySettings.values()].map(async ([first, ...others]) => {
      if (first === undefined) return [];
      const provider = await providers.get(first.vmProvider, first.place);
      const nodeIds = [first, ...others].map(({ node }) => node.nodeId);
      return first.vmProvider.findVms(nodeIds, first.settings, { provider });
    });
    return (await Promise.all(answers)).flat();
  }

  async ask(request: AskRequest): Promise<AccountAnswer> {
    return answerAccountQuestion(this.registry, request);
  }

  async permitSteps(permit: () => Promise<void>): Promise<void> {
    await registerStepHooks(permit);
  }

  vmInState(accountId: string, account: AccountSpec, place: Settings): VmInState {
    const vmProvider = askedServiceOf(this.registry, account);
    const { providerName, settings } = placeInAccount(accountId, account, vmProvider, place);
    const inputs = vmProvider.readInputs?.(settings) ?? {};
    return { type: vmProvider.vmType, providerName, inputs, resourceHooks: deleteHookInState };
  }

  answerOfFailure(request: AskRequest, message: string): AccountAnswer | undefined {
    return answerOfFailure(this.registry, request, message);
  }

  needsPluginsOf(account: AccountSpec): boolean {
    return account.service !== "directory" && needsPlugin(askedServiceOf(this.registry, account));
  }

  vmTypeOf(node: DesiredNode): string {
    return this.vmProviderOf(node).vmType;
  }

  pulumiProviderNameOf(node: DesiredNode, accounts: Accounts): string {
    return placeOfVm(node, this.vmProviderOf(node), accounts).providerName;
  }

  providerRenames({ nodes, accounts, leaving = [] }: LaneContent): Map<string, string> {
    const renames = new Map<string, string>();
    for (const node of [...nodes, ...leaving]) {
      for (const { place, oldName } of this.placesOf(node, accounts)) {
        if (oldName !== undefined) renames.set(oldName, place.providerName);
      }
    }
    return renames;
  }

  ownerOf(node: DesiredNode, outputs: Readonly<Record<string, unknown>>): string | undefined {
    return this.vmProviderOf(node).ownerOf?.(outputs);
  }

  classify(node: DesiredNode, message: string): ReturnType<NodeProgram["classify"]> {
    // Any DNS service goes with any cloud, so the refusal of a record may be in another's words.
    const ofRecord =
      node.dns && (this.registry.dns[node.dns.kind]?.classify ?? this.registry.vm[node.dns.kind]?.classify);
    return classifyDirectoryFailure(message) ?? this.vmProviderOf(node).classify(message) ?? ofRecord?.(message);
  }

  /** A VM that is somebody else's by now must not go in the node's name, and none may seem to be gone that is hidden. */
  private async confirmDelete(
    { nodeId, type, id }: Parameters<ConfirmDelete>[0],
    nodes: readonly DesiredNode[],
    accounts: Accounts,
    providers: PulumiProviders,
  ): Promise<"there" | "gone"> {
    const node = nodes.find((candidate) => candidate.nodeId === nodeId);
    const vmProvider = node && this.vmProviderOf(node);
    if (vmProvider?.confirmVm === undefined || type !== vmProvider.vmType) return "there";
    const place = placeOfVm(node!, vmProvider, accounts);
    const provider = await providers.get(vmProvider, place);
    const found = await vmProvider.confirmVm({ nodeId, vmId: id }, place.settings, { provider });
    // Who does not know whose account this is may have asked another one, where it never was.
    return found === "gone" && place.access.owner !== undefined ? "gone" : "there";
  }

  /** Resolves when the engine has loaded and configured what will make nodes like this one. */
  private async makeReady(node: DesiredNode, accounts: Accounts, providers: PulumiProviders): Promise<void> {
    for (const { maker, place } of this.placesOf(node, accounts)) {
      const provider = await providers.get(maker, place);
      await new Promise<void>((resolve) => void provider.id.apply(() => resolve()));
    }
  }

  private prepareNode(node: LaneNode, accounts: Accounts): PreparedNode {
    const vmProvider = this.vmProviderOf(node);
    if (node.kept) return this.asKept(node, vmProvider, accounts);
    const place = placeOfVm(node, vmProvider, accounts);
    const version = node.settingsVersion ?? settingsVersionNow;
    const frozen =
      version === settingsVersionNow ? "" : ` (of settings version ${version}, here ${settingsVersionNow})`;
    const settings = parseSettings(`settings of node ${node.nodeId}${frozen}`, vmProvider.settings, place.settings);
    const directory = directoryOf(node, accounts);
    const dnsProvider = this.dnsProviderOf(node);
    if (dnsProvider === undefined || node.dns === undefined) return { node, vmProvider, place, settings, ...directory };
    const dnsPlace = placeOfRecord(node, node.dns, dnsProvider, accounts);
    const subject = `DNS settings of node ${node.nodeId}`;
    const dnsSettings = parseSettings(subject, dnsProvider.settings, dnsPlace.settings);
    const dns = { provider: dnsProvider, place: dnsPlace, settings: dnsSettings };
    return { node, vmProvider, place, settings, dns, ...directory };
  }

  /** Where what belongs to a node is; its template may be one that this version does not understand. */
  private placesOf(node: DesiredNode, accounts: Accounts): NodePlace[] {
    const vmProvider = this.vmProviderOf(node);
    const vm: NodePlace = {
      maker: vmProvider,
      place: placeOfVm(node, vmProvider, accounts),
      oldName: node.account === undefined ? oldProviderName(node.kind, vmProvider, node.settings) : undefined,
    };
    const { directory } = directoryOf(node, accounts);
    const here = directory ? [vm, { maker: directoryAccess, place: directory, oldName: undefined }] : [vm];
    const dnsProvider = this.dnsProviderOf(node);
    if (dnsProvider === undefined || node.dns === undefined) return here;
    const { kind, account, settings } = node.dns;
    const dns: NodePlace = {
      maker: dnsProvider,
      place: placeOfRecord(node, node.dns, dnsProvider, accounts),
      oldName: account === undefined ? oldProviderName(`dns-${kind}`, dnsProvider, settings) : undefined,
    };
    return [...here, dns];
  }

  /** Of the settings only what says which account it is in is used. */
  private asKept(node: LaneNode, vmProvider: VmProvider<unknown>, accounts: Accounts): PreparedNode {
    const provider = this.dnsProviderOf(node);
    const place = placeOfVm(node, vmProvider, accounts);
    const settings = readablePart(vmProvider.settings, place.settings);
    const prepared = { node, vmProvider, place, settings, ...directoryOf(node, accounts) };
    if (!provider || !node.dns) return prepared;
    const dnsPlace = placeOfRecord(node, node.dns, provider, accounts);
    const dnsSettings = readablePart(provider.settings, dnsPlace.settings);
    return { ...prepared, dns: { provider, place: dnsPlace, settings: dnsSettings } };
  }

  private vmProviderOf({ nodeId, kind }: DesiredNode): VmProvider<unknown> {
    const found = this.registry.vm[kind];
    if (found === undefined)
      throw new ConfigError(`node ${nodeId} needs the VM provider "${kind}", which this version lacks`);
    return found;
  }

  private dnsProviderOf({ nodeId, dns }: DesiredNode): DnsProvider<unknown> | undefined {
    if (dns === undefined) return undefined;
    const found = this.registry.dns[dns.kind];
    if (found === undefined) {
      throw new ConfigError(`node ${nodeId} needs the DNS provider "${dns.kind}", which this version lacks`);
    }
    return found;
  }
}

interface NodePlace {
  readonly maker: ProviderMaker;
  readonly place: PlaceInAccount;
  /** The provider's name in states of older versions, for nodes that they made. */
  readonly oldName: string | undefined;
}

/** A failure of one node makes the program fail, after the others were declared. */
async function allDeclared(declarations: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(declarations);
  const failures = results.filter((result) => result.status === "rejected").map(({ reason }) => messageOf(reason));
  if (failures.length > 0) throw new pulumi.RunError(failures.join("; "));
}

/** Shared by the nodes of one run. */
interface ProgramRun extends Pick<Parameters<NodeProgram["declare"]>[0], "withoutVm" | "onVmInput" | "keptOf"> {
  readonly providers: PulumiProviders;
  readonly hooks: StepHooks;
  /** Nodes whose VMs get the power that is declared. */
  readonly powers?: readonly string[];
}

async function declareNode(prepared: PreparedNode, run: ProgramRun): Promise<void> {
  const { node, vmProvider, place, dns, directory } = prepared;
  const { providers, withoutVm } = run;
  const thawed = run.powers?.includes(node.nodeId) ? thawedPower(node, vmProvider, run.keptOf?.(node)) : undefined;
  const { component, conclude, isDeclared } = openComponent(node.nodeId, vmProvider.vmType, { ...run, thawed });
  const keep = (kept: KeptNode) => declareKept(kept, component, (name) => providerOf(prepared, name, providers));
  try {
    const provider = await providers.get(vmProvider, place);
    if (dns !== undefined) await providers.get(dns.provider, dns.place);
    if (directory !== undefined) await providers.get(directoryAccess, directory);
    if (node.kept) return conclude(await keep(node.kept));
    if (withoutVm.has(node.nodeId)) return;
    try {
      conclude(await declareResources(prepared, { ...run, component, provider }));
    } catch (error) {
      const kept = run.keptOf?.(node);
      if (kept === undefined || !isWhole(kept, prepared)) throw error;
      const rest = kept.resources.filter((resource) => !isDeclared(resource));
      conclude(await keep({ ...kept, resources: rest }));
      await pulumi.log.warn(`node ${node.nodeId} stays as it is: ${messageOf(error)}`, component);
    }
  } finally {
    conclude({});
  }
}

/**
 * What a node was made from, such as a key, an image or a zone by its name, may be gone meanwhile. Who exists needs it no
 * more, and must not keep the others of its lane from coming and going. Who lacks a part still needs it: outputs stand in
 * the stack only when all parts are there.
 */
function isWhole({ outputs }: KeptNode, { dns }: PreparedNode): boolean {
  return outputs["address"] !== undefined && (dns === undefined || outputs["dnsName"] !== undefined);
}

/** Of a kept node: the Pulumi provider that the stack knows by this name, so that nothing is replaced. */
function providerOf(
  { node, vmProvider, place, dns, directory }: PreparedNode,
  name: string,
  providers: PulumiProviders,
): Promise<pulumi.ProviderResource> {
  const oldDnsName = node.dns && dns && oldProviderName(`dns-${node.dns.kind}`, dns.provider, node.dns.settings);
  if (dns && (name === dns.place.providerName || name === oldDnsName)) return providers.get(dns.provider, dns.place);
  if (name === directory?.providerName) return providers.get(directoryAccess, directory);
  if (name === ownPluginName) return providers.ownPlugin();
  const isOld = name === oldProviderName(node.kind, vmProvider, node.settings);
  return providers.get(vmProvider, { ...place, providerName: isOld ? place.providerName : name });
}

async function declareResources(
  { node, vmProvider, settings, dns, directory }: PreparedNode,
  into: { component: pulumi.ComponentResource; provider: pulumi.ProviderResource } & Pick<
    ProgramRun,
    "providers" | "keptOf" | "powers"
  >,
): Promise<NodeOutputs> {
  const power = powerAfter(node, into);
  const parent = into.component;
  const own = async () => {
    const computer = directory && (await declareComputerRecord(node, directory, into));
    const options = { parent, provider: into.provider, ownPlugin: into.providers.ownPlugin, ...computer };
    return vmProvider.declareNode({ ...node, settings }, options);
  };
  const outputsOf = ({ vm, address }: DeclaredNode): NodeOutputs => ({
    address: pulumi.unsecret(address),
    // Known when the VM is as declared, so that it tells no power that the VM did not get.
    ...(power && { power: vm.urn.apply(() => power) }),
  });
  if (dns === undefined || node.dns === undefined) return outputsOf(await own());
  const provider = await into.providers.get(dns.provider, dns.place);
  const record = {
    identity: identityOf(node),
    dns: { ...node.dns, settings: dns.settings as Record<string, unknown> },
  };
  const stackHas = into.keptOf && whatStackHas(into.keptOf(node), dns.provider);
  const declareRecord = await dns.provider.prepareRecord(record, { provider, ...(stackHas && { stackHas }) });
  const declared = await own();
  const { dnsName } = declareRecord(declared.address, { parent, provider, dependsOn: [declared.vm] });
  return { ...outputsOf(declared), dnsName: pulumi.unsecret(dnsName) };
}

async function requireSdk({ node, vmProvider, dns }: PreparedNode): Promise<void> {
  for (const [what, sdk] of [
    [`VM provider "${node.kind}"`, vmProvider.sdk],
    [`DNS provider "${node.dns?.kind}"`, dns?.provider.sdk],
  ] as const) {
    if (sdk === undefined) continue;
    try {
      require.resolve(`${sdk}/package.json`);
    } catch (cause) {
      const message = `the ${what} needs the package ${sdk}; install it beside pulumi-headroom: npm install ${sdk}`;
      throw new SetupError(message, { cause });
    }
  }
}
