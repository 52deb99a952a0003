/** What a Google Cloud project can see: zones, machine types, images, networks, GPUs, managed zones. */
import { GcpRefusal, type InstanceRequest } from "./gcp-api";

export const homeProject = "pensive-voice-547511";

export interface MachineType {
  readonly name: string;
  readonly guestCpus: number;
  readonly memoryMb: number;
  readonly architecture: "X86_64" | "ARM64";
  readonly accelerators?: readonly { readonly guestAcceleratorType: string; readonly guestAcceleratorCount: number }[];
  readonly deprecated?: { readonly state: string };
}

interface Image {
  /** Its path, or that of a family. */
  readonly path: string;
  readonly name: string;
  readonly status: string;
  readonly architecture: "X86_64" | "ARM64";
  readonly diskSizeGb: string;
  readonly deprecated?: { readonly state: string; readonly replacement?: string };
}

interface Network {
  readonly path: string;
  readonly autoCreateSubnetworks: boolean;
}

interface Subnetwork {
  readonly path: string;
  /** Path of its network. */
  readonly network: string;
}

export interface ManagedZone {
  readonly owner: string;
  readonly name: string;
  readonly dnsName: string;
  readonly visibility: "public" | "private";
}

const own = `projects/${homeProject}`;

export class GcpFacts {
  readonly zones = new Map(["us-east4-a", "us-east4-b", "europe-west1-b"].map((zone) => [zone, { status: "UP" }]));
  /** Zones without GPUs and Arm. */
  readonly plainZones = new Set(["europe-west1-b"]);
  readonly machineTypes: MachineType[] = [
    { name: "e2-standard-2", guestCpus: 2, memoryMb: 8192, architecture: "X86_64" },
    { name: "n1-standard-4", guestCpus: 4, memoryMb: 15_360, architecture: "X86_64" },
    { name: "n4-standard-4", guestCpus: 4, memoryMb: 16_384, architecture: "X86_64" },
    { name: "c4a-standard-4", guestCpus: 4, memoryMb: 16_384, architecture: "ARM64" },
    { name: "n0-old-1", guestCpus: 1, memoryMb: 1024, architecture: "X86_64", deprecated: { state: "OBSOLETE" } },
    {
      name: "g2-standard-4",
      guestCpus: 4,
      memoryMb: 16_384,
      architecture: "X86_64",
      accelerators: [{ guestAcceleratorType: "nvidia-l4", guestAcceleratorCount: 1 }],
    },
  ];
  readonly acceleratorTypes = [{ name: "nvidia-tesla-t4", maximumCardsPerInstance: 4 }];
  readonly diskTypes = ["pd-standard", "pd-balanced", "pd-ssd", "hyperdisk-balanced"];
  readonly images: Image[] = [
    image(`${own}/global/images/agents-1`, "agents-1"),
    image(`${own}/global/images/agents-2`, "agents-2"),
    image(`${own}/global/images/family/agents`, "agents-2"),
    {
      ...image("projects/debian-cloud/global/images/family/debian-12-arm64", "debian-12-arm64-v1"),
      architecture: "ARM64",
    },
  ];
  readonly networks: Network[] = [
    { path: `${own}/global/networks/default`, autoCreateSubnetworks: true },
    { path: `${own}/global/networks/labs`, autoCreateSubnetworks: false },
  ];
  readonly subnetworks: Subnetwork[] = [
    { path: `${own}/regions/us-east4/subnetworks/default`, network: `${own}/global/networks/default` },
    { path: `${own}/regions/us-east4/subnetworks/labs`, network: `${own}/global/networks/labs` },
    { path: `${own}/regions/europe-west1/subnetworks/labs`, network: `${own}/global/networks/labs` },
  ];
  readonly managedZones: ManagedZone[];

  constructor(owner: string) {
    const zone = (name: string, dnsName: string, visibility: ManagedZone["visibility"] = "public") =>
      ({ owner, name, dnsName, visibility }) as const;
    this.managedZones = [
      zone("example-org", "example.org."),
      zone("labs-example-org", "labs.example.org."),
      zone("example-com", "example.com."),
      zone("inside", "labs.example.org.", "private"),
      zone("twice-a", "twice.example.com.", "private"),
      zone("twice-b", "twice.example.com.", "private"),
    ];
  }

  /** Why no VM is made of this request, in the API's words. */
  refusalOf(request: InstanceRequest, zone: string): GcpRefusal | undefined {
    const invalid = (field: string, value: string, sentence: string) =>
      new GcpRefusal(400, `Invalid value for field 'resource.${field}': '${value}'. ${sentence}`, "invalid");
    const type = this.machineTypes.find(({ name }) => request.machineType.endsWith(`/${name}`));
    if (!type && !/custom-\d+-\d+$/.test(request.machineType)) {
      return invalid("machineType", request.machineType, `Machine type with name is not available in zone ${zone}.`);
    }
    const { initializeParams: params = {} } = request.disks[0] ?? {};
    const found = this.images.find(({ path }) => path === params.sourceImage);
    if (!found)
      return invalid(
        "disks[0].initializeParams.sourceImage",
        params.sourceImage ?? "",
        "The referenced image resource cannot be found.",
      );
    if (params.diskSizeGb !== undefined && Number(params.diskSizeGb) < Number(found.diskSizeGb)) {
      const sentence = `Requested disk size cannot be smaller than the image size (${found.diskSizeGb} GB)`;
      return invalid("disks[0].initializeParams.diskSizeGb", params.diskSizeGb, sentence);
    }
    if (type && type.architecture !== found.architecture) {
      const sentence = `Invalid resource usage: 'Requested boot disk architecture (${found.architecture}) is not compatible with machine type architecture (${type.architecture}).'.`;
      return new GcpRefusal(400, sentence, "invalidResourceUsage");
    }
    const hasGpus = (type?.accelerators ?? []).length > 0 || (request.guestAccelerators ?? []).length > 0;
    const { onHostMaintenance = "MIGRATE", provisioningModel, automaticRestart } = request.scheduling ?? {};
    if (hasGpus && onHostMaintenance !== "TERMINATE") {
      return new GcpRefusal(400, "Instances with guest accelerators do not support live migration.", "badRequest");
    }
    if (provisioningModel === "SPOT" && (automaticRestart !== false || onHostMaintenance !== "TERMINATE")) {
      return invalid("scheduling", "", "Scheduling must have automaticRestart be false when preemptible is true.");
    }
    return this.networkRefusal(request, zone, invalid);
  }

  private networkRefusal(
    { networkInterfaces: [first = {}] }: InstanceRequest,
    zone: string,
    invalid: (field: string, value: string, sentence: string) => GcpRefusal,
  ): GcpRefusal | undefined {
    const field = "networkInterfaces[0]";
    const network = this.networks.find(({ path }) => path === first.network);
    if (first.subnetwork === undefined) {
      if (!network)
        return invalid(`${field}.network`, first.network ?? "", "The referenced network resource cannot be found.");
      if (network.autoCreateSubnetworks) return undefined;
      return invalid(field, "", "Subnetwork should be specified for custom subnetmode network");
    }
    const subnetwork = this.subnetworks.find(({ path }) => path === first.subnetwork);
    const isHere = first.subnetwork.includes(`/regions/${zone.replace(/-[a-z]$/, "")}/`);
    if (!subnetwork || !isHere)
      return invalid(`${field}.subnetwork`, first.subnetwork, "The referenced subnetwork resource cannot be found.");
    if (first.network === undefined || first.network === subnetwork.network) return undefined;
    return invalid(field, "", `Subnetwork '${first.subnetwork}' is not valid for Network '${first.network}'.`);
  }
}

function image(path: string, name: string): Image {
  return { path, name, status: "READY", architecture: "X86_64", diskSizeGb: "10" };
}
