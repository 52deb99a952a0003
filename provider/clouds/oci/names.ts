/**
 * How OCI writes ids, regions, availability domains and tags: what it would refuse only when a VM is made, often as "not
 * found" without a name, is refused when it is declared. Sources: Oracle's "Resource Identifiers", "Regions and Availability
 * Domains" and "Tags".
 */
import { z } from "zod";
import { identityKeys, identityKeysMax } from "../../frame/identity";

const ocidParts = /^ocid1\.([a-z0-9]+)\.[a-z0-9-]+\.([a-z0-9-]*)(?:\.[a-z0-9-]+)?\.[a-z0-9]+$/i;

/** Regions that ids name by a key. All others stand there by their name. */
const regionsByKey: Readonly<Record<string, string>> = {
  iad: "us-ashburn-1",
  phx: "us-phoenix-1",
  fra: "eu-frankfurt-1",
  lhr: "uk-london-1",
};

const regionPattern = /^[a-z]{2,5}(?:-[a-z]{2,20}){1,2}-\d{1,2}$/;
export const regionName = z.string().regex(regionPattern, 'use a region such as "us-ashburn-1"');

/** @param kinds What the second part of the id may say, the usual one first. */
export function ocidOf(...kinds: readonly [string, ...string[]]) {
  const wanted = kinds.map((kind) => `"ocid1.${kind}."`).join(" or ");
  return z.string().superRefine((text, context) => {
    const [, kind] = ocidParts.exec(text) ?? [];
    if (kind !== undefined && kinds.includes(kind)) return;
    const seen = kind === undefined ? "use an OCID that" : `this is the OCID of a ${kind}; use one that`;
    context.addIssue({ code: "custom", message: `${seen} begins with ${wanted}` });
  });
}

/** The region that an id is of; undefined = of none, or of one that is written in a way that is not known here. */
export function regionOfOcid(ocid: string): string | undefined {
  const [, , part = ""] = ocidParts.exec(ocid) ?? [];
  return regionsByKey[part] ?? (regionPattern.test(part) ? part : undefined);
}

/** Whether an id may be one of this region. */
export function mayBeIn(region: string, of: string | undefined): boolean {
  return of === undefined || of === region;
}

const domainPattern = /^[A-Za-z0-9]{4}:([A-Z0-9-]+)-AD-\d$/;
export const availabilityDomainName = z
  .string()
  .regex(domainPattern, 'use the whole name with the tenancy\'s own beginning, such as "BEol:US-ASHBURN-AD-1"');

/** Of the two oldest regions the domains are not called after the region's name. */
const oldDomains: Readonly<Record<string, string>> = { PHX: "us-phoenix-1", "US-ASHBURN": "us-ashburn-1" };

/** The region that an availability domain is in; undefined = not known. */
export function regionOfDomain(name: string): string | undefined {
  const [, part = ""] = domainPattern.exec(name) ?? [];
  const lower = part.toLowerCase();
  return oldDomains[part] ?? (regionPattern.test(lower) ? lower : undefined);
}

export const faultDomainName = z.enum(["FAULT-DOMAIN-1", "FAULT-DOMAIN-2", "FAULT-DOMAIN-3"]);

export const shapeName = z
  .string()
  .regex(/^(?:VM|BM)\.[A-Za-z0-9]+(?:\.[A-Za-z0-9]+){0,4}$/, 'use a shape such as "VM.Standard.E4.Flex"');

/** Freeform tags that a resource may have, with those that say whose it is. */
const tagsMax = 10;
const ownTagsMax = tagsMax - identityKeysMax;
const ownKeys: readonly string[] = Object.values(identityKeys);

export const freeformTagsShape = z
  .record(
    z.string().regex(/^[^\s.]{1,100}$/, "a key has 1 to 100 characters, no blank and no dot"),
    z.string().max(256),
  )
  .refine(
    (tags) => !areTooManyTags(tags),
    `at most ${ownTagsMax} tags: OCI takes ${tagsMax}, and the others say whose the VM is`,
  );

function areTooManyTags(tags: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(tags).filter((key) => !ownKeys.includes(key)).length > ownTagsMax;
}

export const definedTagsShape = z
  .record(
    z
      .string()
      .regex(
        /^[\x21-\x2d\x2f-\x7e]{1,100}\.[\x21-\x2d\x2f-\x7e]{1,100}$/,
        'use a namespace and one of its keys with a dot between them, such as "Operations.CostCenter"',
      ),
    z.string().max(256),
  )
  .refine((tags) => Object.keys(tags).length <= 64, "at most 64 defined tags");

const publicKeyLine =
  /^(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp\d{3}|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]+={0,3}(?: [^\n]*)?$/;

/** As in `authorized_keys`: one line for each key. */
export const sshPublicKeys = z.string().refine(
  (text) =>
    text
      .trim()
      .split(/\r?\n/)
      .every((line) => publicKeyLine.test(line.trim())),
  'use one public key in a line, such as "ssh-ed25519 AAAA... ops"',
);
