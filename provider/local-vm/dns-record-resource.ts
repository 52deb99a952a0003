/**
 * `headroom:local:DnsRecord`: an A or AAAA record as a file below the root, `dns/<name>.json`. It stands where a cloud's DNS
 * service would, so that the order "after the address is known, gone before the VM" can be seen on one machine.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { typeOfAddress } from "../frame/dns-names";
import { isLeftover } from "../frame/dns-records";
import type { KernelContext, Properties, ResourceKernel } from "../resource-kernel";
import { checkWithUnknowns, diffInputs, unknownOutputs } from "./kernel-checks";
import { requireAllowed } from "./local-rules";
import { readJson } from "./vm-folder";
import { nodeIdSchema, rootSchema } from "./vm-resource";

const dnsNameSchema = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i,
    'use a host name such as "n1.example.org"',
  );

export const localDnsRecordInputsSchema = z.strictObject({
  /** The full name, e.g. `<node id>.<base domain name>`. */
  name: dnsNameSchema,
  address: z.string(),
  ttlSeconds: z.int().min(1).max(86_400),
  nodeId: nodeIdSchema,
  root: rootSchema,
});

export const localDnsRecordKernel: ResourceKernel = {
  type: "headroom:local:DnsRecord",
  secretInputs: [],
  check: async (news) => checkWithUnknowns(localDnsRecordInputsSchema, news),
  diff: async (_id, olds, news) =>
    diffInputs(olds, news, Object.keys(localDnsRecordInputsSchema.shape), ["name", "root"]),
  create: async (inputs, context) => ({ id: String(inputs["name"]), outputs: write(inputs, context) }),
  read: async (id, olds) => {
    const record = readLocalRecord(rootSchema.parse(olds["root"]), id);
    // One that is another node's is not ours.
    if (!record || record.nodeId !== olds["nodeId"]) return undefined;
    return { id, inputs: record, outputs: record };
  },
  update: async (_id, _olds, news, context) => ({ outputs: write(news, context) }),
  delete: async (id, olds) => {
    const root = rootSchema.parse(olds["root"]);
    if (readLocalRecord(root, id)?.nodeId === olds["nodeId"]) rmSync(recordFile(root, id), { force: true });
  },
};

function write(properties: Properties, context: KernelContext): Properties {
  if (context.isPreview) return unknownOutputs(properties, Object.keys(localDnsRecordInputsSchema.shape));
  const record = localDnsRecordInputsSchema.parse(properties);
  const file = recordFile(record.root, record.name);
  requireAllowed(record.root);
  const standing = readLocalRecord(record.root, record.name);
  if (standing !== undefined && standing.nodeId !== record.nodeId) {
    const { name, address, nodeId } = standing;
    const told = { type: typeOfAddress(address), values: [address, `of ${nodeId}`] };
    isLeftover(name, [told], record.address);
  }
  mkdirSync(join(record.root, "dns"), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${record.nodeId}.part`, JSON.stringify(record));
  renameSync(`${file}.${record.nodeId}.part`, file);
  return record;
}

export function readLocalRecord(root: string, name: string): z.infer<typeof localDnsRecordInputsSchema> | undefined {
  return readJson(recordFile(root, name));
}

function recordFile(root: string, name: string): string {
  return join(root, "dns", `${dnsNameSchema.parse(name).toLowerCase()}.json`);
}
