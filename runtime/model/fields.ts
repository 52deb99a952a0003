/** What the fields of documents are made of: names, quantities with their units, counts, hosts. */
import { z } from "zod";
import { identitySchema } from "./identity";
import { durationForms, memoryForms, parseDuration, parseMemory } from "./units";

/** Every name: lower-case letters, digits and dashes, starting with a letter, at most 40 characters. */
export const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "use 1 to 40 lower-case letters, digits and dashes, starting with a letter");

/** Name of a definition. */
export const definitionName = nameSchema.describe(
  "Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name.",
);

/** Memory at the edge, bytes inside. The pattern is that of `parseMemory`, so that schemas made from this one tell it. */
export const memorySchema = z
  .string({ error: `use ${memoryForms}` })
  .regex(/^\s*\d{1,9}(\.\d{1,6})?\s?(MiB|GiB|TiB|MB|GB|TB)\s*$/, `use ${memoryForms}`)
  .transform((text) => parseMemory(text)!);

/** A duration at the edge, seconds inside. The pattern is that of `parseDuration`. */
export const durationSchema = z
  .string({ error: `use ${durationForms}` })
  .regex(/^\s*\d{1,9}[smhd]\s*$/, `use ${durationForms}`)
  .transform((text) => parseDuration(text)!);

/** How many of something. */
export const count = z.int().min(0).max(100_000);
/** vCPUs. */
export const cores = z.number().min(0).max(10_000);

/** ISO 4217. */
export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, 'use the three capital letters of a currency, such as "EUR"');

/** Labels of letters, digits and inner dashes, 1 to 63 each, with dots between them; 253 characters in all. */
const hostPattern =
  /^(?=.{1,253}$)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** Host and port of an address that may name a port; IPv6 addresses with one stand in brackets. */
export function splitHost(address: string): { readonly host: string; readonly port?: number } {
  const [, host, port] = /^\[(.+)\](?::(\d+))?$/.exec(address) ?? /^([^:]+):(\d+)$/.exec(address) ?? [];
  return { host: host ?? address, ...(port === undefined ? {} : { port: Number(port) }) };
}

/** What everybody who reads it takes for an IPv4 address. */
const endsInNumber = /(^|\.)(\d+|0x[0-9a-f]*)$/i;

function isHost(host: string): boolean {
  if (/^\[.{2,45}\]$/.test(host)) return z.ipv6().safeParse(host.slice(1, -1)).success;
  if (!hostPattern.test(host)) return false;
  return !endsInNumber.test(host) || z.ipv4().safeParse(host).success;
}

/** The host of an address without its port. */
export function hostOf(address: string): string {
  return address.replace(/:\d{1,5}$/, "");
}

/** A host name or an IP address, with an optional port. */
export const hostSchema = z.string().refine((text) => {
  const host = hostOf(text);
  const port = text === host ? undefined : Number(text.slice(host.length + 1));
  return isHost(host) && (port === undefined || (port >= 1 && port <= 65_535));
}, "use a host name or an IP address, with an optional port");

/** A page's origin exactly as browsers send it, else it would never be the same: no path, no default port, no wildcard. */
export const originSchema = z
  .string()
  .max(300)
  .refine((text) => {
    const host = /^https?:\/\/(.+)$/.exec(text)?.[1];
    return (
      host !== undefined && hostSchema.safeParse(host).success && URL.canParse(text) && new URL(text).origin === text
    );
  }, 'use "https://" and a host in lower case, with the port where it is not the default one: no path, no wildcard');

/** A text that people read in one line. */
const lineOf = (charactersMax: number) =>
  z
    .string()
    .min(1)
    .max(charactersMax)
    .regex(/^(?!\s)[^\p{Cc}\u2028\u2029]*(?<!\s)$/u, "use one line of text that neither begins nor ends with a blank");

/** What people call something, e.g. `Ubuntu 22.04 Student Edition`. */
export const displayNameSchema = lineOf(100);
/** A label of a pool or static member. Labels are equal when they are the same text. */
export const labelSchema = lineOf(100);
/** A user's id as session requests give it. */
export const userIdSchema = identitySchema;
/** A group's name as session requests give it. */
export const groupSchema = identitySchema;

/** Characters of a domain below which each node gets a name: a name has 253 in all, the node's id with its dot some of them. */
const domainLengthMax = 240;

/** Domain below which records are made. */
export const domainSchema = z
  .string()
  .refine(
    (text) => text.length <= domainLengthMax && isHost(text) && !endsInNumber.test(text) && !text.startsWith("["),
    `use a domain such as "labs.example.org", without a dot at its end: letters, digits and dashes, 1 to 63 between two dots, at most ${domainLengthMax} in all`,
  );
