/** What an emulated OpenStack cloud has beside servers: flavors, images, networks, groups, keys, zones, volume types. */

export interface EmulatedFlavor {
  readonly id: string;
  readonly name: string;
  readonly vcpus: number;
  readonly ram: number;
  readonly disk: number;
  readonly extra_specs: Readonly<Record<string, string>>;
}

export interface EmulatedImage {
  readonly id: string;
  readonly name: string;
  status: string;
  readonly min_disk: number;
  readonly min_ram: number;
  readonly size: number;
  readonly virtual_size: number | null;
}

export interface EmulatedNetwork {
  readonly id: string;
  readonly name: string;
  status: string;
  readonly subnets: readonly string[];
}

const gib = 2 ** 30;

/** An id of things of one kind, told from others by its number. */
export function idOf(kind: "image" | "network" | "group" | "flavor" | "server" | "volume", number: number): string {
  const kinds = { image: 1, network: 2, group: 3, flavor: 4, server: 5, volume: 6 };
  return `${String(kinds[kind]).repeat(8)}-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

export class OpenStackFacts {
  readonly flavors: EmulatedFlavor[] = [
    { id: idOf("flavor", 1), name: "gen.medium", vcpus: 2, ram: 4096, disk: 40, extra_specs: {} },
    { id: idOf("flavor", 2), name: "gen.large", vcpus: 8, ram: 32_768, disk: 0, extra_specs: {} },
    {
      ...{ id: idOf("flavor", 3), name: "gpu.large", vcpus: 16, ram: 65_536, disk: 80 },
      extra_specs: { "pci_passthrough:alias": "a100:2", "hw:cpu_policy": "dedicated" },
    },
    { id: "m1.tiny", name: "m1.tiny", vcpus: 1, ram: 512, disk: 1, extra_specs: {} },
  ];
  readonly images: EmulatedImage[] = [
    {
      ...{ id: idOf("image", 1), name: "ubuntu-24.04-agent", status: "active", min_disk: 10, min_ram: 1024 },
      ...{ size: 3 * gib, virtual_size: 20 * gib },
    },
    {
      ...{ id: idOf("image", 2), name: "windows-2025", status: "active", min_disk: 60, min_ram: 4096 },
      ...{ size: 12 * gib, virtual_size: null },
    },
  ];
  readonly networks: EmulatedNetwork[] = [
    { id: idOf("network", 1), name: "labs", status: "ACTIVE", subnets: ["s1"] },
    { id: idOf("network", 2), name: "bare", status: "ACTIVE", subnets: [] },
  ];
  readonly groups: { id: string; name: string; project_id: string; shared?: boolean }[];
  readonly keyPairs = new Set(["ops"]);
  readonly zones = new Map([
    ["nova", true],
    ["rack-2", true],
  ]);
  readonly volumeTypes = ["__DEFAULT__", "ssd"];
  /** -1 = without a limit. */
  readonly limits = { maxServerMeta: 128, maxTotalInstances: 5000 };

  constructor(home: string, other: string) {
    this.groups = [
      { id: idOf("group", 1), name: "default", project_id: home },
      { id: idOf("group", 2), name: "agents", project_id: home },
      { id: idOf("group", 3), name: "default", project_id: other },
      { id: idOf("group", 4), name: "elsewhere", project_id: other },
    ];
  }
}
