/**
 * The last look before something is done to the world: asked of the durable store at that moment, never of memory. A
 * runtime that was held for a while and does not know that another one leads is refused, and so is an update that was
 * built before its node was given up.
 *
 * A permit to delete can't go stale: a node that is `destroying` never comes back. One to create is given only by the
 * leader and only while the engine holds the lock of the lane's stack, which the next leader waits for; so the VM is made
 * once, whoever leads when it is there. An update of an older revision than its lane's row has is no danger for the same
 * reasons: its creates are wanted or refused, its deletes are of nodes that never come back. So the rows are enough.
 */
import type { NodeStatus } from "../model/state";

export type PermitRequest =
  /** Anything else that changes a stack: starting an engine, an import, the removal of a lock. */
  | { readonly epoch: number; readonly step: "operate" }
  /** Anything of this node: its VM, its DNS record. */
  | { readonly epoch: number; readonly step: "create" | "delete"; readonly nodeId: string };

/** The epoch is the one under which the update was built. Never fails: what can't be asked is refused. */
export type AskPermit = (request: PermitRequest) => Promise<Permit>;

export type Permit = { readonly isAllowed: true } | { readonly isAllowed: false; readonly reason: string };

/** What the store holds. */
export interface PermitFacts {
  /** Epoch of the lease; undefined when nobody holds it now. */
  readonly epoch: number | undefined;
  /** Status of the node's row; undefined when there is none. */
  readonly nodeStatus: NodeStatus | undefined;
}

const wantedBy: Readonly<Record<"create" | "delete", readonly NodeStatus[]>> = {
  create: ["requested", "provisioning"],
  delete: ["destroying"],
};

export function judgePermit(request: PermitRequest, { epoch, nodeStatus }: PermitFacts): Permit {
  if (epoch === undefined) return refused("the lease of this runtime has run out");
  if (epoch !== request.epoch) return refused(`another runtime has taken over (epoch ${epoch}, not ${request.epoch})`);
  if (request.step === "operate") return { isAllowed: true };
  const { step, nodeId } = request;
  if (nodeStatus !== undefined && wantedBy[step].includes(nodeStatus)) return { isAllowed: true };
  const status = nodeStatus === undefined ? "has no row" : `is ${nodeStatus}`;
  return refused(`node ${nodeId} ${status}; only a node that is ${wantedBy[step].join(" or ")} may be ${step}d`);
}

export function refused(reason: string): Permit {
  return { isAllowed: false, reason };
}
