/** Looks for VMs that a stack's state lacks, in the accounts of their nodes, as `executor/recovery.ts` does. */
import type { AccountSpec } from "../model/accounts";
import type { DesiredNode } from "../model/state";
import type { LaneRequest } from "../executor/node-updater";
import type { SimBackend } from "./backend";
import type { Keyed, SimCloud } from "./cloud";
import type { Stack, StateEntry } from "./stacks";
import type { Timeline } from "./timeline";

/** Pause before a VM that was not listed is asked for again. */
const settleMs = 3_000;

export interface Adopting {
  readonly timeline: Timeline;
  readonly cloud: SimCloud;
  readonly backend: SimBackend;
}

/** The Pulumi providers of the stack get the keys of now. */
export function renewKeys({ keys }: Stack, { accounts }: LaneRequest): void {
  for (const [accountId, { settings }] of Object.entries(accounts)) keys.set(accountId, keyOf(settings));
}

export function keyOf(settings: AccountSpec["settings"]): string {
  return String(settings["key"]);
}

/** VM provider configs of all that a job has to do with. */
export function vmProvidersOf(stack: Stack, nodes: readonly DesiredNode[], cloud: SimCloud): Set<string> {
  const existing = [...stack.nodes.keys()].flatMap((nodeId) => cloud.vms.get(nodeId)?.spec ?? []);
  return new Set([...nodes, ...existing].map(({ vmProvider }) => vmProvider));
}

/** Brings the VMs of these nodes that exist into the stack's state; undefined when the cloud could not be asked. */
export async function adopt(
  { cloud, timeline, backend }: Adopting,
  stack: Stack,
  nodes: readonly DesiredNode[],
): Promise<StateEntry[] | undefined> {
  const found: StateEntry[] = [];
  for (const waitMs of [0, settleMs]) {
    const open = nodes.filter(({ nodeId }) => !stack.nodes.has(nodeId));
    if (open.length === 0) break;
    if (waitMs > 0) await timeline.sleep(waitMs, "worker");
    try {
      for (const { isGone, spec, address } of await cloud.find(open.map((node) => keyed(stack, node)))) {
        if (isGone) continue;
        const entry = { nodeId: spec.nodeId, address, accountId: spec.account ?? "" };
        backend.record(stack, entry);
        found.push(entry);
      }
    } catch {
      for (const name of vmProvidersOf(stack, nodes, cloud)) cloud.trouble(name);
      return undefined;
    }
  }
  return found;
}

/** What an older state holds may be gone; false when the clouds could not be asked for all of it. */
export async function verify(
  { cloud, backend }: Adopting,
  stack: Stack,
  nodes: readonly DesiredNode[],
): Promise<boolean> {
  if (!stack.isUnverified) return true;
  const sought = [...stack.nodes.values()].map(({ nodeId, accountId }) => ({
    nodeId,
    key: stack.keys.get(accountId),
  }));
  try {
    const there = new Set((await cloud.read(sought)).map(({ spec }) => spec.nodeId));
    for (const { nodeId } of sought) if (!there.has(nodeId)) backend.forget(stack, nodeId);
  } catch {
    for (const name of vmProvidersOf(stack, nodes, cloud)) cloud.trouble(name);
    return false;
  }
  stack.isUnverified = false;
  return true;
}

function keyed({ keys }: Stack, { nodeId, account = "" }: DesiredNode): Keyed {
  return { nodeId, key: keys.get(account) };
}
