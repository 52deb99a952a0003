/**
 * The last look before something is done to the world: asked of the durable store at that moment, never of memory. A
 * runtime that was held for a while and does not know that another one leads is refused, and so is an update that was
 * built before its node was given up.
 *
 * A permit to delete can't go stale: a node that is `destroying` never comes back. One to create is given only by the
 * leader and only while the engine holds the lock of the lane's stack, which the next leader waits for; so the VM is made
 * once, whoever leads when it is there. An update of an older revision than its lane's row has is no danger for the same
 * reasons: its creates are wanted or refused, its deletes are of nodes that never come back. So the rows are enough.
 *
 * A VM that nobody knows is let go only while its row tells of it, no node has or may have it, and the definition wants it.
 */
import type { NodeStatus, Orphan } from "../model/state";

export type PermitRequest =
  /** Anything else that changes a stack: starting an engine, an import, the removal of a lock. */
  | { readonly epoch: number; readonly step: "operate" }
  /** Anything of this node: its VM, its DNS record. */
  | NodeStepRequest
  /** The end of a VM that nobody knows, with the node id that it carries. */
  | {
      readonly epoch: number;
      readonly step: "deleteOrphan";
      readonly orphanId: string;
      readonly vmId: string;
      readonly nodeId?: string;
    };

/** What an engine does to something of a node. */
export type StepKind = "create" | "delete" | "powerOff" | "powerOn";

interface NodeStepRequest {
  readonly epoch: number;
  readonly step: StepKind;
  readonly nodeId: string;
}

/** The epoch is the one under which the update was built. Never fails: what can't be asked is refused. */
export type AskPermit = (request: PermitRequest) => Promise<Permit>;

export type Permit = { readonly isAllowed: true } | { readonly isAllowed: false; readonly reason: string };

/** What the store holds. */
export interface PermitFacts {
  /** Epoch of the lease; undefined when nobody holds it now. */
  readonly epoch: number | undefined;
  /** Status of the node's row; undefined when there is none. */
  readonly nodeStatus?: NodeStatus | undefined;
  readonly orphan?: OrphanFacts | undefined;
}

/** What the store holds of a VM that nobody knows. */
export interface OrphanFacts {
  /** Undefined when it is not told any more. */
  readonly row: Pick<Orphan, "vmId" | "nodeId" | "vmProvider" | "isComputerRecord" | "reportedAtMs"> | undefined;
  /** A node that has this VM, or has no VM yet and may have made it. */
  readonly ownerId: string | undefined;
  /** `orphans` of the definition of its VM provider config as it stands; undefined when that says nothing or is gone. */
  readonly policy: string | undefined;
}

const wantedBy: Readonly<Record<StepKind, readonly NodeStatus[]>> = {
  create: ["requested", "provisioning"],
  delete: ["destroying"],
  // No status asks for either yet.
  powerOff: [],
  powerOn: [],
};
const doneBy: Readonly<Record<StepKind, string>> = {
  create: "created",
  delete: "deleted",
  powerOff: "powered off",
  powerOn: "powered on",
};

export function judgePermit(request: PermitRequest, { epoch, nodeStatus, orphan }: PermitFacts): Permit {
  if (epoch === undefined) return refused("the lease of this runtime has run out");
  if (epoch !== request.epoch) return refused(`another runtime has taken over (epoch ${epoch}, not ${request.epoch})`);
  if (request.step === "operate") return { isAllowed: true };
  if (request.step === "deleteOrphan") return judgeOrphan(request, orphan);
  const { step, nodeId } = request;
  if (nodeStatus !== undefined && wantedBy[step].includes(nodeStatus)) return { isAllowed: true };
  const status = nodeStatus === undefined ? "has no row" : `is ${nodeStatus}`;
  return refused(
    `node ${nodeId} ${status}; only a node that is ${wantedBy[step].join(" or ") || "of no status"} may be ${doneBy[step]}`,
  );
}

function judgeOrphan(
  { vmId, nodeId }: Extract<PermitRequest, { step: "deleteOrphan" }>,
  { row, ownerId, policy }: OrphanFacts = { row: undefined, ownerId: undefined, policy: undefined },
): Permit {
  if (row?.reportedAtMs === undefined || row.vmId !== vmId || row.nodeId !== nodeId) {
    return refused(`VM ${vmId} is not told as one that nobody knows`);
  }
  if (ownerId !== undefined) return refused(`VM ${vmId} is, or may be, that of node ${ownerId}`);
  if (policy === "delete") return { isAllowed: true };
  const kind = row.isComputerRecord ? "LDAP config" : "VM provider config";
  return refused(`${kind} "${row.vmProvider}" does not say orphans: "delete"`);
}

export function refused(reason: string): Permit {
  return { isAllowed: false, reason };
}

/** Whether the lease has run out is told by the database's clock. */
export const permitText = `select
  (select epoch from headroom.lease where name = $1 and expires_at > clock_timestamp()) as epoch,
  (select doc ->> 'status' from headroom.node where id = $2) as status`;

/** The definition's id is as `definitionId` makes it. Each part finds its row by an index, however many nodes there are. */
export const orphanPermitText = `select
  (select epoch from headroom.lease where name = $1 and expires_at > clock_timestamp()) as epoch,
  o.doc as orphan,
  coalesce(
    (select n.id from headroom.node n where n.doc ->> 'vmId' = o.doc ->> 'vmId' limit 1),
    (select n.id from headroom.node n where n.id = o.doc ->> 'nodeId'
      and (n.doc ->> 'vmId' is null or o.doc -> 'isComputerRecord' is not null))) as owner,
  (select d.doc -> 'doc' ->> 'orphans' from headroom.definition d
    where d.id = case when o.doc -> 'isComputerRecord' is null then 'vmProviderConfig/' else 'ldapConfig/' end
      || (o.doc ->> 'vmProvider')) as policy
  from (select 1) as one left join headroom.orphan o on o.id = $2`;
