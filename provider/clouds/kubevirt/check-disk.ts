/** What is wrong with the disk that VMs are cloned from. Pure. */
import type { KubernetesObject } from "./api";
import type { HarvesterImage } from "./image";
import { quantityOf } from "./names";

/** A PersistentVolumeClaim. */
export interface ClaimObject extends KubernetesObject {
  readonly spec?: {
    readonly volumeMode?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

/** A VirtualMachineInstance. */
export interface RunningVm extends KubernetesObject {
  readonly spec?: {
    readonly volumes?: readonly {
      readonly persistentVolumeClaim?: { readonly claimName?: string };
      readonly dataVolume?: { readonly name?: string };
    }[];
  };
}

const gib = 2 ** 30;

/** @param about `diskSize` in GiB; `running` = what runs in the namespace of the claim. */
export function claimProblems(
  { metadata, spec, status }: ClaimObject,
  { diskSize = Infinity, running }: { readonly diskSize?: number | undefined; readonly running: readonly RunningVm[] },
): string[] {
  const bytes = quantityOf(spec?.resources?.requests?.storage ?? status?.capacity?.storage ?? "");
  const small =
    bytes !== undefined && diskSize * gib < bytes
      ? [
          `it has ${Math.ceil((bytes / gib) * 10) / 10} GiB, and a clone of it can't be smaller: diskSize is ${diskSize} GiB`,
        ]
      : [];
  const lost = status?.phase === "Lost" ? ["the PVC has lost its volume; make it anew"] : [];
  const users = running.filter(({ spec: of }) =>
    (of?.volumes ?? []).some(
      ({ persistentVolumeClaim: claim, dataVolume }) =>
        claim?.claimName === metadata.name || dataVolume?.name === metadata.name,
    ),
  );
  const used = users.map(
    (vm) =>
      `VM ${vm.metadata.name} runs from it, and no clone of it is made meanwhile; stop the VM, or clone from a snapshot (diskSourceType "snapshot")`,
  );
  return [...small, ...lost, ...used];
}

/** @param diskSize GiB. */
export function imageProblem({ status }: HarvesterImage, diskSize = Infinity): string | undefined {
  const { progress = 100, virtualSize, size } = status ?? {};
  if (progress < 100) return `its upload is at ${progress}%; wait until it has ended`;
  const bytes = virtualSize ?? size ?? 0;
  if (bytes <= diskSize * gib) return undefined;
  return `it has ${Math.ceil((bytes / gib) * 10) / 10} GiB, and diskSize is ${diskSize} GiB: a disk can't be smaller than its image`;
}
