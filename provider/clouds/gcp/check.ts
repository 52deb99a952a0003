/** Asks Compute Engine about a project and about what a template names: zones, machine type, image, network, disks, GPUs. */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountCheck, AccountFinding, KnownSize } from "../../../runtime/model/account-check";
import { messageOf } from "../../../runtime/model/errors";
import { isRecord, valueAt } from "../../frame/inputs";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { openCompute, projectOf } from "./account";
import { interfacesIn } from "./combinations";
import { ownerOfKey } from "./credentials";
import type { GoogleApi } from "./google-api";
import { defaultDiskType, gpusOf } from "./instance";
import { imageAt, networkAt, subnetworkAt } from "./names";
import { accountRefusal, words } from "./refusals";
import type { GcpSettings } from "./settings";
import { acceleratorsIn, customShapeOf, machineTypeIn, overrideOf, regionOfZones, zonesOf } from "./template";

/** In the order in which their findings are told. */
function thingsOf(settings: GcpSettings) {
  const override = overrideOf(settings);
  const field = (input: string, setting: string): string => (input in override ? `override of ${input}` : setting);
  const other = "name another one";
  return {
    zone: { field: "zone", remedy: `Google Cloud has no zone of this name; ${other}`, permission: "compute.zones.get" },
    machineType: {
      field: field("machineType", "machineType"),
      remedy: "the zone does not have this machine type; use one that is offered there",
      permission: "compute.machineTypes.get",
    },
    image: {
      field: "image",
      remedy: `there is no such image that these credentials may use; ${other}, or give them roles/compute.imageUser in its project`,
      permission: "compute.images.get",
    },
    diskType: {
      field: "diskType",
      remedy: `the zone has no such disk type; ${other}`,
      permission: "compute.diskTypes.get",
    },
    network: {
      field: "network",
      remedy: `there is no such network; make it, or ${other}`,
      permission: "compute.networks.get",
    },
    subnetwork: {
      field: "subnetwork",
      remedy: `there is no such subnetwork in the region; make it, or ${other}`,
      permission: "compute.subnetworks.get",
    },
    guestAccelerators: {
      field: "guestAccelerators",
      remedy: `the zone does not have GPUs of this type; ${other}, or use another zone`,
      permission: "compute.acceleratorTypes.get",
    },
  } as const satisfies Readonly<Record<string, LookedUp>>;
}
type Thing = keyof ReturnType<typeof thingsOf>;

/** Of the answers only what is looked at. */
interface MachineType {
  readonly name: string;
  readonly guestCpus: number;
  readonly memoryMb: number;
  readonly architecture?: string;
  readonly accelerators?: readonly { readonly guestAcceleratorCount: number }[];
  readonly deprecated?: { readonly state?: string };
}
interface Image {
  readonly name: string;
  readonly status: string;
  readonly architecture?: string;
  readonly diskSizeGb: string;
  readonly deprecated?: { readonly state?: string; readonly replacement?: string };
}
interface Network {
  readonly selfLink: string;
  readonly autoCreateSubnetworks?: boolean;
}
interface Subnetwork {
  readonly network: string;
}

export async function checkProject(settings: GcpSettings, options: pulumi.InvokeOptions): Promise<AccountCheck> {
  let api: GoogleApi;
  let owner: string | undefined;
  const unknown: AccountFinding[] = [];
  try {
    api = await openCompute(settings, options);
  } catch (error) {
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
  try {
    owner = (await projectOf(settings, options)).id;
  } catch (error) {
    const finding = refusedProject(messageOf(error), settings);
    // Who may not tell which project it is may still look at the rest.
    if (finding.kind !== "unchecked") return { findings: [finding] };
    unknown.push(finding);
  }
  const look = new Lookups<Thing>(thingsOf(settings), words);
  const size = await lookUp(look, api, settings);
  return {
    ...(owner !== undefined && { identity: { owner, name: principalOf(settings) } }),
    findings: [...unknown, ...look.findings()],
    ...(size && { size }),
  };
}

async function lookUp(look: Lookups<Thing>, api: GoogleApi, settings: GcpSettings): Promise<KnownSize | undefined> {
  const { project } = settings;
  const zones = zonesOf(settings);
  const perZone = zones.map((zone) => askZone(look, api, settings, zone));
  const image = imageAt(imageIn(settings), project).path;
  const [types, imageFacts, network, subnetwork] = await Promise.all([
    Promise.all(perZone),
    look.up("image", image, (path) => api.get<Image>(path)),
    look.up("network", networkIn(settings), (path) => api.get<Network>(path)),
    look.up("subnetwork", subnetworkIn(settings), (path) => api.get<Subnetwork>(path)),
  ]);
  const type = types.find((one) => one !== undefined);
  if (imageFacts) compareImage(look, image, imageFacts, type, settings);
  if (network && !subnetworkIn(settings)) compareNetwork(look, network, settings);
  if (network && subnetwork && networkOf(subnetwork.network) !== networkOf(network.selfLink)) {
    const said = `${networkOf(subnetwork.network)}, and not "${networkOf(network.selfLink)}"`;
    look.note(
      "subnetwork",
      subnetworkIn(settings) ?? "",
      "wrong",
      `the subnetwork is of network ${said}; name one of its own`,
    );
  }
  return type && sizeOf(type, settings);
}

async function askZone(
  look: Lookups<Thing>,
  api: GoogleApi,
  settings: GcpSettings,
  zone: string,
): Promise<MachineType | undefined> {
  const place = `projects/${settings.project}/zones/${zone}`;
  const found = await look.up("zone", zone, () => api.get<{ readonly status: string }>(place));
  // What a zone that is not there has nobody needs to hear.
  if (found === undefined) return undefined;
  if (found.status !== "UP") look.note("zone", zone, "passing", `the zone is ${found.status} now`);
  const machineType = machineTypeIn(settings);
  const [type] = await Promise.all([
    look.up("machineType", machineType, (name) => api.get<MachineType>(`${place}/machineTypes/${name}`)),
    look.up("diskType", diskTypeIn(settings), (name) => api.get(`${place}/diskTypes/${name}`)),
    ...acceleratorsIn(settings).map(({ type: gpu, count }) =>
      askAccelerator(look, api, `${place}/acceleratorTypes/${gpu}`, { gpu, count }),
    ),
  ]);
  const state = type?.deprecated?.state;
  if (state === "OBSOLETE" || state === "DELETED") {
    look.note(
      "machineType",
      machineType,
      "wrong",
      `Google Cloud makes no VMs of it any more (${state}); name another one`,
    );
  }
  return type;
}

async function askAccelerator(
  look: Lookups<Thing>,
  api: GoogleApi,
  path: string,
  { gpu, count }: { readonly gpu: string; readonly count: number },
): Promise<void> {
  const found = await look.up("guestAccelerators", gpu, () =>
    api.get<{ readonly maximumCardsPerInstance?: number }>(path),
  );
  const most = found?.maximumCardsPerInstance ?? Infinity;
  if (count > most)
    look.note("guestAccelerators", gpu, "wrong", `${count} are asked for, and a VM takes at most ${most}`);
}

function compareImage(
  look: Lookups<Thing>,
  path: string,
  { status, architecture, diskSizeGb, deprecated }: Image,
  type: MachineType | undefined,
  settings: GcpSettings,
): void {
  const note = (text: string) => look.note("image", path, "wrong", text);
  if (status !== "READY") note(`the image is there, but ${status} and not READY; name one that is`);
  if (deprecated?.state === "OBSOLETE" || deprecated?.state === "DELETED") {
    const instead =
      deprecated.replacement === undefined ? "name another one" : `its replacement is ${deprecated.replacement}`;
    note(`the image is ${deprecated.state}; ${instead}`);
  }
  if (type?.architecture && architecture && type.architecture !== architecture) {
    note(`the image is for ${architecture}, and "${type.name}" is ${type.architecture}; change one`);
  }
  const size = bootSizeIn(settings);
  if (size !== undefined && size < Number(diskSizeGb)) {
    note(
      `the image has ${diskSizeGb} GiB, and bootVolumeSize is ${size} GiB; make the disk at least as large, an image of a family may grow`,
    );
  }
}

function compareNetwork(
  look: Lookups<Thing>,
  { selfLink, autoCreateSubnetworks }: Network,
  settings: GcpSettings,
): void {
  if (autoCreateSubnetworks === true) return;
  const text = `the network does not make its subnetworks itself; name one of its region "${regionOfZones(settings)}" by subnetwork`;
  look.note("network", networkOf(selfLink), "wrong", text);
}

function networkOf(link: string): string {
  return link.replace(/^.*\/(?=projects\/)/, "");
}

function imageIn(settings: GcpSettings): string {
  const image = valueAt(overrideOf(settings), "bootDisk.initializeParams.image");
  return typeof image === "string" ? image : settings.image;
}

function bootSizeIn(settings: GcpSettings): number | undefined {
  const size = valueAt(overrideOf(settings), "bootDisk.initializeParams.size");
  return typeof size === "number" ? size : settings.bootVolumeSize;
}

function diskTypeIn(settings: GcpSettings): string {
  const type = valueAt(overrideOf(settings), "bootDisk.initializeParams.type");
  return typeof type === "string" ? type : (settings.diskType ?? defaultDiskType(machineTypeIn(settings)));
}

function networkIn(settings: GcpSettings): string | undefined {
  const network = interfacesIn(overrideOf(settings))[0]?.["network"] ?? settings.network;
  return typeof network === "string" ? networkAt(network, settings.project) : undefined;
}

function subnetworkIn(settings: GcpSettings): string | undefined {
  const said = interfacesIn(overrideOf(settings))[0]?.["subnetwork"] ?? settings.subnetwork;
  if (typeof said !== "string") return undefined;
  const { project, region = regionOfZones(settings), name } = subnetworkAt(said, settings.project);
  return `projects/${project}/regions/${region}/subnetworks/${name}`;
}

/** With the GPUs that are attached; undefined where an override gives a VM only a part of its cores. */
export function sizeNameOf(settings: GcpSettings): string | undefined {
  const machineType = machineTypeIn(settings);
  const features = overrideOf(settings)["advancedMachineFeatures"];
  if (customShapeOf(machineType) !== undefined) return undefined;
  if (isRecord(features) && ("threadsPerCore" in features || "visibleCoreCount" in features)) return undefined;
  const gpus = acceleratorsIn(settings).map(({ type, count }) => `${count} x ${type}`);
  return gpus.length === 0 ? machineType : `${machineType} with ${gpus.join(" and ")}`;
}

function sizeOf({ guestCpus, memoryMb, accelerators = [] }: MachineType, settings: GcpSettings): KnownSize | undefined {
  const name = sizeNameOf(settings);
  if (name === undefined) return undefined;
  const attached = acceleratorsIn(settings).reduce((sum, { count }) => sum + count, 0);
  const gpus = gpusOf(accelerators) + attached;
  return { name, shape: { cores: guestCpus, memoryBytes: memoryMb * 2 ** 20, gpus } };
}

/** Who asks, in Google Cloud's words. */
function principalOf({ credentials, impersonateServiceAccount, project }: GcpSettings): string {
  const who = impersonateServiceAccount ?? ownerOfKey(credentials)?.email ?? "the runtime's own machine";
  return `${who} in project ${project}`;
}

function refusedAccount(message: string, settings: GcpSettings): AccountFinding {
  const text = `the account could not be asked: ${words.saidIn(message)}`;
  return accountRefusal(message, settings) ?? { kind: "passing", field: "credentials", text };
}

function refusedProject(message: string, settings: GcpSettings): AccountFinding {
  const refusal = accountRefusal(message, settings);
  if (refusal !== undefined) return refusal;
  const { project } = settings;
  const kind = words.kindOf(message);
  const said = words.saidIn(message);
  const texts = {
    wrong: `${said}: there is no such project; use its id, not its name`,
    unchecked: `which project it is could not be told: ${said}; allow the action compute.projects.get, so that another project is refused`,
    passing: `the project could not be asked: ${said}`,
  };
  return { kind, field: "project", text: `project "${project}": ${texts[kind]}` };
}
