/** Which EC2 instances carry a node's id, and which ones of an installation exist in one region. */
import type * as pulumi from "@pulumi/pulumi";
import type { ListedVm } from "../../../runtime/model/account-questions";
import { findEach } from "../../frame/find";
import { asTags } from "../../frame/identity";
import { loadSdk } from "../../frame/sdk";
import type { FoundVm, VmProvider } from "../../vm-provider";
import { packageName } from "./account";

/** On instances and their disks. */
export const identityTags = asTags({ nameKey: "Name" });

/** In which an instance exists. */
const instanceStateNames = ["pending", "running", "stopping", "stopped"];

/** A filter of EC2 takes so many values. */
const filterValuesMax = 200;

export async function findInstances(
  nodeIds: readonly string[],
  { region }: { readonly region: string },
  options: pulumi.InvokeOptions,
): Promise<FoundVm[]> {
  const getInstances = loadGetInstances();
  // The answer has ids without tags, so each node is asked for by itself.
  return findEach(nodeIds, async (nodeId) => {
    const instanceTags = identityTags.ofNode(nodeId);
    return (await getInstances({ instanceTags, instanceStateNames, region }, options)).ids;
  });
}

export const listInstances: VmProvider<unknown>["listVms"] = async (sought, settings, options) => {
  const { installationId, knownIds } = sought;
  const getInstances = loadGetInstances();
  const where = { instanceStateNames, region: settings["region"] as string | undefined };
  const instanceTags = identityTags.ofInstallation(installationId);
  const tagged = await getInstances({ ...where, instanceTags }, options);
  const isKnown = new Set(knownIds);
  const unknown = tagged.ids.filter((id) => !isKnown.has(id));
  // Tags can be removed by hand; the id can't.
  const untagged = knownIds.filter((id) => !tagged.ids.includes(id));
  const found: ListedVm[] = tagged.ids.filter((id) => isKnown.has(id)).map((vmId) => ({ vmId }));
  for (let from = 0; from < untagged.length; from += filterValuesMax) {
    const filters = [{ name: "instance-id", values: untagged.slice(from, from + filterValuesMax) }];
    const { ids } = await getInstances({ ...where, filters }, options);
    found.push(...ids.map((vmId) => ({ vmId })));
  }
  // Few: what nobody knows of. Their tags are read one by one, because the listing has ids alone.
  for (const vmId of unknown) found.push(await readInstance(vmId, where.region, options));
  return found;
};

async function readInstance(
  vmId: string,
  region: string | undefined,
  options: pulumi.InvokeOptions,
): Promise<ListedVm> {
  const { getInstance } = loadSdk(
    packageName,
    () => require("@pulumi/aws/ec2/getInstance") as typeof import("@pulumi/aws/ec2/getInstance"),
  );
  const { tags } = await getInstance({ instanceId: vmId, region }, options);
  return { vmId, ...identityTags.read(tags) };
}

function loadGetInstances() {
  return loadSdk(
    packageName,
    () => require("@pulumi/aws/ec2/getInstances") as typeof import("@pulumi/aws/ec2/getInstances"),
  ).getInstances;
}
