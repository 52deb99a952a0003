/**
 * Whose a Droplet is, and which Droplets there are. The node's id is the Droplet's name, and tags say the rest: a tag outlives
 * its Droplets, so each node with one of its own would leave one behind in the team for ever. These tags are made by the
 * request that makes the first Droplet with them, so nobody has to make them before.
 */
import type * as pulumi from "@pulumi/pulumi";
import {
  asFlatTags,
  identityKeys,
  type NodeIdentity,
  type PlaceIdentity,
  type ReadIdentity,
} from "../../frame/identity";
import { findAmong, soughtAmong, type VmInList } from "../../frame/find";
import { loadSdk } from "../../frame/sdk";
import type { VmProvider } from "../../vm-provider";
import { packageName } from "./account";
import type { DropletSettings } from "./settings";

const flatTags = asFlatTags(":");

/** All of the identity but the node's own id. */
export function tagsOf(identity: NodeIdentity, present?: unknown): string[] {
  return flatTags.write(identity, present).filter((tag) => !tag.startsWith(`${identityKeys.nodeId}:`));
}

export const placeIdentity: PlaceIdentity = (inputs, identity) => ({
  ...inputs,
  name: identity.nodeId,
  tags: tagsOf(identity, inputs["tags"]),
});

/** Names that a node's id may have: others are not ours, whatever tags somebody gave the Droplet. */
const nodeName = /^[a-z][a-z0-9-]{0,39}$/;

export function readIdentity(name: string, tags: readonly string[]): ReadIdentity {
  const isOurs = tags.some((tag) => tag.toLowerCase().startsWith("headroom-"));
  const { installation } = flatTags.read(tags);
  return { ...(isOurs && nodeName.test(name) ? { nodeId: name } : {}), ...(installation && { installation }) };
}

export const findDroplets: VmProvider<DropletSettings>["findVms"] = async (nodeIds, _settings, options) =>
  findAmong(nodeIds, await allDroplets(options, nodeIds));

export const listDroplets: VmProvider<DropletSettings>["listVms"] = async (sought, _settings, options) =>
  soughtAmong(sought, await allDroplets(options));

/** Of every region, whether they run or not. The plugin turns the pages, and fails if one is missing. */
async function allDroplets(options: pulumi.InvokeOptions, names?: readonly string[]): Promise<VmInList[]> {
  const { getDroplets } = loadSdk(
    packageName,
    () => require("@pulumi/digitalocean/getDroplets") as typeof import("@pulumi/digitalocean/getDroplets"),
  );
  const filters = names && [{ key: "name", values: [...names] }];
  // The API leaves those with GPUs out unless it is asked for them, and then tells of no others.
  const lists = await Promise.all(
    [false, true].map((gpus) => getDroplets({ gpus, ...(filters && { filters }) }, options)),
  );
  return lists.flatMap(({ droplets }) =>
    droplets.map(({ id, name, tags }) => ({ vmId: String(id), ...readIdentity(name, tags) })),
  );
}
