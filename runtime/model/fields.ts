/** What the fields of documents are made of: names, quantities with their units, counts, hosts. */
import { z } from "zod";
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
  .string()
  .regex(/^\s*\d{1,9}(\.\d{1,6})?\s?(MiB|GiB|TiB|MB|GB|TB)\s*$/, `use ${memoryForms}`)
  .transform((text) => parseMemory(text)!);

/** A duration at the edge, seconds inside. The pattern is that of `parseDuration`. */
export const durationSchema = z
  .string()
  .regex(/^\s*\d{1,9}[smhd]\s*$/, `use ${durationForms}`)
  .transform((text) => parseDuration(text)!);

/** How many of something. */
export const count = z.int().min(0).max(100_000);
/** vCPUs. */
export const cores = z.number().min(0).max(10_000);

const hostPattern =
  /^(?=.{1,253}$)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
/** A host name or an IP address, with an optional port. */
export const hostSchema = z.string().refine((text) => {
  const host = text.replace(/:\d{1,5}$/, "");
  return hostPattern.test(host) || /^\[[0-9a-fA-F:]+\]$/.test(host);
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
export const userIdSchema = z.string().min(1).max(200);
/** A group's name as session requests give it. */
export const groupSchema = lineOf(200);
