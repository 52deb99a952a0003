/** What is in an OCI tenancy beside instances: availability domains, shapes, images, networks, zones; and what it refuses. */
import type { Properties } from "../../provider/resource-kernel";
import { launchBodyOf, notFound } from "./oci-api";

interface Shape {
  readonly name: string;
  readonly domains: readonly string[];
  readonly arm: boolean;
  readonly isFlexible: boolean;
  readonly ocpus: number;
  readonly memoryInGbs: number;
  readonly gpus: number;
  readonly ocpuOptions: readonly { readonly min: number; readonly max: number }[];
  readonly memoryOptions: readonly {
    readonly minInGbs: number;
    readonly maxInGbs: number;
    readonly minPerOcpuInGbs: number;
    readonly maxPerOcpuInGbs: number;
  }[];
  readonly baselineOcpuUtilizations: readonly string[];
}

export const domains = [1, 2, 3].map((number) => `BEol:US-ASHBURN-AD-${number}`);

const flexible = { isFlexible: true, gpus: 0, ocpus: 1, memoryInGbs: 16 };
const fixed = { isFlexible: false, ocpuOptions: [], memoryOptions: [], baselineOcpuUtilizations: [] };

const shapes: readonly Shape[] = [
  {
    ...flexible,
    name: "VM.Standard.E4.Flex",
    arm: false,
    domains,
    ocpuOptions: [{ min: 1, max: 114 }],
    memoryOptions: [{ minInGbs: 1, maxInGbs: 1760, minPerOcpuInGbs: 1, maxPerOcpuInGbs: 64 }],
    baselineOcpuUtilizations: ["BASELINE_1_8", "BASELINE_1_2", "BASELINE_1_1"],
  },
  {
    ...flexible,
    name: "VM.Standard.A1.Flex",
    arm: true,
    domains: domains.slice(0, 2),
    ocpuOptions: [{ min: 1, max: 80 }],
    memoryOptions: [{ minInGbs: 1, maxInGbs: 512, minPerOcpuInGbs: 1, maxPerOcpuInGbs: 64 }],
    baselineOcpuUtilizations: [],
  },
  {
    ...flexible,
    name: "VM.Optimized3.Flex",
    arm: false,
    domains,
    ocpuOptions: [{ min: 1, max: 18 }],
    memoryOptions: [{ minInGbs: 1, maxInGbs: 256, minPerOcpuInGbs: 1, maxPerOcpuInGbs: 64 }],
    baselineOcpuUtilizations: [],
  },
  { ...fixed, name: "VM.Standard2.4", arm: false, domains, ocpus: 4, memoryInGbs: 60, gpus: 0 },
  { ...fixed, name: "VM.GPU3.2", arm: false, domains: [domains[2]!], ocpus: 12, memoryInGbs: 180, gpus: 2 },
];

interface Owned {
  readonly id: string;
  readonly owner: string;
}

type Refusal = readonly [code: string, message: string];
const missing: Refusal = ["404-NotAuthorizedOrNotFound", notFound];
const invalid = (message: string): Refusal => ["400-InvalidParameter", message];

export class OciFacts {
  readonly shapes = [...shapes];
  readonly compartments: (Owned & { readonly above: string; readonly state: string })[];
  readonly images: (Owned & { readonly arm: boolean; readonly state: string; readonly gib: number })[];
  readonly subnets: (Owned & {
    readonly vcnId: string;
    readonly isPrivate: boolean;
    /** "" = of the whole region. */
    readonly availabilityDomain: string;
  })[];
  readonly groups: (Owned & { readonly vcnId: string })[];
  readonly zones: (Owned & { readonly name: string; readonly compartment: string; readonly viewId?: string })[];
  /** Namespaces of defined tags, with their keys. */
  readonly tagKeys = ["Operations.CostCenter", "Operations.Team"];

  constructor(readonly owner: string) {
    const own = (kind: string, name: string, region = ".iad.") => ({ owner, id: `ocid1.${kind}.oc1${region}${name}` });
    this.compartments = [
      { ...own("compartment", "team", ".."), above: own("compartment", "labs", "..").id, state: "ACTIVE" },
      { ...own("compartment", "labs", ".."), above: owner, state: "ACTIVE" },
    ];
    this.images = [
      { ...own("image", "ubuntu"), arm: false, state: "AVAILABLE", gib: 47 },
      { ...own("image", "windows"), arm: false, state: "AVAILABLE", gib: 256 },
      { ...own("image", "arm"), arm: true, state: "AVAILABLE", gib: 47 },
    ];
    this.subnets = [
      { ...own("subnet", "private"), vcnId: own("vcn", "main").id, isPrivate: true, availabilityDomain: "" },
      { ...own("subnet", "public"), vcnId: own("vcn", "main").id, isPrivate: false, availabilityDomain: "" },
      { ...own("subnet", "old"), vcnId: own("vcn", "main").id, isPrivate: true, availabilityDomain: domains[0]! },
    ];
    this.groups = [
      { ...own("networksecuritygroup", "agents"), vcnId: own("vcn", "main").id },
      { ...own("networksecuritygroup", "abroad"), vcnId: own("vcn", "other").id },
    ];
    const compartment = this.compartments[0]!.id;
    this.zones = [
      { ...own("dns-zone", "example"), name: "example.org", compartment },
      { ...own("dns-zone", "labs"), name: "labs.example.org", compartment },
      { ...own("dns-zone", "inside"), name: "example.org", compartment, viewId: "ocid1.dnsview.oc1.iad.inside" },
    ];
  }

  /** What a list tells of an owner's things. */
  seen<T extends Owned>(all: readonly T[], owner: string, id: unknown): T | undefined {
    return all.find((one) => one.owner === owner && one.id === id);
  }

  /** Why no instance is launched of these inputs, in the API's words. */
  refusalOf(inputs: Properties, owner: string): Refusal | undefined {
    const body = launchBodyOf(inputs) as unknown as LaunchBody;
    return (
      this.refusedPlace(body, owner) ?? this.refusedShape(body) ?? this.refusedVolume(body) ?? this.refusedTags(body)
    );
  }

  private refusedPlace(body: LaunchBody, owner: string): Refusal | undefined {
    const { availabilityDomain, createVnicDetails: vnic, sourceDetails } = body;
    if (!domains.includes(availabilityDomain)) return invalid(`Invalid availabilityDomain ${availabilityDomain}`);
    const subnet = this.seen(this.subnets, owner, vnic?.subnetId);
    const groups = (vnic?.nsgIds ?? []).map((id) => this.seen(this.groups, owner, id));
    const isKnown = this.seen(this.compartments, owner, body.compartmentId) !== undefined;
    const image = this.seen(this.images, owner, sourceDetails?.imageId);
    if (!isKnown || subnet === undefined || image === undefined || groups.includes(undefined)) return missing;
    if (subnet.isPrivate && vnic?.assignPublicIp !== false) {
      return invalid(`Public IP addresses are prohibited in this subnet {${subnet.id}}`);
    }
    if (subnet.availabilityDomain !== "" && subnet.availabilityDomain !== availabilityDomain) {
      return invalid(`Subnet ${subnet.id} is not in availability domain ${availabilityDomain}`);
    }
    const isAbroad = groups.some((group) => group?.vcnId !== subnet.vcnId);
    return isAbroad ? invalid("The network security group and the VNIC must be in the same VCN") : undefined;
  }

  private refusedShape({
    shape: name,
    availabilityDomain,
    sourceDetails,
    shapeConfig,
  }: LaunchBody): Refusal | undefined {
    const shape = this.shapes.find((one) => one.name === name && one.domains.includes(availabilityDomain));
    if (!shape) return ["404-NotAuthorizedOrNotFound", `shape ${name} not found`];
    const image = this.images.find(({ id }) => id === sourceDetails?.imageId)!;
    if (image.arm !== shape.arm) return invalid(`Shape ${name} is not valid for image ${image.id}.`);
    const { ocpus, memoryInGBs: memory, baselineOcpuUtilization: baseline } = shapeConfig ?? {};
    const [range] = shape.memoryOptions;
    if (!range) {
      const ratio = `Invalid ratio of memory in GB to OCPUs. Current ratio: ${memory}/${ocpus}. Valid ratio range: 0 - 0`;
      return shapeConfig === undefined ? undefined : invalid(ratio);
    }
    const [cores] = shape.ocpuOptions;
    if (ocpus === undefined) return ["400-MissingParameter", "shapeConfig.ocpus is required for a flexible shape"];
    if (ocpus < cores!.min || ocpus > cores!.max) return invalid(`Invalid number of OCPUs ${ocpus}`);
    const ratio = (memory ?? ocpus) / ocpus;
    if (ratio < range.minPerOcpuInGbs || ratio > range.maxPerOcpuInGbs) {
      const valid = `${range.minPerOcpuInGbs} - ${range.maxPerOcpuInGbs}`;
      return invalid(`Invalid ratio of memory in GB to OCPUs. Current ratio: ${ratio}. Valid ratio range: ${valid}`);
    }
    return baseline !== undefined && !shape.baselineOcpuUtilizations.includes(baseline) ? missing : undefined;
  }

  private refusedVolume({ sourceDetails, metadata = {}, extendedMetadata = {} }: LaunchBody): Refusal | undefined {
    const image = this.images.find(({ id }) => id === sourceDetails?.imageId)!;
    const { bootVolumeSizeInGBs: gib, bootVolumeVpusPerGB: vpus = 10 } = sourceDetails ?? {};
    if (gib !== undefined && (gib < Math.max(50, image.gib) || gib > 32_768)) {
      return invalid(`bootVolumeSizeInGBs ${gib} is out of range`);
    }
    if (vpus % 10 !== 0 || vpus < 10 || vpus > 120) return invalid(`bootVolumeVpusPerGB ${vpus} is out of range`);
    const bytes = Buffer.byteLength(JSON.stringify(metadata)) + Buffer.byteLength(JSON.stringify(extendedMetadata));
    return bytes > 32_000 + 4
      ? invalid("The combined size of metadata and extendedMetadata exceeds 32000 bytes")
      : undefined;
  }

  private refusedTags({ freeformTags = {}, definedTags = {} }: LaunchBody): Refusal | undefined {
    const tags = Object.entries(freeformTags);
    if (tags.length > 10) return invalid("The number of freeform tags exceeds 10");
    if (tags.some(([key, value]) => key.length > 100 || value.length > 256))
      return invalid("A freeform tag is too long");
    const keys = Object.entries(definedTags).flatMap(([space, inner]) =>
      Object.keys(inner).map((key) => `${space}.${key}`),
    );
    const unknown = keys.find((key) => !this.tagKeys.includes(key));
    if (unknown === undefined) return undefined;
    const said = `The following tag namespaces / keys are not authorized or not found: TagDefinition ${unknown} does not exists.`;
    return ["400-RelatedResourceNotAuthorizedOrNotFound", said];
  }
}

interface LaunchBody {
  readonly compartmentId: string;
  readonly availabilityDomain: string;
  readonly shape: string;
  readonly shapeConfig?: {
    readonly ocpus?: number;
    readonly memoryInGBs?: number;
    readonly baselineOcpuUtilization?: string;
  };
  readonly sourceDetails?: {
    readonly imageId?: string;
    readonly bootVolumeSizeInGBs?: number;
    readonly bootVolumeVpusPerGB?: number;
  };
  readonly createVnicDetails?: {
    readonly subnetId?: string;
    readonly nsgIds?: readonly string[];
    readonly assignPublicIp?: boolean;
  };
  readonly metadata?: Readonly<Record<string, string>>;
  readonly extendedMetadata?: Readonly<Record<string, unknown>>;
  readonly freeformTags?: Readonly<Record<string, string>>;
  readonly definedTags?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
