/**
 * The id of a node's VM, chosen by us out of the range of its settings. Proxmox VE reserves none: two creates that ask for a
 * free id at once are told the same. The rule:
 *
 *   1. a VM in the range that is the node's already: its id
 *   2. else the first that is free and that nobody has claimed, beginning at a place that follows from the node's id
 *
 * Beginnings are spread, so that runtimes that know nothing of each other rarely try the same id, and one that was just given
 * up is not given anew. A claim is a file that only one process can make, kept until it is of no use any more: so nodes
 * that are made at once by the engines of one machine never get the same id, and a node that is tried again gets its own.
 * Between machines Proxmox VE decides: of two clones with one id it refuses the later one, before it has made anything.
 *
 * The chosen id stands in the stack from then on.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudError } from "../../../runtime/model/errors";
import { homeFolder } from "../../frame/home-folder";
import { endpointOf, type ProxmoxApi } from "./api";
import { clusterVms, findVmsOf, isFree } from "./cluster-vms";
import type { VmIdRange } from "./settings";

/** Longer than the time from a choice until the cluster shows the VM. */
const claimMsMax = 3_600_000;
/** Ids that the token may not see, one question each: in a range with so many of others' VMs somebody should look. */
const takenMax = 100;

/** @throws CloudError (QUOTA) when no id of the range is free. */
export async function chooseVmId(
  api: ProxmoxApi,
  { nodeId, range, claims }: { readonly nodeId: string; readonly range: VmIdRange; readonly claims: VmIdClaims },
): Promise<number> {
  const [own] = await findVmsOf(api, [nodeId], range);
  if (own !== undefined) return Number(own.id);
  const used = new Set((await clusterVms(api, range)).map(({ vmid }) => vmid));
  let unseen = 0;
  for (const vmid of claims.inOrder(nodeId, range)) {
    if (used.has(vmid) || !claims.take(vmid, nodeId)) continue;
    if (await isFree(api, vmid)) return vmid;
    claims.release(vmid, nodeId);
    unseen += 1;
    if (unseen >= takenMax) break;
  }
  const { lower, upper } = range;
  throw new CloudError(
    "QUOTA",
    `ProxmoxVmIds: no id from ${lower} to ${upper} is free (vmIdRangeLower, vmIdRangeUpper): delete VMs, or use a wider range`,
  );
}

/** Which node of this machine's runtimes has chosen which id of one cluster. */
export class VmIdClaims {
  private readonly folder: string;

  /** @param root Default: in the engine's home, which the engines of a runtime share. */
  constructor(host: string, root = process.env["PULUMI_HOME"] ?? join(homeFolder("PULUMI_HOME"), ".pulumi")) {
    const cluster = createHash("sha256").update(endpointOf(host).toLowerCase()).digest("hex").slice(0, 16);
    this.folder = join(root, "headroom-proxmox-ids", cluster);
  }

  /** The ids of the range, each once. */
  *inOrder(nodeId: string, { lower, upper }: VmIdRange): Generator<number> {
    const size = upper - lower + 1;
    const start = createHash("sha256").update(nodeId).digest().readUInt32BE(0) % size;
    for (let step = 0; step < size; step += 1) yield lower + ((start + step) % size);
  }

  /** False = another node has it. */
  take(vmid: number, nodeId: string): boolean {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const file = this.fileOf(vmid);
    if (isOld(file)) rmSync(file, { force: true });
    try {
      writeFileSync(file, nodeId, { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      return this.ownerOf(vmid) === nodeId;
    }
  }

  release(vmid: number, nodeId: string): void {
    if (this.ownerOf(vmid) === nodeId) rmSync(this.fileOf(vmid), { force: true });
  }

  private ownerOf(vmid: number): string | undefined {
    try {
      return readFileSync(this.fileOf(vmid), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  private fileOf(vmid: number): string {
    return join(this.folder, String(vmid));
  }
}

function isOld(file: string): boolean {
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
  return age > claimMsMax;
}
