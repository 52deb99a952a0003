/**
 * The program of every lane's stack: it declares the nodes that the stack's configuration names, one component each,
 * and nothing else. The same code runs inside a worker's update and, as the project of the lane's folder, under
 * `pulumi preview` by hand.
 *
 * What an update must never do is take a node for unwanted because its declaration failed: so everything is parsed and
 * loaded before the first resource, and a failure of one node makes the whole program fail, after the others were
 * declared. The engine deletes nothing when the program failed.
 */
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError, SetupError } from "../runtime/model/errors";
import { problemsOf } from "../runtime/model/config";
import { settingsVersionNow, type DesiredNode } from "../runtime/model/state";
import type { FoundNode, LaneNode, NodeProgram, VmInput } from "../runtime/executor/node-program";
import { nodeComponentType } from "../runtime/executor/stack-state";
import { declareKept } from "./kept-node";
import type { Registry } from "./registry";
import { registerStepHooks, withStepHooks } from "./step-hooks";
import type { DnsProvider, VmProvider } from "./vm-provider";

type NodeOutputs = Readonly<Record<string, pulumi.Output<string>>>;

/** A node with its cloud and its parsed settings. */
interface PreparedNode {
  readonly node: LaneNode;
  readonly vmProvider: VmProvider<unknown>;
  readonly settings: unknown;
  readonly dns?: { readonly provider: DnsProvider<unknown>; readonly settings: unknown };
}

export class RegistryNodeProgram implements NodeProgram {
  constructor(private readonly registry: Registry) {}

  async prepare(nodes: readonly DesiredNode[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.prepareNode(node)).map(requireSdk));
  }

  needsPlugins(nodes: readonly DesiredNode[]): boolean {
    return nodes.some(
      (node) => this.vmProviderOf(node).sdk !== undefined || this.dnsProviderOf(node)?.sdk !== undefined,
    );
  }

  async declare(options: Parameters<NodeProgram["declare"]>[0]): Promise<void> {
    const nodes = inOrder(readDesiredNodes(), options.order ?? []).map((node) => this.prepareNode(node));
    const hooks = await registerStepHooks(options.permit);
    const providers = new PulumiProviders();
    const run = { ...options, providers, hooks };
    await allDeclared(nodes.map((node) => declareNode(node, run)));
  }

  async declareAsGiven(options: Parameters<NodeProgram["declareAsGiven"]>[0]): Promise<void> {
    const { likely, batches, permit, onReady, onRefused } = options;
    const hooks = await registerStepHooks(permit);
    const providers = new PulumiProviders();
    const run = { providers, hooks, withoutVm: new Set<string>() };
    // What can't be made ready fails the nodes that need it, and says why there.
    Promise.all(likely.map((node) => this.makeReady(node, providers))).then(onReady, () => undefined);
    const declarations: Promise<void>[] = [];
    for await (const batch of batches) {
      for (const prepared of batch.map((node) => this.prepareNode(node))) {
        const declaration = declareNode(prepared, run);
        declaration.catch(() => onRefused(prepared.node.nodeId));
        declarations.push(declaration);
      }
    }
    await allDeclared(declarations);
  }

  async findVms(nodes: readonly DesiredNode[]): Promise<FoundNode[]> {
    const providers = new PulumiProviders();
    const bySettings = new Map<string, PreparedNode[]>();
    for (const prepared of nodes.map((node) => this.prepareNode(node))) {
      const key = canonicalJson([prepared.node.kind, prepared.node.settings]);
      bySettings.set(key, [...(bySettings.get(key) ?? []), prepared]);
    }
    const answers = [...bySettings.values()].map(async ([first, ...others]) => {
      if (first === undefined) return [];
      const name = this.pulumiProviderNameOf(first.node);
      const provider = await providers.get(name, first.vmProvider, first.settings);
      const nodeIds = [first, ...others].map(({ node }) => node.nodeId);
      return first.vmProvider.findVms(nodeIds, first.settings, { provider });
    });
    return (await Promise.all(answers)).flat();
  }

  vmTypeOf(node: DesiredNode): string {
    return this.vmProviderOf(node).vmType;
  }

  pulumiProviderNameOf(node: DesiredNode): string {
    return pulumiProviderName(node.kind, this.vmProviderOf(node), node.settings);
  }

  classify(node: DesiredNode, message: string): ReturnType<NodeProgram["classify"]> {
    return this.vmProviderOf(node).classify(message);
  }

  /** Resolves when the engine has loaded and configured what will make nodes like this one. */
  private async makeReady(node: DesiredNode, providers: PulumiProviders): Promise<void> {
    const { vmProvider, settings, dns } = this.prepareNode(node);
    const wanted = [providers.get(pulumiProviderName(node.kind, vmProvider, node.settings), vmProvider, settings)];
    if (dns && node.dns) {
      const name = pulumiProviderName(`dns-${node.dns.kind}`, dns.provider, node.dns.settings);
      wanted.push(providers.get(name, dns.provider, dns.settings));
    }
    for (const provider of await Promise.all(wanted)) {
      await new Promise<void>((resolve) => void provider.id.apply(() => resolve()));
    }
  }

  private prepareNode(node: LaneNode): PreparedNode {
    const vmProvider = this.vmProviderOf(node);
    if (node.kept) return this.asKept(node, vmProvider);
    const version = node.settingsVersion ?? settingsVersionNow;
    const frozen =
      version === settingsVersionNow ? "" : ` (of settings version ${version}, here ${settingsVersionNow})`;
    const settings = parseSettings(`settings of node ${node.nodeId}${frozen}`, vmProvider.settings, node.settings);
    const dnsProvider = this.dnsProviderOf(node);
    if (dnsProvider === undefined || node.dns === undefined) return { node, vmProvider, settings };
    const dnsSettings = parseSettings(`DNS settings of node ${node.nodeId}`, dnsProvider.settings, node.dns.settings);
    return { node, vmProvider, settings, dns: { provider: dnsProvider, settings: dnsSettings } };
  }

  /** Of the settings only what says which account it is in is used. */
  private asKept(node: LaneNode, vmProvider: VmProvider<unknown>): PreparedNode {
    const provider = this.dnsProviderOf(node);
    const settings = readablePart(vmProvider.settings, node.settings);
    if (!provider || !node.dns) return { node, vmProvider, settings };
    return {
      node,
      vmProvider,
      settings,
      dns: { provider, settings: readablePart(provider.settings, node.dns.settings) },
    };
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

/** One explicit Pulumi provider for each name, shared by the nodes of one run. */
class PulumiProviders {
  private readonly made = new Map<string, Promise<pulumi.ProviderResource>>();

  get<Settings>(name: string, maker: ProviderMaker<Settings>, settings: Settings): Promise<pulumi.ProviderResource> {
    const known = this.made.get(name) ?? maker.pulumiProvider(name, settings);
    this.made.set(name, known);
    return known;
  }
}
type ProviderMaker<Settings> = Pick<VmProvider<Settings>, "pulumiProvider">;

/** A failure of one node makes the program fail, after the others were declared. */
async function allDeclared(declarations: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(declarations);
  const failures = results.filter((result) => result.status === "rejected").map(({ reason }) => messageOf(reason));
  if (failures.length > 0) throw new pulumi.RunError(failures.join("; "));
}

/** Shared by the nodes of one run. */
interface ProgramRun extends Pick<Parameters<NodeProgram["declare"]>[0], "withoutVm" | "onVmInput"> {
  readonly providers: PulumiProviders;
  readonly hooks: pulumi.ResourceHookBinding;
}

async function declareNode(prepared: PreparedNode, run: ProgramRun): Promise<void> {
  const { node } = prepared;
  const { providers, withoutVm } = run;
  const { component, conclude } = openComponent(node.nodeId, prepared.vmProvider.vmType, run);
  try {
    const provider = await providers.get(
      pulumiProviderName(node.kind, prepared.vmProvider, node.settings),
      prepared.vmProvider,
      prepared.settings,
    );
    const isWhole = !withoutVm.has(node.nodeId);
    if (node.kept)
      return conclude(await declareKept(node.kept, component, (name) => providerOf(prepared, name, providers)));
    conclude(isWhole ? await declareResources(prepared, { component, provider, providers }) : {});
  } finally {
    conclude({});
  }
}

/** Of a kept node: the Pulumi provider that the stack knows by this name, so that nothing is replaced. */
function providerOf(
  { vmProvider, settings, dns }: PreparedNode,
  name: string,
  providers: PulumiProviders,
): Promise<pulumi.ProviderResource> {
  if (dns && name.startsWith("dns-")) return providers.get(name, dns.provider, dns.settings);
  return providers.get(name, vmProvider, settings);
}

/**
 * Groups what belongs to one node. Its outputs in the state are how the runtime reads addresses; it counts as
 * unfinished until `conclude` gives them. They can't be arguments: the component would wait for its own children.
 */
function openComponent(
  nodeId: string,
  vmType: string,
  { onVmInput, hooks }: ProgramRun,
): { component: pulumi.ComponentResource; conclude: (outputs: NodeOutputs) => void } {
  let conclude: (outputs: NodeOutputs) => void = () => undefined;
  const outputs = new Promise<NodeOutputs>((resolve) => (conclude = resolve));
  class NodeComponent extends pulumi.ComponentResource {
    protected override async initialize(): Promise<void> {
      this.registerOutputs(await outputs);
    }
  }
  // A node's inputs are frozen at its birth: whatever a newer version of the program computes, an existing VM stays.
  const freeze: pulumi.ResourceTransformation = (args) => {
    const { type, props } = args;
    const opts = withStepHooks(args, nodeId, hooks);
    if (type !== vmType) return { props, opts };
    if (onVmInput) tellInputs(nodeId, props as pulumi.Inputs, onVmInput);
    return { props, opts: pulumi.mergeOptions(opts, { ignoreChanges: ["*"] }) };
  };
  const component = new NodeComponent(nodeComponentType, nodeId, {}, { transformations: [freeze] });
  return { component, conclude };
}

/** Inputs that no other resource gives are known at once, also in a preview. */
function tellInputs(nodeId: string, props: pulumi.Inputs, onVmInput: (input: VmInput) => void): void {
  for (const [name, input] of Object.entries(props)) {
    const output: pulumi.Output<unknown> = pulumi.output(input as string);
    output.apply(async (value) => {
      if (value !== undefined) onVmInput({ nodeId, name, value, isSecret: await pulumi.isSecret(output) });
    });
  }
}

async function declareResources(
  { node, vmProvider, settings, dns }: PreparedNode,
  into: { component: pulumi.ComponentResource; provider: pulumi.ProviderResource; providers: PulumiProviders },
): Promise<NodeOutputs> {
  const parent = into.component;
  const options = { parent, provider: into.provider };
  const { vm, address } = await vmProvider.declareNode({ ...node, settings }, options);
  if (dns === undefined || node.dns === undefined) return { address: pulumi.unsecret(address) };
  const name = pulumiProviderName(`dns-${node.dns.kind}`, dns.provider, node.dns.settings);
  const provider = await into.providers.get(name, dns.provider, dns.settings);
  const { dnsName } = await dns.provider.declareRecord(
    { nodeId: node.nodeId, dns: { ...node.dns, settings: dns.settings as Record<string, unknown> }, address },
    { parent, provider, dependsOn: [vm] },
  );
  return { address: pulumi.unsecret(address), dnsName: pulumi.unsecret(dnsName) };
}

/** One key of the project's configuration is one node, see `lane-folder.ts`. */
function readDesiredNodes(): DesiredNode[] {
  const prefix = `${pulumi.getProject()}:`;
  return Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([, value]) => JSON.parse(value) as DesiredNode);
}

function inOrder(nodes: readonly DesiredNode[], order: readonly DesiredNode[]): readonly DesiredNode[] {
  const ranks = new Map(order.map(({ nodeId }, rank) => [nodeId, rank]));
  const rankOf = ({ nodeId }: DesiredNode): number => ranks.get(nodeId) ?? order.length;
  return nodes.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/**
 * The same settings always give the same name: a change of it would replace the provider under running VMs. What needs
 * no SDK is served by our own plugin, which has no configuration: one process serves all.
 */
function pulumiProviderName(
  kind: string,
  { sdk }: { readonly sdk?: string },
  settings: Readonly<Record<string, unknown>>,
): string {
  if (sdk === undefined) return "headroom-plugin";
  return `${kind}-${createHash("sha256").update(canonicalJson(settings)).digest("hex").slice(0, 12)}`;
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function parseSettings(subject: string, schema: VmProvider<unknown>["settings"], settings: unknown): unknown {
  const parsed = schema.safeParse(settings);
  if (!parsed.success) throw ConfigError.of(problemsOf(parsed.error, settings), subject);
  return parsed.data;
}

/** What the schema takes of settings that it does not take as a whole; all of them as they are when that is nothing. */
function readablePart(schema: VmProvider<unknown>["settings"], settings: Readonly<Record<string, unknown>>): unknown {
  let part = { ...settings };
  // Each round leaves fields out; a field of another one's rule may need a second.
  for (let round = 0; round < 3; round += 1) {
    const parsed = schema.safeParse(part);
    if (parsed.success) return parsed.data;
    const faults = new Set(
      parsed.error.issues.flatMap((issue) =>
        issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [String(issue.path[0])],
      ),
    );
    part = Object.fromEntries(Object.entries(part).filter(([field]) => !faults.has(field)));
  }
  return settings;
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
      throw new SetupError(
        `the ${what} needs the package ${sdk}; install it beside pulumi-headroom: npm install ${sdk}`,
        {
          cause,
        },
      );
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
