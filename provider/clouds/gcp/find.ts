/** Whose a VM is, and which VMs there are in a project: by labels on VMs and their disks, whose name is the node's id. */
import type * as pulumi from "@pulumi/pulumi";
import { findAmong, soughtAmong, type VmInList } from "../../frame/find";
import { asLabels, asVmName, identityKeys, inFields, type PlaceIdentity } from "../../frame/identity";
import type { VmProvider } from "../../vm-provider";
import { openCompute, type ProjectAccess } from "./account";
import type { GcpSettings } from "./settings";

const identityLabels = asLabels();
/** Characters of a VM's name. */
const vmName = asVmName(63);
const inLabels = inFields(identityLabels, "labels", "bootDisk.initializeParams.labels");

export const placeIdentity: PlaceIdentity = (inputs, identity) => ({
  ...inLabels(inputs, identity),
  name: vmName.write(identity),
});

export const findInstances: VmProvider<GcpSettings>["findVms"] = async (nodeIds, settings, options) =>
  findAmong(nodeIds, await allInstances(settings, options, `labels.${identityKeys.nodeId}:*`));

/** One whose labels somebody removed is known by its id, so none is left out by its labels. */
export const listInstances: VmProvider<GcpSettings>["listVms"] = async (sought, settings, options) =>
  soughtAmong(sought, await allInstances(settings as unknown as ProjectAccess, options));

/** Of all zones together, each with its list or why it has none. */
interface InstancesPage {
  readonly items?: Readonly<
    Record<
      string,
      {
        readonly instances?: readonly InstanceInList[];
        readonly warning?: Warning;
      }
    >
  >;
  /** Of the whole list. */
  readonly warning?: Warning;
  readonly unreachables?: readonly string[];
}

interface Warning {
  readonly code?: string;
  readonly message?: string;
}

interface InstanceInList {
  readonly name: string;
  readonly selfLink: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** In whatever state: a stopped VM exists, and so does one that is about to end. */
async function allInstances(
  access: ProjectAccess,
  options: pulumi.InvokeOptions,
  filter?: string,
): Promise<VmInList[]> {
  const api = await openCompute(access, options);
  const pages = await api.pages<InstancesPage>(`projects/${access.project}/aggregated/instances`, {
    maxResults: "500",
    fields:
      "items/*/instances(name,selfLink,labels),items/*/warning(code,message),warning(code,message),unreachables,nextPageToken",
    ...(filter !== undefined && { filter }),
  });
  return pages.flatMap((page) => {
    requireWhole(page);
    return Object.values(page.items ?? {}).flatMap(({ instances = [] }) =>
      instances.map(({ selfLink, labels }) => ({ vmId: idOf(selfLink), ...identityLabels.read(labels) })),
    );
  });
}

/** A zone that gave no answer may hold VMs. */
function requireWhole({ items = {}, warning: ofAll, unreachables = [] }: InstancesPage): void {
  const warnings: [string, Warning | undefined][] = [
    ...Object.entries(items).map(([place, { warning }]): [string, Warning | undefined] => [place, warning]),
    ["the project", ofAll],
  ];
  const silent = warnings.flatMap(([place, warning]) =>
    warning?.code === undefined || warning.code === "NO_RESULTS_ON_PAGE" ? [] : [`${place} (${warning.code})`],
  );
  const places = [...unreachables, ...silent];
  if (places.length > 0) throw new Error(`the list of VMs is not complete: ${places.join(", ")} gave no answer`);
}

/** @example idOf("https://www.googleapis.com/compute/v1/projects/p/zones/z/instances/n") // "projects/p/zones/z/instances/n" */
export function idOf(selfLink: string): string {
  const [id] = /projects\/[^/]+\/zones\/[^/]+\/instances\/[^/]+$/.exec(selfLink) ?? [];
  if (id === undefined) throw new Error(`Compute Engine calls a VM "${selfLink}", which is no path of one`);
  return id;
}
