/** Trouble on demand, for tests and the demo. Counted in files below the root, so it holds across plugin processes. */
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CloudError } from "../../runtime/model/errors";
import { claimPlace, type VmName } from "./vm-folder";

/** Code at the start of the message, as clouds have it, for each class of failure. */
export const refusalCodes = {
  CAPACITY: "InsufficientLocalCapacity",
  QUOTA: "LocalQuotaExceeded",
  CONFIG: "InvalidLocalVm",
  TRANSIENT: "LocalUnavailable",
} as const;

export const faultsSchema = z.strictObject({
  vmsMax: z
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe("VMs that fit below the root; one more is refused for lack of capacity. Default: no limit."),
  refuseEvery: z
    .int()
    .min(1)
    .optional()
    .describe("Every n-th create below the root is refused; 1 = all. Default: none."),
  refuseClass: z
    .enum(["CAPACITY", "QUOTA", "CONFIG", "TRANSIENT"])
    .optional()
    .describe("Class of those refusals. Default `CAPACITY`."),
  loseAnswerEvery: z
    .int()
    .min(1)
    .optional()
    .describe("Every n-th create makes its VM, but the answer is lost; 1 = all. Default: none."),
  loseAnswerBy: z
    .enum(["error", "crash"])
    .optional()
    .describe("How it is lost: the connection breaks, or the whole plugin process ends. Default `error`."),
});
export type Faults = z.infer<typeof faultsSchema>;

/** Throws when this create has to be refused before anything is made. */
export function refuseWhenSet(root: string, { vmId, nodeId }: VmName, faults: Faults): void {
  if (faults.refuseEvery === undefined || count(root, "creates", vmId) % faults.refuseEvery !== 0) return;
  refuse(
    faults.refuseClass ?? "CAPACITY",
    nodeId,
    `every ${faults.refuseEvery}. create is refused (faults.refuseEvery)`,
  );
}

/** Throws when no place is left for this VM; it gives its place back when it is removed. */
export function takePlace(root: string, { vmId, nodeId }: VmName, faults: Faults): void {
  if (faults.vmsMax === undefined || claimPlace(root, vmId, faults.vmsMax)) return;
  refuse("CAPACITY", nodeId, `there are ${faults.vmsMax} VMs already (faults.vmsMax)`);
}

function refuse(kind: keyof typeof refusalCodes, nodeId: string, why: string): never {
  throw new CloudError(kind, `${refusalCodes[kind]}: creating local VM ${nodeId}: ${why}`);
}

/** Called when the VM exists and the answer is due: throws, or ends the process, when the answer has to be lost. */
export async function loseAnswer(root: string, { vmId, nodeId }: VmName, faults: Faults): Promise<void> {
  if (faults.loseAnswerEvery === undefined || count(root, "answers", vmId) % faults.loseAnswerEvery !== 0) return;
  if (faults.loseAnswerBy === "crash") process.kill(process.pid, "SIGKILL");
  throw new CloudError("TRANSIENT", `LocalAnswerLost: creating local VM ${nodeId}: the connection broke`);
}

/**
 * Ordinal of this call below the root, from 1: the number of the line it appended. Appends of short lines never mix,
 * so two processes never get the same number.
 */
function count(root: string, what: string, vmId: string): number {
  mkdirSync(root, { recursive: true });
  const file = join(root, `${what}.log`);
  appendFileSync(file, `${vmId}\n`);
  return readFileSync(file, "utf8").split("\n").lastIndexOf(vmId) + 1;
}
