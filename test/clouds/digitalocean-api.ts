/** DigitalOcean's API as far as nodes need it: how it refuses, and what a request may hold. */
import { z } from "zod";
import type { Properties } from "../../provider/resource-kernel";

/** As the provider plugin prints an answer of the API. */
export function apiError(method: string, path: string, status: number, message: string): string {
  return `${method} https://api.digitalocean.com/v2/${path}: ${status} (request "5c2f1f60-9a0b-4b3e-8d57-0f6c2e1d9a77") ${message}`;
}

export function createError(status: number, message: string): string {
  return `1 error occurred:\n\t* Error creating droplet: ${apiError("POST", "droplets", status, message)}\n\n`;
}

/** The request that makes one Droplet: names, types and limits as DigitalOcean's OpenAPI description has them. */
export const dropletRequestSchema = z.strictObject({
  name: z
    .string()
    .max(255)
    .regex(/^[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]$/),
  region: z.string().optional(),
  size: z.string(),
  image: z.union([z.string(), z.int()]),
  ssh_keys: z.array(z.union([z.string(), z.int()])).optional(),
  backups: z.boolean().optional(),
  backup_policy: z
    .strictObject({
      plan: z.enum(["daily", "weekly"]).optional(),
      weekday: z.enum(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]).optional(),
      hour: z.literal([0, 4, 8, 12, 16, 20]).optional(),
    })
    .optional(),
  ipv6: z.boolean().optional(),
  monitoring: z.boolean().optional(),
  tags: z.array(tagName()).optional(),
  user_data: z.string().optional(),
  private_networking: z.boolean().optional(),
  volumes: z.array(z.string()).optional(),
  vpc_uuid: z.string().optional(),
  with_droplet_agent: z.boolean().optional(),
  public_networking: z.boolean().optional(),
});
export type DropletRequest = z.output<typeof dropletRequestSchema>;

/** Names of tags are checked by the API in the requests that use them. */
export const tagSchema = z.strictObject({ name: tagName() });

function tagName() {
  return z
    .string()
    .max(255)
    .regex(/^[a-zA-Z0-9_\-\:]+$/);
}

/** Of plain text; the description says so in words. */
export const userDataBytesMax = 64 * 1024;

const names: Readonly<Record<string, string>> = {
  sshKeys: "ssh_keys",
  backupPolicy: "backup_policy",
  userData: "user_data",
  privateNetworking: "private_networking",
  volumeIds: "volumes",
  vpcUuid: "vpc_uuid",
  dropletAgent: "with_droplet_agent",
  publicNetworking: "public_networking",
};

/** What the plugin itself uses later, and sends to no one in this request. */
const keptByPlugin = ["gracefulShutdown", "resizeDisk"];

/** The request that the plugin makes of a Droplet's inputs: numbers as ids, text as slugs and fingerprints. */
export function requestOf(inputs: Properties): Record<string, unknown> {
  const entries = Object.entries(inputs)
    .filter(([name, value]) => !name.startsWith("__") && !keptByPlugin.includes(name) && value !== undefined)
    .map(([name, value]) => [names[name] ?? name, value] as const);
  const request = Object.fromEntries(entries);
  const asId = (value: unknown) => (/^\d+$/.test(String(value)) ? Number(value) : value);
  const keys = request["ssh_keys"] as unknown[] | undefined;
  return { ...request, image: asId(request["image"]), ...(keys && { ssh_keys: keys.map(asId) }) };
}

/** Of every problem that the API sees it tells one, in one sentence. */
export function problemIn(request: Record<string, unknown>): string | undefined {
  const parsed = dropletRequestSchema.safeParse(request);
  if (parsed.success) {
    const bytes = Buffer.byteLength(parsed.data.user_data ?? "");
    return bytes > userDataBytesMax ? "user_data is too long (maximum is 64 KiB)" : undefined;
  }
  const [issue] = parsed.error.issues;
  if (issue?.path[0] === "name") return "Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)";
  if (issue?.path[0] === "tags") return "tag contains invalid characters";
  return `request payload validation failed: ${issue?.path.join(".")}: ${issue?.message}`;
}
