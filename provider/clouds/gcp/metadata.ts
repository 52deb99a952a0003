/** Metadata of VMs, as a map and as the list of the API, within Compute Engine's limits. */
import { z } from "zod";
import { valueHidden } from "../../../runtime/model/shown-value";
import { scriptKeys } from "./scripts";

/** Bytes of one value, and of all keys and values of a VM together. */
export const metadataValueBytesMax = 256 * 1024;
export const metadataBytesMax = 512 * 1024;

export type Metadata = Readonly<Record<string, string>>;

const keyRule = /^[a-zA-Z0-9_-]{1,128}$/;

interface Problem {
  readonly at: "key" | "value";
  readonly message: string;
}

function problemOf(key: string, value: string): Problem | undefined {
  if (!keyRule.test(key)) return { at: "key", message: 'a key has 1 to 128 letters, digits, "-" and "_"' };
  if (scriptKeys.includes(key)) {
    return {
      at: "key",
      message:
        "not settable: the autoscale config's startupScript goes there, under the key that linuxScriptType and windowsScriptType say",
    };
  }
  const bytes = Buffer.byteLength(value);
  if (bytes <= metadataValueBytesMax) return undefined;
  const message = `has ${bytes} bytes; at most ${metadataValueBytesMax} are allowed: let the VM load the rest, a script by the key startup-script-url`;
  return { at: "value", message };
}

const map = z.record(z.string(), z.string());
const list = z.array(
  z.strictObject({ key: z.string().describe("Name of the entry."), value: z.string().describe("What it holds.") }),
);
type Pairs = z.output<typeof list>;

export const metadataMap = map.superRefine(checkMap);

/** `[{ key, value }]`, as the API has it. */
export const metadataPairs = list.superRefine(checkPairs).transform(mapOf);

/** Either. */
export const metadataSchema = z
  .union([list, map], { error: "use a map of texts, or a list of { key, value }" })
  .superRefine((metadata, context) =>
    Array.isArray(metadata) ? checkPairs(metadata, context) : checkMap(metadata, context),
  )
  .transform((metadata) => (Array.isArray(metadata) ? mapOf(metadata) : metadata));

function checkMap(metadata: Metadata, context: z.RefinementCtx): void {
  for (const [key, value] of Object.entries(metadata)) {
    const problem = problemOf(key, value);
    if (problem) context.addIssue({ code: "custom", path: [key], message: problem.message, params: valueHidden });
  }
  noteSize(metadata, context);
}

function checkPairs(pairs: Pairs, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { key, value }] of pairs.entries()) {
    const problem = seen.has(key)
      ? ({ at: "key", message: `gives "${key}" a second value; say it once` } as const)
      : problemOf(key, value);
    seen.add(key);
    if (!problem) continue;
    const { at, message } = problem;
    context.addIssue({ code: "custom", path: [index, at], message, params: valueHidden });
  }
  noteSize(mapOf(pairs), context);
}

function mapOf(pairs: Pairs): Metadata {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

function noteSize(metadata: Metadata, context: z.RefinementCtx): void {
  const bytes = metadataBytesOf(metadata);
  if (bytes > metadataBytesMax) context.addIssue({ code: "custom", message: tooLarge(bytes), params: valueHidden });
}

export function metadataBytesOf(metadata: Metadata): number {
  return Object.entries(metadata).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
}

export function tooLarge(bytes: number): string {
  return `keys and values together have ${bytes} bytes; at most ${metadataBytesMax} are allowed: let the VM load the rest`;
}
