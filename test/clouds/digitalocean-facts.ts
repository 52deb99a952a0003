/** What a DigitalOcean team can see: regions, sizes and public images, and its own keys, networks, firewalls and domains. */

interface Size {
  readonly slug: string;
  readonly available: boolean;
  readonly regions: readonly string[];
  /** GiB. */
  readonly disk: number;
  readonly vcpus: number;
  /** MiB. */
  readonly memory: number;
  readonly gpus: number;
}

interface Image {
  readonly id: number;
  readonly slug: string;
  readonly regions: readonly string[];
  readonly minDiskSize: number;
  readonly status: string;
  /** Undefined: everybody's. */
  readonly owner?: string;
}

interface Owned {
  readonly owner: string;
}

const everywhere = ["nyc1", "nyc3", "fra1"];

export class DigitalOceanFacts {
  readonly regions = new Map([
    ["nyc1", { name: "New York 1", available: true }],
    ["nyc3", { name: "New York 3", available: true }],
    ["fra1", { name: "Frankfurt 1", available: true }],
  ]);
  readonly sizes: Size[] = [
    { slug: "c-2", available: true, regions: everywhere, disk: 25, vcpus: 2, memory: 4096, gpus: 0 },
    { slug: "s-8vcpu-16gb", available: true, regions: ["nyc1", "fra1"], disk: 320, vcpus: 8, memory: 16_384, gpus: 0 },
    {
      slug: "gpu-h100x8-640gb",
      available: true,
      regions: ["nyc1"],
      disk: 2048,
      vcpus: 160,
      memory: 1_966_080,
      gpus: 8,
    },
    { slug: "m-16vcpu-128gb", available: false, regions: [], disk: 400, vcpus: 16, memory: 131_072, gpus: 0 },
  ];
  readonly images: Image[] = [
    { id: 1, slug: "ubuntu-24-04-x64", regions: everywhere, minDiskSize: 7, status: "available" },
    { id: 2, slug: "docker-20-04", regions: everywhere, minDiskSize: 15, status: "available" },
  ];
  readonly sshKeys: (Owned & { readonly id: number; readonly name: string; readonly fingerprint: string })[];
  readonly vpcs: (Owned & { readonly id: string; readonly region: string })[];
  readonly firewalls: (Owned & { readonly id: string; readonly name: string; readonly tags: readonly string[] })[];
  readonly domains: (Owned & { readonly name: string })[];

  constructor(owner: string) {
    const fingerprint = "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45";
    this.sshKeys = [{ owner, id: 289_794, name: "ops", fingerprint }];
    this.vpcs = [
      { owner, id: "760e09ef-dc84-41e8-981e-3cfdfeaae000", region: "nyc1" },
      { owner, id: "760e09ef-dc84-41e8-981e-3cfdfeaae001", region: "fra1" },
    ];
    this.firewalls = [
      { owner, id: "bb4b2611-3d72-467b-8602-280330ecd65c", name: "agents", tags: ["team:labs"] },
      { owner, id: "bb4b2611-3d72-467b-8602-280330ecd65d", name: "web", tags: ["web"] },
    ];
    this.domains = ["example.org", "labs.example.org", "example.com"].map((name) => ({ owner, name }));
  }

  /** Why no Droplet is made of this request, in the API's words. */
  refusalOf(request: {
    readonly region?: string | undefined;
    readonly size: string;
    readonly image: string | number;
    readonly ssh_keys?: readonly (string | number)[] | undefined;
    readonly vpc_uuid?: string | undefined;
  }): string | undefined {
    const { region = "", ssh_keys: keys = [], vpc_uuid: vpcUuid } = request;
    if (!this.regions.get(region)?.available) return "Region is not available";
    const size = this.sizes.find(({ slug }) => slug === request.size);
    if (!size) return "You specified an invalid size for Droplet creation.";
    if (!size.available || !size.regions.includes(region)) return "Size is not available in this region.";
    const image = this.images.find(({ id, slug }) => id === request.image || slug === request.image);
    if (!image) return "You specified an invalid image for Droplet creation.";
    if (!image.regions.includes(region)) return "The image you specified is not available in the selected region";
    if (image.minDiskSize > size.disk) return "Cannot create a droplet with a smaller disk than the image.";
    const key = keys.find((one) => !this.sshKeys.some(({ id, fingerprint }) => one === id || one === fingerprint));
    if (key !== undefined) return `${key} are invalid key identifiers for Droplet creation.`;
    const isThere = this.vpcs.some((vpc) => vpc.id === vpcUuid && vpc.region === region);
    return vpcUuid === undefined || isThere ? undefined : "Failed to resolve VPC";
  }
}
