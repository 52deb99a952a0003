/**
 * `headroom:digitalocean:FirewallTag`: a firewall that is named by its name applies to a node's Droplet before that exists. The
 * tag is made first, because DigitalOcean adds only tags to a firewall that the team has. Firewall and tag are shared by all
 * nodes of the settings, so nothing is taken away when one goes.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { CloudError } from "../../../runtime/model/errors";
import { checkWithUnknowns, unknownOutputs } from "../../local-vm/kernel-checks";
import type { KernelContext, Properties, ResourceKernel } from "../../resource-kernel";
import { DigitalOceanApi, type Firewall } from "./api";

export const firewallTagInputsSchema = z.strictObject({
  nodeId: z.string(),
  /** As it is when the node is made; a secret. */
  token: z.string(),
  firewallName: z.string(),
});
export type FirewallTagInputs = z.output<typeof firewallTagInputsSchema>;

const outputNames = ["nodeId", "firewallName", "tag"];

export const firewallTagKernel: ResourceKernel = {
  type: "headroom:digitalocean:FirewallTag",
  secretInputs: ["token"],
  check: async (news) => checkWithUnknowns(firewallTagInputsSchema, news),
  // What protects a Droplet was decided when it was made.
  diff: async () => ({ changes: false, replaces: [] }),
  create,
  read: async (id, olds) => ({ id, inputs: olds, outputs: olds }),
  update: async (_id, olds) => ({ outputs: olds }),
  delete: async () => undefined,
};

async function create(properties: Properties, context: KernelContext): Promise<{ id: string; outputs: Properties }> {
  if (context.isPreview) return { id: "", outputs: unknownOutputs(properties, outputNames) };
  const { nodeId, token, firewallName } = firewallTagInputsSchema.parse(properties);
  const api = new DigitalOceanApi(token, context.signal);
  const tag = firewallTag(firewallName);
  const firewall = onlyFirewall(firewallName, await api.firewallsNamed(firewallName));
  if (!firewall.tags?.includes(tag)) {
    await api.makeTag(tag);
    await api.tagFirewall(firewall.id, tag);
  }
  return { id: firewall.id, outputs: { nodeId, firewallName, tag } };
}

/** On Droplets to which a firewall of this name applies; a name may have letters that no tag has. */
export function firewallTag(firewallName: string): string {
  return `headroom-firewall:${createHash("sha256").update(firewallName).digest("hex").slice(0, 12)}`;
}

/** @throws CloudError (CONFIG) when none or more than one has the name. */
export function onlyFirewall(name: string, found: readonly Firewall[]): Firewall {
  const problem = firewallProblem(found);
  const [firewall] = found;
  if (problem === undefined && firewall !== undefined) return firewall;
  throw new CloudError("CONFIG", `DigitalOceanFirewall: firewallName "${name}": ${problem}`);
}

/** What is wrong with the firewalls of a name, as one sentence; undefined = there is exactly one. */
export function firewallProblem(found: readonly Firewall[]): string | undefined {
  if (found.length === 0) return "the team has no firewall of this name; make it, or name another one";
  const ids = found.map(({ id }) => id).sort();
  return found.length === 1
    ? undefined
    : `the team has ${found.length} firewalls of this name (${ids.join(", ")}); rename all but one`;
}
