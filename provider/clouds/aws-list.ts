/** Which EC2 instances of an installation exist in one region. */
import type { ListedVm } from "../../runtime/model/account-questions";
import type { VmProvider } from "../vm-provider";
import { installationTag, instanceStateNames, nodeTag } from "./aws-tags";
import { loadSdk } from "./sdk";

/** A filter of EC2 takes so many values. */
const filterValuesMax = 200;

export const listInstances: VmProvider<unknown>["listVms"] = async (sought, settings, options) => {
  const { installationId, knownIds } = sought;
  const { getInstances } = loadSdk(
    "@pulumi/aws",
    () => require("@pulumi/aws/ec2/getInstances") as typeof import("@pulumi/aws/ec2/getInstances"),
  );
  const where = { instanceStateNames, region: settings["region"] as string | undefined };
  const tagged = await getInstances({ ...where, instanceTags: { [installationTag]: installationId } }, options);
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
  for (const vmId of unknown) found.push(await readTags(vmId, where.region, options));
  return found;
};

async function readTags(
  vmId: string,
  region: string | undefined,
  options: Parameters<VmProvider<unknown>["listVms"]>[2],
): Promise<ListedVm> {
  const { getInstance } = loadSdk(
    "@pulumi/aws",
    () => require("@pulumi/aws/ec2/getInstance") as typeof import("@pulumi/aws/ec2/getInstance"),
  );
  const { tags } = await getInstance({ instanceId: vmId, region }, options);
  const [nodeId, installation] = [tags[nodeTag], tags[installationTag]];
  return { vmId, ...(nodeId && { nodeId }), ...(installation && { installation }) };
}
