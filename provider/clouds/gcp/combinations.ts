/** What Google Cloud refuses of settings and overrides together, though each field by itself is fine. */
import { isRecord, type Inputs } from "../../frame/inputs";
import { metadataBytesMax, metadataBytesOf, tooLarge, type Metadata } from "./metadata";
import { acceleratorAt, locationOfKey, regionOf, subnetworkAt } from "./names";
import { acceleratorsIn, isSpot, overrideOf, schedulingIn, zonesOf, type Given } from "./template";

interface Found {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

interface Settings extends Given {
  readonly project: string;
  readonly region?: string | undefined;
  readonly cmek?: string | undefined;
  readonly network?: string | undefined;
  readonly subnetwork?: string | undefined;
  readonly publicIp?: boolean | undefined;
  readonly addressType: "private" | "public";
  readonly metadata: Metadata;
}

export function combinationProblems(settings: Settings): Found[] {
  return [
    ...placeProblems(settings),
    ...networkProblems(settings),
    ...acceleratorProblems(settings),
    ...schedulingProblems(settings),
    ...metadataProblems(settings),
  ];
}

/** Whoever said it last: that override, else the setting. */
function pathOf({ configOverride, inputOverride }: Given, field: string, setting: string): readonly string[] {
  if (field in inputOverride) return ["inputOverride", field];
  return field in configOverride ? ["configOverride", field] : [setting];
}

function placeProblems({ region, cmek, ...settings }: Settings): Found[] {
  const zones = zonesOf(settings);
  const [first = ""] = zones;
  const found: Found[] = [];
  const add = (path: string, message: string) => found.push({ path: [path], message });
  const elsewhere = zones.find((zone) => regionOf(zone) !== regionOf(first));
  if (elsewhere !== undefined) add("zone", `"${first}" and "${elsewhere}" are of two regions; use zones of one`);
  if (new Set(zones).size < zones.length) add("zone", "name each zone once");
  if (region !== undefined && region !== regionOf(first)) {
    add("region", `zone "${first}" is in region "${regionOf(first)}"; leave region out, or use a zone of it`);
  }
  const location = cmek === undefined ? undefined : locationOfKey(cmek);
  // Of several regions: their names have no number.
  if (location !== undefined && /\d$/.test(location) && location !== regionOf(first)) {
    add(
      "cmek",
      `the key is in "${location}", and the disks in "${regionOf(first)}"; use a key of that region, or one of global`,
    );
  }
  return found;
}

function networkProblems(settings: Settings): Found[] {
  const { project, network, subnetwork, publicIp, addressType } = settings;
  const region = regionOf(zonesOf(settings)[0] ?? "");
  const [first] = interfacesIn(overrideOf(settings));
  const found: Found[] = [];
  if (addressType === "public" && publicIp === false) {
    found.push({ path: ["publicIp"], message: "not false with addressType public" });
  }
  const isNamed = [network, subnetwork, first?.["network"], first?.["subnetwork"], first?.["networkAttachment"]].some(
    (name) => name !== undefined,
  );
  if (!isNamed) {
    const message = "is missing; name a subnetwork, or the network alone where it makes its subnetworks itself";
    found.push({ path: ["subnetwork"], message });
  }
  const said = first?.["subnetwork"] ?? subnetwork;
  if (typeof said !== "string") return found;
  const path =
    first?.["subnetwork"] === undefined ? ["subnetwork"] : pathOf(settings, "networkInterfaces", "subnetwork");
  const { region: ofSubnetwork } = subnetworkAt(said, project);
  if (ofSubnetwork !== undefined && ofSubnetwork !== region) {
    found.push({
      path,
      message: `the subnetwork is in region "${ofSubnetwork}", and the zone in "${region}"; use one of that region`,
    });
  }
  return found;
}

export function interfacesIn(override: Inputs): readonly Inputs[] {
  const { networkInterfaces } = override;
  return Array.isArray(networkInterfaces) ? (networkInterfaces as readonly unknown[]).filter(isRecord) : [];
}

function acceleratorProblems(settings: Settings): Found[] {
  const zones = zonesOf(settings);
  return settings.guestAccelerators.flatMap(({ acceleratorType }, index) => {
    const { zone } = acceleratorAt(acceleratorType);
    if (zone === undefined || (zones.length === 1 && zones[0] === zone)) return [];
    const message = `names a type of zone "${zone}", and the VMs are in ${zones.join(", ")}; use its name alone`;
    return [{ path: ["guestAccelerators", index, "acceleratorType"], message }];
  });
}

function schedulingProblems(settings: Settings): Found[] {
  const { automaticRestart, onHostMaintenance, maxRunDuration, terminationTime } = schedulingIn(settings);
  const path = pathOf(settings, "scheduling", "spot");
  const found: Found[] = [];
  const add = (message: string) => found.push({ path, message });
  const gpus = acceleratorsIn(settings);
  if (onHostMaintenance === "MIGRATE") {
    if (gpus.length > 0) add('onHostMaintenance: not "MIGRATE" with GPUs, which can\'t be moved; use "TERMINATE"');
    if (isSpot(settings)) add('onHostMaintenance: not "MIGRATE" for spot VMs; use "TERMINATE"');
  }
  if (isSpot(settings) && automaticRestart === true) add("automaticRestart: not true for spot VMs");
  if (maxRunDuration !== undefined && terminationTime !== undefined) {
    add("maxRunDuration and terminationTime: one of the two");
  }
  return found;
}

function metadataProblems(settings: Settings): Found[] {
  const { metadata } = overrideOf(settings);
  if (!isRecord(metadata)) return [];
  const bytes = metadataBytesOf({ ...settings.metadata, ...(metadata as Metadata) });
  if (bytes <= metadataBytesMax) return [];
  return [{ path: pathOf(settings, "metadata", "metadata"), message: tooLarge(bytes) }];
}
