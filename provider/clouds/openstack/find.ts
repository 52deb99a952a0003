/**
 * Whose a VM is, and which VMs a project has. Metadata says whose a VM is; its name, which is the node's id, says it once
 * more for people. Nova answers no question by metadata, so the list of the whole project is read.
 */
import type { ListedVm } from "../../../runtime/model/account-questions";
import { findAmong, soughtAmong, type VmInList } from "../../frame/find";
import { asTags, inFields, type PlaceIdentity } from "../../frame/identity";
import type { FoundVm, SoughtVms } from "../../vm-provider";
import type { OpenStackApi } from "./api";

export const metadataForm = asTags();
const inMetadata = inFields(metadataForm, "metadata");

export const placeIdentity: PlaceIdentity = (inputs, identity) => ({
  ...inMetadata(inputs, identity),
  name: identity.nodeId,
});

/** As Nova lists it. */
interface ListedServer {
  readonly id: string;
  readonly status?: string;
  /** Absent: the part of Nova that knows it does not answer. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** @throws Error when the answer is not complete. */
export async function findServers(api: OpenStackApi, nodeIds: readonly string[]): Promise<FoundVm[]> {
  return findAmong(nodeIds, await allServers(api));
}

/** @throws Error when the answer is not complete. */
export async function listServers(api: OpenStackApi, sought: SoughtVms): Promise<ListedVm[]> {
  return soughtAmong(sought, await allServers(api));
}

/** Of the project, in whatever state, but for those that are gone and only kept for a while. */
async function allServers(api: OpenStackApi): Promise<VmInList[]> {
  const servers = await api.list<ListedServer>("compute", "servers/detail", "servers");
  return servers
    .filter(({ status }) => status !== "DELETED" && status !== "SOFT_DELETED")
    .map(({ id, status = "unknown", metadata }) => {
      if (metadata === undefined) {
        throw new Error(
          `Nova does not tell of server ${id} now (status ${status}): a part of it does not answer; ask again later`,
        );
      }
      return { vmId: id, ...metadataForm.read(metadata) };
    });
}
