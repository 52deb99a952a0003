/** What one emulated Prism Central has. */
import type { Entity, Kind } from "../../provider/clouds/nutanix/api";

export interface PrismVm {
  readonly uuid: string;
  name: string;
  description: string;
  /** Base64; empty = none. */
  readonly userData: string;
  /** Undefined = it has none yet. */
  address: string | undefined;
  state: "COMPLETE" | "ERROR";
  power: "ON" | "OFF";
}

/** UUIDs that tell what they are of. */
export function uuidOf(kind: Kind, number: number): string {
  const kinds: readonly Kind[] = ["vm", "image", "subnet", "cluster", "project"];
  const first = String(kinds.indexOf(kind) + 1).repeat(8);
  return `${first}-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

interface Thing {
  readonly uuid: string;
  readonly name: string;
  readonly state?: string;
  readonly [field: string]: unknown;
}

const gib = 2 ** 30;

export class EmulatedPrism {
  readonly vms = new Map<string, PrismVm>();
  vmsMax = 5000;
  readonly images: Thing[] = [
    { uuid: uuidOf("image", 1), name: "ubuntu-agent", resources: { size_bytes: 40 * gib, image_type: "DISK_IMAGE" } },
    { uuid: uuidOf("image", 2), name: "windows-agent", resources: { size_bytes: 60 * gib, image_type: "DISK_IMAGE" } },
  ];
  readonly clusters: Thing[] = [
    { uuid: uuidOf("cluster", 1), name: "compute", resources: { config: { service_list: ["AOS"] } } },
  ];
  readonly subnets: Thing[] = [
    { uuid: uuidOf("subnet", 1), name: "desktops", cluster_reference: { kind: "cluster", uuid: uuidOf("cluster", 1) } },
    { uuid: uuidOf("subnet", 2), name: "overlay" },
  ];
  readonly projects: Thing[] = [{ uuid: uuidOf("project", 1), name: "labs" }];

  /** @param uuid Of Prism Central itself, which its list of clusters has too. */
  constructor(readonly uuid: string) {
    this.clusters.push({ uuid, name: "Unnamed", resources: { config: { service_list: ["PRISM_CENTRAL"] } } });
  }

  /** As lists and single answers have them. */
  entities(kind: Kind): Entity[] {
    if (kind === "vm") return [...this.vms.values()].map(entityOf);
    return this.things(kind).map(({ uuid, state = "COMPLETE", ...status }) => ({
      metadata: { kind, uuid },
      status: { state, ...status },
    }));
  }

  private things(kind: Exclude<Kind, "vm">): readonly Thing[] {
    return { image: this.images, cluster: this.clusters, subnet: this.subnets, project: this.projects }[kind];
  }
}

function entityOf({ uuid, name, description, address, state, power }: PrismVm): Entity {
  const endpoints = address === undefined ? [] : [{ ip: address, type: "LEARNED" }];
  const resources = { power_state: power, nic_list: [{ ip_endpoint_list: endpoints }] };
  return {
    metadata: { kind: "vm", uuid },
    spec: { name, description, resources: { power_state: power } },
    status: { name, description, state, resources },
  };
}
