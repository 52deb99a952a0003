/** What a cluster says of a VM that was declared: has it come, may it still come, or will it never. Pure. */
import type { CloudFailureClass } from "../../../runtime/model/errors";
import type { KubernetesObject } from "./api";
import { classOfWords } from "./failures";
import { chooseAddress, type GuestInterface } from "./guest-address";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** The parts of a VirtualMachine that count here. */
export interface VmObject extends KubernetesObject {
  readonly metadata: KubernetesObject["metadata"] & { readonly deletionTimestamp?: string };
  readonly status?: {
    readonly printableStatus?: string;
    readonly conditions?: readonly Condition[];
    readonly volumeSnapshotStatuses?: unknown;
  };
}

export interface VmiObject extends KubernetesObject {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly conditions?: readonly Condition[];
    readonly interfaces?: readonly GuestInterface[];
  };
}

export interface Refused {
  readonly failureClass: CloudFailureClass;
  /** What is so, in the cluster's words where it says any. */
  readonly text: string;
}

export type Standing =
  | { readonly is: "ready"; readonly address: string }
  /** It may come yet; as long as it does not, this is why, and what it is when it never does. */
  | ({ readonly is: "waiting" } & Refused)
  /** No machine has room for it; one may come. */
  | ({ readonly is: "without room" } & Refused)
  | ({ readonly is: "failed" } & Refused);

/** @param network Name of the interface whose address is asked for. */
export function standingOf(vm: VmObject, vmi: VmiObject | undefined, network: string): Standing {
  const status = vm.status?.printableStatus ?? "";
  const refused = refusedBy(vm, vmi);
  if (refused !== undefined) return { is: "failed", ...refused };
  const address = chooseAddress(vmi?.status?.interfaces ?? [], network);
  if (address !== undefined && vmi?.status?.phase === "Running") return { is: "ready", address };
  if (status === "ErrorUnschedulable" || isUnschedulable(vmi)) return { is: "without room", ...roomOf(vm, vmi) };
  const said = saidOf(vm, vmi);
  const known = Object.hasOwn(waitingFor, status) ? waitingFor[status] : undefined;
  if (known !== undefined) return { is: "waiting", failureClass: known[0], text: `${known[1]}${said}` };
  if (vmi?.status?.phase === "Running") {
    return {
      is: "waiting",
      failureClass: "TRANSIENT",
      text: `the VM runs, but no address of network "${network}" is known${said}`,
    };
  }
  return {
    is: "waiting",
    failureClass: "TRANSIENT",
    text: `the VM is ${status === "" ? "not looked at yet" : status}${said}`,
  };
}

/** What it is that a VM stays in for ever, by KubeVirt's word for its status. */
const waitingFor: Readonly<Record<string, readonly [CloudFailureClass, string]>> = {
  WaitingForVolumeBinding: ["CAPACITY", "no storage was found for its volume"],
  ErrorPvcNotFound: ["CONFIG", "its PVC is not there"],
  DataVolumeError: ["TRANSIENT", "its volume could not be made"],
  ErrImagePull: ["TRANSIENT", "its container disk could not be downloaded"],
  ImagePullBackOff: ["TRANSIENT", "its container disk could not be downloaded"],
  CrashLoopBackOff: ["CONFIG", "it ends again and again as soon as it has begun"],
  // The clone of its disk.
  Provisioning: ["CAPACITY", "its volume was not ready in time"],
};

/** What will not be better by waiting. */
function refusedBy(vm: VmObject, vmi: VmiObject | undefined): Refused | undefined {
  if (vm.metadata.deletionTimestamp !== undefined) {
    return { failureClass: "TRANSIENT", text: "somebody deletes the VM" };
  }
  const failure = conditionsOf(vm, vmi).find(({ type, status }) => type === "Failure" && status === "True");
  const message = failure?.message ?? "";
  // The controller tries again by itself; what is refused by a quota or a rule is refused again.
  const failureClass = message === "" ? undefined : classOfWords(message);
  if (failureClass !== undefined && failureClass !== "TRANSIENT") return { failureClass, text: message };
  const pulled = conditionsOf(vm, vmi).find(({ message = "" }) => neverPulled.test(message));
  if (pulled !== undefined) return { failureClass: "CONFIG", text: pulled.message! };
  return undefined;
}

/** What registries say of an image that is not there, or that nobody may have. */
const neverPulled =
  /(?:manifest unknown|manifest for \S+ not found|repository does not exist|pull access denied|unauthorized: |InvalidImageName|invalid reference format)/i;

function isUnschedulable(vmi: VmiObject | undefined): boolean {
  return (vmi?.status?.conditions ?? []).some(
    ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
  );
}

/** Room may come; a label that no machine has does not. */
function roomOf(vm: VmObject, vmi: VmiObject | undefined): Refused {
  const message = conditionsOf(vm, vmi).find(({ message = "" }) => /nodes are available/.test(message))?.message;
  if (message === undefined) return { failureClass: "CAPACITY", text: "no machine of the cluster has room for the VM" };
  const reasons = [...message.matchAll(/\d+ ((?:Insufficient|node\(s\)) .*?)(?=, \d+ |\. |\.?$)/g)].map(
    ([, reason = ""]) => reason,
  );
  const isForEver = reasons.length > 0 && reasons.every((reason) => neverScheduled.test(reason));
  return { failureClass: isForEver ? "CONFIG" : "CAPACITY", text: message };
}

const neverScheduled =
  /^Insufficient devices\.kubevirt\.io\/|didn't match Pod's node (?:affinity|selector)|^node\(s\) had (?:untolerated )?taint|volume node affinity conflict/;

function conditionsOf(vm: VmObject, vmi: VmiObject | undefined): Condition[] {
  return [...(vm.status?.conditions ?? []), ...(vmi?.status?.conditions ?? [])];
}

/** What the cluster itself says of what is not so, once each. */
function saidOf(vm: VmObject, vmi: VmiObject | undefined): string {
  const messages = conditionsOf(vm, vmi)
    .filter(({ status, message = "" }) => status === "False" && message !== "")
    .map(({ message }) => message!);
  const words = [...new Set(messages)].join("; ").slice(0, 600);
  return words === "" ? "" : `: ${words}`;
}

export interface EventObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
}

/**
 * What the warnings about a VM and its volume add to a VM that has waited too long: the last one that means something
 * decides.
 */
export function refusedAtLast(standing: Refused, events: readonly EventObject[]): Refused {
  const warnings = events.filter(({ type, reason = "" }) => type === "Warning" || reason === "CloneSourceInUse");
  const words = [...new Set(warnings.map(({ reason = "", message = "" }) => `${reason}: ${message}`))].slice(-5);
  const text = words.length === 0 ? standing.text : `${standing.text}; the cluster's events: ${words.join("; ")}`;
  const inUse = warnings.filter(({ reason }) => reason === "CloneSourceInUse").at(-1);
  if (inUse !== undefined) {
    // Other clones end by themselves, a VM that runs from the golden disk does not.
    const byVm = /virt-launcher-/.test(inUse.message ?? "");
    return { failureClass: byVm ? "CONFIG" : "TRANSIENT", text };
  }
  const known = words.map(classOfWords).filter((each) => each !== undefined);
  return { failureClass: known.at(-1) ?? standing.failureClass, text };
}
