/** One emulated cluster of Proxmox VE: its nodes, templates and VMs. Both the plugin and the REST API show it. */
import { EmulatedGuest } from "./emulated-guest";

export interface ClusterVm {
  readonly vmid: number;
  node: string;
  name: string;
  tags: string[];
  description: string;
  /** Present while it is cloned: then it says nothing of itself. */
  lock?: "clone" | undefined;
  readonly isTemplate: boolean;
  readonly config: Record<string, unknown>;
  readonly guest: EmulatedGuest;
}

export interface ClusterStorage {
  readonly storage: string;
  readonly content: string;
  readonly shared: 0 | 1;
}

export const templateName = "ubuntu-agent";
export const templateId = 9000;

export class EmulatedCluster {
  readonly vms = new Map<number, ClusterVm>();
  readonly nodes = new Map<string, "online" | "offline">([
    ["pve1", "online"],
    ["pve2", "online"],
  ]);
  readonly pools = new Set(["labs"]);
  readonly storages: ClusterStorage[] = [
    { storage: "ceph", content: "images,rootdir", shared: 1 },
    { storage: "local", content: "iso,vztmpl", shared: 0 },
    { storage: "local-lvm", content: "images", shared: 0 },
  ];
  /** VMs that fit. */
  vmsMax = 10_000;
  private number = 0;

  constructor(readonly name: string) {
    this.addTemplate(templateId, templateName, "ceph");
  }

  addTemplate(vmid: number, name: string, storage: string, node = "pve1"): void {
    const config = {
      cpu: "host,flags=+aes",
      numa: 1,
      scsi0: `${storage}:base-${vmid}-disk-0,size=32G`,
      ide2: "none,media=cdrom",
    };
    this.vms.set(vmid, this.vm({ vmid, node, name, isTemplate: true, config }));
  }

  add(given: Pick<ClusterVm, "vmid"> & Partial<ClusterVm>): ClusterVm {
    const vm = this.vm(given);
    this.vms.set(vm.vmid, vm);
    return vm;
  }

  remove(vmid: number): void {
    this.vms.get(vmid)?.guest.remove();
    this.vms.delete(vmid);
  }

  /** Without templates. */
  machines(): ClusterVm[] {
    return [...this.vms.values()].filter(({ isTemplate }) => !isTemplate);
  }

  nextFree(lower: number): number {
    let vmid = lower;
    while (this.vms.has(vmid)) vmid += 1;
    return vmid;
  }

  close(): void {
    for (const { guest } of this.vms.values()) guest.remove();
  }

  private vm(given: Pick<ClusterVm, "vmid"> & Partial<ClusterVm>): ClusterVm {
    this.number += 1;
    return {
      node: "pve1",
      name: `vm-${given.vmid}`,
      tags: [],
      description: "",
      isTemplate: false,
      config: {},
      guest: new EmulatedGuest(`10.1.${this.number >> 8}.${this.number & 255}`),
      ...given,
    };
  }
}
