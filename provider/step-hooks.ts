/**
 * Asks before anything of a node is made or destroyed. The engine calls these hooks in the program's process right before
 * it calls the cloud, also for what the program has left out: their names stand in the stack's state. A hook that fails
 * stops that step alone; the state keeps the resource.
 */
import * as pulumi from "@pulumi/pulumi";
import { BugError } from "../runtime/model/errors";
import type { NodeStep } from "../runtime/executor/permits";
import type { DesiredNode } from "../runtime/model/state";

/** Stored in every state: never change them. Every run registers all. */
const hookNames = { create: "headroom-create", delete: "headroom-delete", power: "headroom-power" } as const;

/**
 * What belongs to a node is named by its id, alone (the VM) or with one of these words behind it. The name is all that a
 * hook hears of a resource that the program has left out.
 */
const partWords = ["dns", "vmid", "guest", "userdata", "ssh", "computer", "firewall"] as const;

export function nodeIdOfResource(name: string): string {
  const word = partWords.find((part) => name.endsWith(`-${part}`));
  return word === undefined ? name : name.slice(0, -word.length - 1);
}

/** Fails a step by failing. */
export type PermitStep = (step: NodeStep) => Promise<void>;

/** A resource that is about to be deleted; `id` is the cloud's. */
export type ConfirmDelete = (resource: {
  readonly nodeId: string;
  readonly type: string;
  readonly id: string;
}) => Promise<void>;

/**
 * Call before the first resource is declared.
 *
 * @param confirm Fails when the resource must not be deleted, whatever is permitted. Default: everything may be.
 * @param nodes Those that are declared, for the power that they are to have.
 */
export async function registerStepHooks(
  permit: PermitStep,
  { confirm, nodes = [] }: { readonly confirm?: ConfirmDelete; readonly nodes?: readonly DesiredNode[] } = {},
): Promise<StepHooks> {
  const register = (step: keyof typeof hookNames): pulumi.ResourceHook =>
    new pulumi.ResourceHook(hookNames[step], async ({ name, type, id }) => {
      const nodeId = nodeIdOfResource(name);
      if (step === "delete") await confirm?.({ nodeId, type, id });
      await permit({ step: step === "power" ? powerStepOf(nodeId, nodes) : step, nodeId });
    });
  const hooks = [register("create"), register("delete"), register("power")] as const;
  // A program that declares nothing would be over before the engine knows its hooks. The SDK waits only for a resource.
  for (const hook of hooks) await (hook as { readonly __registered?: Promise<void> }).__registered;
  return { all: { beforeCreate: [hooks[0]], beforeDelete: [hooks[1]] }, power: { beforeUpdate: [hooks[2]] } };
}

/** Of every resource of a node; and, beside these, of what may change its VM's power. */
export interface StepHooks {
  readonly all: pulumi.ResourceHookBinding;
  readonly power: pulumi.ResourceHookBinding;
}

function powerStepOf(nodeId: string, nodes: readonly DesiredNode[]): NodeStep["step"] {
  const power = nodes.find((node) => node.nodeId === nodeId)?.power;
  if (power === undefined) throw new BugError(`the power of node ${nodeId} was to change and is not declared`);
  return power === "off" ? "powerOff" : "powerOn";
}

/** As a state names the hooks of a resource that waits for a permit before it is deleted. */
export const deleteHookInState: Readonly<Record<string, string[]>> = { BeforeDelete: [hookNames.delete] };

/** The options of a resource of this node with its hooks; a component has no cloud to ask. */
export function withStepHooks(
  { resource, name, opts }: pulumi.ResourceTransformationArgs,
  nodeId: string,
  { all: hooks }: StepHooks,
): pulumi.ResourceOptions {
  if (resource instanceof pulumi.ComponentResource) return opts;
  if (nodeIdOfResource(name) !== nodeId) {
    throw new Error(
      `resource "${name}" of node ${nodeId} must be named ${[nodeId, ...partWords.map((word) => `${nodeId}-${word}`)].join(" or ")}`,
    );
  }
  // A record that a recovery left unverified is made by an update of it.
  const isRecord = name === `${nodeId}-computer`;
  const stepHooks = isRecord ? { ...hooks, beforeUpdate: hooks.beforeCreate } : hooks;
  return pulumi.mergeOptions(opts, { hooks: stepHooks });
}
