/** What Azure tells of an image: of the Marketplace, of your own, or of a gallery. */
import { part, type ArmApi } from "./arm";
import type { ImageReference } from "./image";

export interface ImageFacts {
  /** `V1` or `V2`; undefined = not told. */
  readonly generation?: string;
  /** `x64` or `Arm64`; undefined = not told. */
  readonly architecture?: string;
  /** Which plan a VM of it must name; undefined = none. */
  readonly plan?: { readonly name: string; readonly product: string; readonly publisher: string };
  /** GiB of its OS disk; undefined = not told. */
  readonly sizeGib?: number;
  /** Region that it is in; undefined = not told. */
  readonly region?: string;
  /** What it says of secure starts, e.g. `TrustedLaunchSupported`; undefined = not told. */
  readonly security?: string;
}

interface Plan {
  readonly name?: string;
  readonly product?: string;
  readonly publisher?: string;
}

interface ImageAnswer {
  readonly location?: string;
  readonly properties?: {
    readonly hyperVGeneration?: string;
    readonly architecture?: string;
    readonly plan?: Plan;
    readonly purchasePlan?: Plan;
    readonly osDiskImage?: { readonly sizeInGb?: number };
    readonly storageProfile?: { readonly osDisk?: { readonly diskSizeGB?: number } };
    readonly features?: readonly { readonly name?: string; readonly value?: string }[];
  };
}

const marketVersion = "2024-07-01";
const imageVersion = "2024-07-01";
const galleryVersion = "2024-03-03";

/** Throws the refusal when there is no such image. */
export async function askImage(api: ArmApi, region: string, image: ImageReference): Promise<ImageFacts> {
  if ("publisher" in image) return factsOf(await askMarket(api, region, image));
  if ("id" in image) {
    const isGallery = /\/galleries\//i.test(image.id);
    return factsOf(await api.get<ImageAnswer>(withoutVersion(image.id), isGallery ? galleryVersion : imageVersion));
  }
  const shared = "communityGalleryImageId" in image ? image.communityGalleryImageId : image.sharedGalleryImageId;
  const path = `/providers/Microsoft.Compute/locations/${part(region)}${withoutVersion(shared)}`;
  return factsOf(await api.get<ImageAnswer>(path, galleryVersion));
}

/** What an image is stands in the gallery's image, and not in a version of it. */
function withoutVersion(id: string): string {
  return id.replace(/\/versions\/[^/]+$/i, "");
}

async function askMarket(
  api: ArmApi,
  region: string,
  { publisher, offer, sku, version }: Extract<ImageReference, { readonly publisher: string }>,
): Promise<ImageAnswer> {
  const names = { publishers: publisher, "artifacttypes/vmimage/offers": offer, skus: sku };
  const path = Object.entries(names).map(([kind, name]) => `/${kind}/${part(name)}`);
  const versions = `/providers/Microsoft.Compute/locations/${part(region)}${path.join("")}/versions`;
  const named = version === "latest" ? await latestOf(api, versions) : version;
  return api.get<ImageAnswer>(`${versions}/${part(named)}`, marketVersion);
}

async function latestOf(api: ArmApi, path: string): Promise<string> {
  const query = { $top: "1", $orderby: "name desc" };
  const [latest] = await api.get<readonly { readonly name?: string }[]>(path, marketVersion, query);
  return latest?.name ?? "latest";
}

function factsOf({ location, properties = {} }: ImageAnswer): ImageFacts {
  const { hyperVGeneration: generation, architecture, features = [], osDiskImage, storageProfile } = properties;
  const plan = properties.plan ?? properties.purchasePlan;
  const sizeGib = osDiskImage?.sizeInGb ?? storageProfile?.osDisk?.diskSizeGB;
  const security = features.find(({ name }) => name === "SecurityType")?.value;
  // A Marketplace image is everywhere that it is found, and a gallery's is where its versions are.
  const region = storageProfile === undefined ? undefined : location?.replaceAll(" ", "").toLowerCase();
  return {
    ...(generation && { generation }),
    ...(architecture && { architecture }),
    ...(plan?.name && { plan: { name: plan.name, product: plan.product ?? "", publisher: plan.publisher ?? "" } }),
    ...(sizeGib && { sizeGib }),
    ...(region && { region }),
    ...(security && { security }),
  };
}

const agreementsVersion = "2021-01-01";

/** Whether the terms of a plan have been accepted in the subscription. */
export async function askTerms(api: ArmApi, { name, product, publisher }: NonNullable<ImageFacts["plan"]>) {
  const path =
    `/providers/Microsoft.MarketplaceOrdering/offerTypes/virtualmachine/publishers/${part(publisher)}` +
    `/offers/${part(product)}/plans/${part(name)}/agreements/current`;
  const { properties } = await api.get<{ readonly properties?: { readonly accepted?: boolean } }>(
    path,
    agreementsVersion,
  );
  return properties?.accepted === true;
}
