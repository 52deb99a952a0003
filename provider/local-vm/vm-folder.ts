/**
 * Where local VMs live. Below one root:
 *
 *   vms/<VM id>@<node id>/  one folder per VM: vm.json (who runs it), settings.json, startup.sh, vm.log, bin/, outbox
 *   addresses/127.x.y.z     one file per address in use; its text is the VM's id
 *   places/<n>              the same for the places of a fleet whose size is limited
 *   dns/<name>.json         one file per DNS record
 *
 * The name of a VM's folder holds its id and its tag, so that one call makes both: like a cloud's, a VM exists with its
 * tag or not at all. Older versions named the folder by the node id, which was the VM's id too.
 * A claim is a file created exclusively, so two plugin processes can never hand out the same thing.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the guest needs to know; written before it starts. No secrets: tokens are only in the startup script. */
export interface GuestSettings {
  readonly nodeId: string;
  /** The tag `headroom-installation`; absent for VMs of older versions. */
  readonly installation?: string;
  readonly address: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly gpus: number;
  /** From the start of the process to the start of the startup script. */
  readonly bootSeconds: number;
  readonly heartbeatSeconds: number;
  /** TCP ports on which the guest answers once its startup script succeeded. */
  readonly ports: readonly number[];
}

/** Which process runs a VM. Written once, by whoever comes first: the creator or the guest itself. */
export interface VmRecord {
  readonly nodeId: string;
  readonly pid: number;
}

/** A VM's id and the node id that it is tagged with, as its folder's name has them. */
export interface VmName {
  readonly vmId: string;
  readonly nodeId: string;
}

/** An id that the caller can't choose, as clouds give them. */
export function newVmId(): string {
  return `vm-${randomBytes(8).toString("hex")}`;
}

export function vmFolder(root: string, { vmId, nodeId }: VmName): string {
  return join(root, "vms", vmId === nodeId ? vmId : `${vmId}@${nodeId}`);
}

/** What the guest and its startup script print. */
export function vmLogFile(folder: string): string {
  return join(folder, "vm.log");
}

/** Everything in `vms/`, half-made VMs too. Throws when it can't be read. */
export function listVms(root: string): VmName[] {
  return listNames(join(root, "vms")).map((name) => {
    const [vmId = name, nodeId = vmId] = name.split("@");
    return { vmId, nodeId };
  });
}

/** Undefined = there is no VM with this id. */
export function findVm(root: string, vmId: string): VmName | undefined {
  return listVms(root).find((name) => name.vmId === vmId);
}

/** The record that now stands: ours, or the one of a guest that was first. */
export function recordVm(folder: string, record: VmRecord): VmRecord | undefined {
  writeExclusive(join(folder, "vm.json"), JSON.stringify(record));
  return readVm(folder);
}

export function readVm(folder: string): VmRecord | undefined {
  return readJson(join(folder, "vm.json"));
}

export function writeGuestSettings(folder: string, settings: GuestSettings): void {
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
}

export function readGuestSettings(folder: string): GuestSettings | undefined {
  return readJson(join(folder, "settings.json"));
}

/** Names of a folder's entries; none when the folder does not exist. Any other failure is thrown. */
export function listNames(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** Creates the file, or answers false when it exists. */
export function writeExclusive(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * A loopback address that no other VM below this root has. On Linux all of 127.0.0.0/8 is there without set-up;
 * elsewhere only 127.0.0.1 is, so VMs share it and only one can listen on a port.
 */
export function claimAddress(root: string, vmId: string): string {
  if (process.platform !== "linux") return "127.0.0.1";
  return claim(join(root, "addresses"), vmId, addressCandidates(root, vmId)) ?? "127.0.0.1";
}

/** A place in a fleet of at most `vmsMax`; false when all are taken. */
export function claimPlace(root: string, vmId: string, vmsMax: number): boolean {
  const candidates = Array.from({ length: vmsMax }, (_, place) => String(place));
  return claim(join(root, "places"), vmId, candidates) !== undefined;
}

export function releaseClaims(root: string, vmId: string): void {
  for (const folder of [join(root, "addresses"), join(root, "places")]) {
    for (const name of listNames(folder)) {
      if (readText(join(folder, name)) === vmId) rmSync(join(folder, name), { force: true });
    }
  }
}

/** Starts at a place that depends on root and VM, so that two roots on one machine hardly ever meet. */
function* addressCandidates(root: string, vmId: string): Generator<string> {
  const start = createHash("sha256").update(`${root}\0${vmId}`).digest().readUInt32BE(0);
  for (let step = 0; step < addressTriesMax; step++) {
    const number = (start + step) >>> 0;
    yield `127.${64 + (number & 63)}.${(number >>> 6) & 255}.${1 + ((number >>> 14) % 254)}`;
  }
}
/** Far more than the VMs one machine can hold; candidates are spread, so the first is nearly always free. */
const addressTriesMax = 100_000;

function claim(folder: string, vmId: string, candidates: Iterable<string>): string | undefined {
  mkdirSync(folder, { recursive: true });
  for (const candidate of candidates) {
    const file = join(folder, candidate);
    if (writeExclusive(file, vmId) || readText(file) === vmId) return candidate;
  }
  return undefined;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * A file that only this folder's code writes; undefined when it is missing or half-written. Without a schema library,
 * because every guest would pay for it with 8 MB.
 */
export function readJson<T>(file: string): T | undefined {
  const text = readText(file);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
