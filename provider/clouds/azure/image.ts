/** Which image VMs start from, written as Azure's JSON has it, as a URN or as an id. */
import { z } from "zod";

/** Exactly one kind of it: a Marketplace image, or an id. */
export type ImageReference =
  | { readonly publisher: string; readonly offer: string; readonly sku: string; readonly version: string }
  | { readonly id: string }
  | { readonly communityGalleryImageId: string }
  | { readonly sharedGalleryImageId: string };

const hint =
  'use {publisher, offer, sku, version} of the Marketplace, {id} of an image or gallery image, or either as text: "Canonical:ubuntu-24_04-lts:server:latest"';

const word = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, "use letters, digits, dots, dashes and underscores");
const version = z.string().regex(/^(?:latest|\d+(?:\.\d+){0,3})$/, 'use "latest" or a version such as "1.2.3"');

const ownId =
  /^\/subscriptions\/[^/\s]+\/resourceGroups\/[^/\s]+\/providers\/Microsoft\.Compute\/(?:images\/[^/\s]+|galleries\/[^/\s]+\/images\/[^/\s]+(?:\/versions\/[^/\s]+)?)$/i;
const communityId = /^\/communityGalleries\/[^/\s]+\/images\/[^/\s]+(?:\/versions\/[^/\s]+)?$/i;
const sharedId = /^\/sharedGalleries\/[^/\s]+\/images\/[^/\s]+(?:\/versions\/[^/\s]+)?$/i;

const asText = z.string().refine((text) => readImageText(text) !== undefined, { error: hint });

const asObject = z
  .strictObject({
    publisher: word.optional().describe('Publisher of a Marketplace image, e.g. `"Canonical"`. Default none.'),
    offer: word.optional().describe('Its offer, e.g. `"ubuntu-24_04-lts"`. Default none.'),
    sku: word.optional().describe('Its SKU, e.g. `"server"`. Default none.'),
    version: version
      .optional()
      .describe('Its version, e.g. `"24.04.202510010"`. Default: `"latest"`, of the day on which a node is made.'),
    id: z
      .string()
      .regex(ownId, hint)
      .optional()
      .describe("Id of an image, of a gallery's image or of a version of one. Default none."),
    communityGalleryImageId: z
      .string()
      .regex(communityId, hint)
      .optional()
      .describe("Id of an image in a community gallery, `/CommunityGalleries/<gallery>/Images/<image>`. Default none."),
    sharedGalleryImageId: z
      .string()
      .regex(sharedId, hint)
      .optional()
      .describe(
        "Id of an image in a gallery that is shared with the subscription, `/SharedGalleries/<gallery>/Images/<image>`. Default none.",
      ),
  })
  .refine((image) => readImage(image) !== undefined, { error: hint, abort: true });

/** Undefined = it names no image, or more than one. */
function readImage(image: Readonly<Record<string, string | undefined>>): ImageReference | undefined {
  const { publisher, offer, sku, version: at, ...ids } = image;
  const given = Object.entries(ids).filter(([, id]) => id !== undefined);
  if ([publisher, offer, sku, at].every((name) => name === undefined)) {
    return given.length === 1 ? (Object.fromEntries(given) as unknown as ImageReference) : undefined;
  }
  if (given.length > 0 || publisher === undefined || offer === undefined || sku === undefined) return undefined;
  return { publisher, offer, sku, version: at ?? "latest" };
}

/** A path of a URN, or of an id; undefined = it is neither. */
function readImageText(text: string): ImageReference | undefined {
  if (ownId.test(text)) return { id: text };
  if (communityId.test(text)) return { communityGalleryImageId: text };
  if (sharedId.test(text)) return { sharedGalleryImageId: text };
  const [publisher, offer, sku, at, ...others] = text.split(":");
  const parsed = asObject.safeParse({ publisher, offer, sku, version: at });
  return others.length === 0 && parsed.success ? readImage(parsed.data) : undefined;
}

export const imageReference = z
  .union([asText, asObject], { error: hint })
  .transform((image) => (typeof image === "string" ? readImageText(image)! : readImage(image)!));

/** As people read it. */
export function nameOfImage(image: ImageReference): string {
  if ("publisher" in image) return [image.publisher, image.offer, image.sku, image.version].join(":");
  return Object.values(image)[0] as string;
}
