/** Asks Prism Central about a user and about what a template names: image, cluster, subnet, project. */
import type { AccountCheck, AccountFinding } from "../../../runtime/model/account-check";
import { CloudError, messageOf } from "../../../runtime/model/errors";
import { formatMemory } from "../../../runtime/model/units";
import { isRecord } from "../../frame/inputs";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { PrismApi, type Entity, type Kind } from "./api";
import { accountRefusal, refusalWords } from "./failures";
import { findNamed, onlyCluster, prismCentralUuid, type Found } from "./inventory";
import type { NutanixSettings } from "./settings";

type Thing = "host" | "image" | "cluster" | "subnet" | "project" | "diskSize";

const looked = (field: string, remedy: string, permission: string): LookedUp => ({ field, remedy, permission });
const things: Readonly<Record<Thing, LookedUp>> = {
  host: looked("host", "name an address of Prism Central", "View Cluster"),
  image: looked("vmCandidate", "name an image", "View Image"),
  cluster: looked("cluster", "name a cluster", "View Cluster"),
  subnet: looked("subnet", "name a subnet", "View Subnet"),
  project: looked("project", "name a project", "View Project"),
  diskSize: looked("diskSize", "make it larger", "View Image"),
};

export async function checkNutanix(settings: NutanixSettings): Promise<AccountCheck> {
  const api = new PrismApi(settings);
  let user: { readonly name: string };
  try {
    user = await api.me();
  } catch (error) {
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
  const look = new Lookups<Thing>(things, refusalWords);
  const owner = await look.up("host", settings.host, () => prismCentralUuid(api));
  const image = await checkImage(api, settings, look);
  const cluster = await checkCluster(api, settings, look);
  await look.up("subnet", settings.subnet, async (value) => {
    const subnet = await named(api, look, { thing: "subnet", kind: "subnet", value });
    if (subnet !== undefined && cluster !== undefined) await checkSubnetOn(api, subnet, cluster, look);
  });
  await look.up("project", settings.project, (value) => named(api, look, { thing: "project", kind: "project", value }));
  if (image !== undefined) await checkSize(api, settings, image, look);
  return { ...(owner !== undefined && { identity: { owner, name: user.name } }), findings: look.findings() };
}

function refusedAccount(message: string, settings: NutanixSettings): AccountFinding {
  const refusal = accountRefusal(message, settings);
  if (refusal !== undefined) return refusal;
  const text = `host: Prism Central could not be asked: ${refusalWords.saidIn(message)}`;
  return { kind: "passing", field: "host", text };
}

interface Named {
  readonly thing: Thing;
  readonly kind: Kind;
  readonly value: string;
}

/** What is not there is a finding, and everything else that is thrown is told by who looks up. */
async function named(api: PrismApi, look: Lookups<Thing>, { thing, kind, value }: Named): Promise<Found | undefined> {
  try {
    return await findNamed(api, kind, things[thing].field, value);
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    look.note(thing, value, "wrong", error.message.replace(/^NutanixNotFound: \w+(?: "[^"]*")?: /, ""));
    return undefined;
  }
}

async function checkImage(api: PrismApi, { vmCandidate }: NutanixSettings, look: Lookups<Thing>) {
  return look.up("image", vmCandidate, async (value) => {
    try {
      return await findNamed(api, "image", "vmCandidate", value);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      const isVm = (await api.all("vm")).some(({ status, metadata }) => [status.name, metadata.uuid].includes(value));
      const missing = error.message.replace(/^NutanixNotFound: vmCandidate "[^"]*": /, "");
      const text = isVm ? "it is a VM, and VMs are not copied; make an image of its disk, and name that" : missing;
      look.note("image", value, "wrong", text);
      return undefined;
    }
  });
}

async function checkCluster(api: PrismApi, { cluster }: NutanixSettings, look: Lookups<Thing>) {
  if (cluster !== undefined) {
    return look.up("cluster", cluster, (value) => named(api, look, { thing: "cluster", kind: "cluster", value }));
  }
  return look.up("cluster", "", async () => {
    try {
      return await onlyCluster(api);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      look.note("cluster", "", "wrong", error.message.replace(/^NutanixNotFound: cluster: /, ""));
      return undefined;
    }
  });
}

/** A subnet of one cluster is not there on another; one of a virtual network is of none. */
async function checkSubnetOn(api: PrismApi, subnet: Found, cluster: Found, look: Lookups<Thing>): Promise<void> {
  const entity = await api.one("subnet", subnet.uuid);
  const reference = entity?.status["cluster_reference"];
  if (!isRecord(reference) || reference["uuid"] === cluster.uuid) return;
  look.note("subnet", subnet.name, "wrong", `it is not on cluster "${cluster.name}"; name a subnet of that`);
}

async function checkSize(api: PrismApi, { diskSize }: NutanixSettings, image: Found, look: Lookups<Thing>) {
  const has = sizeIn(await api.one("image", image.uuid));
  if (diskSize === undefined || has === undefined || diskSize >= has) return;
  const text = `image "${image.name}" has ${formatMemory(has)}; make it at least that large`;
  look.note("diskSize", formatMemory(diskSize), "wrong", text);
}

function sizeIn(image: Entity | undefined): number | undefined {
  const resources = image?.status["resources"];
  const size = isRecord(resources) ? resources["size_bytes"] : undefined;
  return typeof size === "number" ? size : undefined;
}
