/** The component of one node in its lane's stack. */
import * as pulumi from "@pulumi/pulumi";
import type { KeptNode, KeptOf, LaneNode, VmInput } from "../runtime/executor/node-program-port";
import { nodeComponentType } from "../runtime/executor/stack-state";
import { BugError, ConfigError } from "../runtime/model/errors";
import { withStepHooks, type StepHooks } from "./step-hooks";
import type { VmProvider } from "./vm-provider";

export type NodeOutputs = Readonly<Record<string, pulumi.Output<string>>>;

export interface NodeComponent {
  readonly component: pulumi.ComponentResource;
  /** The first call counts. */
  readonly conclude: (outputs: NodeOutputs) => void;
  /** True when it has been declared below the component by now. */
  readonly isDeclared: (resource: { readonly type: string; readonly name: string }) => boolean;
}

export interface ComponentOptions {
  readonly onVmInput?: ((input: VmInput) => void) | undefined;
  readonly hooks: StepHooks;
  /** The VM's inputs that may change, among those that the state knows of it; undefined = none may. */
  readonly thawed?: { readonly inputs: readonly string[]; readonly known: readonly string[] } | undefined;
}

/**
 * Groups what belongs to one node. Its outputs in the state are how the runtime reads addresses; it counts as
 * unfinished until `conclude` gives them. They can't be arguments: the component would wait for its own children.
 */
export function openComponent(
  nodeId: string,
  vmType: string,
  { onVmInput, hooks, thawed }: ComponentOptions,
): NodeComponent {
  const declared = new Set<string>();
  let conclude: (outputs: NodeOutputs) => void = () => undefined;
  const outputs = new Promise<NodeOutputs>((resolve) => (conclude = resolve));
  class Component extends pulumi.ComponentResource {
    protected override async initialize(): Promise<void> {
      this.registerOutputs(await outputs);
    }
  }
  // A node's inputs are frozen at its birth: whatever a newer version of the program computes, an existing VM stays.
  const freeze: pulumi.ResourceTransformation = (args) => {
    const { type, name, props } = args;
    declared.add(`${type} ${name}`);
    const opts = withStepHooks(args, nodeId, hooks);
    if (type !== vmType) return { props, opts };
    if (onVmInput) tellInputs(nodeId, props as pulumi.Inputs, onVmInput);
    if (!thawed) return { props, opts: pulumi.mergeOptions(opts, { ignoreChanges: ["*"] }) };
    const names = new Set([...Object.keys(props as pulumi.Inputs), ...thawed.known]);
    const ignoreChanges = [...names].filter((input) => !thawed.inputs.includes(input));
    return { props, opts: pulumi.mergeOptions(opts, { ignoreChanges, hooks: hooks.power }) };
  };
  const component = new Component(nodeComponentType, nodeId, {}, { transformations: [freeze] });
  return { component, conclude, isDeclared: ({ type, name }) => declared.has(`${type} ${name}`) };
}

/** What may change in a VM that exists: its power alone, in a run that is to change that. */
export function thawedPower(
  { nodeId, kind, power }: LaneNode,
  { vmType, powerInputs = [] }: VmProvider<unknown>,
  kept: KeptNode | undefined,
): NonNullable<ComponentOptions["thawed"]> {
  if (power === undefined) throw new BugError(`the power of node ${nodeId} is to change and is not declared`);
  if (powerInputs.length === 0)
    throw new ConfigError(`VMs of "${kind}", such as that of node ${nodeId}, can't be stopped`);
  const vm = kept?.resources.find(({ type, name }) => type === vmType && name === nodeId);
  if (vm === undefined) throw new BugError(`the stack has no VM of node ${nodeId}, whose power is to change`);
  return { inputs: powerInputs, known: vm.inputNames };
}

/**
 * The power that a VM has when the run has gone well: what is declared of it, where it is new or its power is to change, else
 * what the stack knows. Undefined = nobody has ever said.
 */
export function powerAfter(
  node: LaneNode,
  { powers = [], keptOf }: { readonly powers?: readonly string[]; readonly keptOf?: KeptOf | undefined },
): string | undefined {
  const kept = keptOf?.(node);
  if (kept === undefined || powers.includes(node.nodeId)) return node.power;
  const { power } = kept.outputs;
  return typeof power === "string" ? power : undefined;
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
