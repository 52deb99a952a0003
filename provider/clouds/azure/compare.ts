/** What does not fit together of what a template names, although each of it is there. */
import { valueAt } from "../../frame/inputs";
import type { Lookups } from "../../frame/lookups";
import { nameOfImage } from "./image";
import type { ImageFacts } from "./image-facts";
import type { SizeFacts } from "./sizes";
import type { Network, Template, Thing } from "./template";

type Look = Lookups<Thing>;

export function compareSize(look: Look, template: Template, size: SizeFacts | undefined): void {
  const { region, size: name, zone, inputs } = template;
  const note = (thing: Thing, value: string, text: string) => look.note(thing, value, "wrong", text);
  if (size === undefined) return note("size", name, `region "${region}" has no size of this name; name another one`);
  if (size.restriction !== undefined) {
    note(
      "size",
      name,
      `the subscription gets none in region "${region}" (${size.restriction}); ask Azure's support for it, or name another one`,
    );
  }
  if (zone !== undefined && !size.zones.includes(zone)) {
    const offered = size.zones.length === 0 ? "none" : size.zones.join(", ");
    note("zone", zone, `size "${name}" is not in this zone of region "${region}"; zones that have it: ${offered}`);
  }
  const diskType = String(valueAt(inputs, "storageProfile.osDisk.managedDisk.storageAccountType"));
  if (/^Premium/.test(diskType) && size.has("PremiumIO") === false) {
    note(
      "osDiskType",
      diskType,
      `size "${name}" takes no premium disks; use StandardSSD_LRS, or a size with an "s" in its name`,
    );
  }
  if (inputs["priority"] === "Spot" && size.has("LowPriorityCapable") === false) {
    note("size", name, "there are no spot VMs of this size; name another one, or leave spot out");
  }
  const security = valueAt(inputs, "securityProfile.securityType");
  if (security === "TrustedLaunch" && (size.has("TrustedLaunchDisabled") === true || isOnly(size.generations, "V1"))) {
    note("securityType", security, `size "${name}" does not take it; name another size`);
  }
}

function isOnly(generations: readonly string[], generation: string): boolean {
  return generations.length > 0 && generations.every((one) => one === generation);
}

export function compareImage(look: Look, template: Template, image: ImageFacts, size: SizeFacts | undefined): void {
  const { plan, region, inputs } = template;
  const name = nameOfImage(template.image);
  const note = (text: string) => look.note("image", name, "wrong", text);
  const { generation, architecture } = image;
  if (generation && size && size.generations.length > 0 && !size.generations.includes(generation)) {
    const taken = size.generations.join(" and ");
    const hint =
      generation === "V1"
        ? "take an image of generation 2, whose sku mostly ends in -gen2 or -g2"
        : "take an image of generation 1";
    note(
      `the image is of Hyper-V generation ${generation}, and size "${template.size}" starts only ${taken}; ${hint}, or another size`,
    );
  }
  if (architecture && size?.architecture && architecture.toLowerCase() !== size.architecture.toLowerCase()) {
    note(`the image is for ${architecture}, and size "${template.size}" has ${size.architecture}; change one`);
  }
  if (image.region !== undefined && image.region !== region) {
    note(
      `the image is in region "${image.region}", and the VMs in "${region}"; copy it there, or put it into a gallery`,
    );
  }
  const diskSize = valueAt(inputs, "storageProfile.osDisk.diskSizeGB");
  if (image.sizeGib !== undefined && typeof diskSize === "number" && diskSize < image.sizeGib) {
    look.note("osDiskSize", `${diskSize}GiB`, "wrong", `the image has ${image.sizeGib} GiB; use that or more`);
  }
  comparePlan(look, plan, image, name);
  const security = valueAt(inputs, "securityProfile.securityType");
  if (security !== undefined && (generation === "V1" || image.security === "None")) {
    look.note(
      "securityType",
      String(security),
      "wrong",
      "the image does not take it; take one of generation 2 that does",
    );
  }
}

function comparePlan(look: Look, plan: Template["plan"], image: ImageFacts, name: string): void {
  if (image.plan !== undefined && plan === undefined) {
    const { name: planName, product, publisher } = image.plan;
    const whole = `{ name: "${planName}", product: "${product}", publisher: "${publisher}" }`;
    look.note("image", name, "wrong", `the image has a plan, which each VM must name: set plan to ${whole}`);
  }
  if (image.plan === undefined || plan === undefined) return;
  const isSame = (["name", "product", "publisher"] as const).every(
    (part) => plan[part].toLowerCase() === image.plan![part].toLowerCase(),
  );
  if (!isSame)
    look.note("plan", plan.name, "wrong", `the image has the plan ${Object.values(image.plan).join(", ")}; name that`);
}

export function compareTerms(look: Look, plan: NonNullable<Template["plan"]>, isAccepted: boolean): void {
  if (isAccepted) return;
  const command = `az vm image terms accept --publisher ${plan.publisher} --offer ${plan.product} --plan ${plan.name}`;
  look.note("plan", plan.name, "wrong", `its terms have not been accepted in the subscription; once: ${command}`);
}

const plainRegion = (region = ""): string => region.replaceAll(" ", "").toLowerCase();

export function compareNetwork(look: Look, { region, subnet, isPublic }: Template, network: Network): void {
  const note = (text: string) => look.note("subnet", subnet, "wrong", text);
  const at = plainRegion(network.location);
  if (at !== "" && at !== region)
    note(`its virtual network is in region "${at}", and the VMs in "${region}"; use one of their region`);
  const name = subnet.split("/").at(-1)!;
  const found = network.properties?.subnets?.find((one) => one.name?.toLowerCase() === name.toLowerCase());
  if (found === undefined) return note(`its virtual network has no subnet "${name}"; make it, or name another one`);
  if (isPublic && found.properties?.natGateway) {
    look.note(
      "assignPublicIp",
      "true",
      "wrong",
      "the subnet has a NAT gateway, beside which VMs have no public addresses: take one of both away",
    );
  }
}

export function compareSecurityGroup(look: Look, template: Template, group: { readonly location?: string }): void {
  const at = plainRegion(group.location);
  if (at === "" || at === template.region) return;
  const text = `it is in region "${at}", and the VMs in "${template.region}"; use one of their region`;
  look.note("securityGroup", template.securityGroup ?? "", "wrong", text);
}
