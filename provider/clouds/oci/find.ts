/**
 * Whose an instance is, and which instances there are in a compartment. What OCI refuses to tell reads like nothing: its
 * plugin answers without any field when the API says that it is not there or may not be seen.
 */
import type * as pulumi from "@pulumi/pulumi";
import { findAmong, soughtAmong, type VmInList } from "../../frame/find";
import { asTags, inFields, type PlaceIdentity } from "../../frame/identity";
import { loadSdk } from "../../frame/sdk";
import type { VmProvider } from "../../vm-provider";
import { packageName } from "./account";
import type { OciSettings } from "./settings";

/** On instances, and on whatever of theirs a user gives tags. */
const identityTags = asTags();

const placeTags = inFields(identityTags, "freeformTags");

/** The name in the console is the node's id; it finds nothing, since many may have the same one. */
export const placeIdentity: PlaceIdentity = (inputs, identity) => ({
  ...placeTags(inputs, identity),
  displayName: identity.nodeId,
});

/** In which an instance is gone, or will be without anybody's doing; it stays in lists for a day. */
export const goneStates: readonly string[] = ["TERMINATING", "TERMINATED"];

export const findInstances: VmProvider<OciSettings>["findVms"] = async (nodeIds, { compartmentOcid }, options) =>
  findAmong(nodeIds, await instancesIn(compartmentOcid, options));

export const listInstances: VmProvider<OciSettings>["listVms"] = async (sought, { compartmentOcid }, options) =>
  soughtAmong(sought, await instancesIn(String(compartmentOcid), options));

async function instancesIn(compartmentId: string, options: pulumi.InvokeOptions): Promise<VmInList[]> {
  const { getInstances } = loadSdk(
    packageName,
    () => require("@pulumi/oci/core/getInstances") as typeof import("@pulumi/oci/core/getInstances"),
  );
  // The plugin turns the pages. A filter of it would be applied to the same pages here.
  const { instances } = await told("core.getInstances", getInstances({ compartmentId }, options));
  return instances
    .filter(({ state }) => !goneStates.includes(state))
    .map(({ id, freeformTags }) => ({ vmId: id, ...identityTags.read(freeformTags) }));
}

/**
 * OCI says of a VM that may not be terminated that it is "not found", which the plugin takes for terminated: so nothing is
 * deleted that these credentials can't see, unless the list, which they must be able to see, does not have it either.
 */
export const confirmInstance: NonNullable<VmProvider<OciSettings>["confirmVm"]> = async (
  { nodeId, vmId },
  { compartmentOcid },
  options,
) => {
  const { getInstance } = loadSdk(
    packageName,
    () => require("@pulumi/oci/core/getInstance") as typeof import("@pulumi/oci/core/getInstance"),
  );
  const { id } = (await getInstance({ instanceId: vmId }, options)) ?? {};
  if (id === vmId) return;
  const isListed = (await instancesIn(String(compartmentOcid), options)).some((vm) => vm.vmId === vmId);
  if (!isListed) return;
  throw new Error(
    `instance ${vmId} of node ${nodeId} is there, and these credentials may not see it (404-NotAuthorizedOrNotFound): it is not deleted, because that would be taken for done; allow manage instance-family in its compartment`,
  );
};

/** The answer of a function, which must tell something: see above. */
export async function told<T extends { readonly id: string }>(what: string, asked: Promise<T>): Promise<T> {
  const answer = await asked;
  // An answer that was cut off is one without its id.
  if (typeof answer?.id === "string" && answer.id !== "" && answer.id !== "-") return answer;
  throw new Error(
    `404-NotAuthorizedOrNotFound, ${what} tells nothing: it is not there, or these credentials may not see it`,
  );
}
