/** The check of a template's networks and security groups, which Neutron knows. */
import type { Lookups } from "../../frame/lookups";
import type { Login, OpenStackApi } from "./api";
import type { Thing } from "./checked-things";
import type { OpenStackSettings } from "./settings";

interface Network {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly subnets: readonly string[];
  readonly admin_state_up?: boolean;
}

export async function checkNetwork(
  api: OpenStackApi,
  { networkId, networkName }: OpenStackSettings,
  look: Lookups<Thing>,
): Promise<void> {
  const thing = networkId === undefined ? "networkName" : "network";
  await look.up(thing, networkId ?? networkName, async (wanted) => {
    const query = networkId === undefined ? "name" : "id";
    const networks = await api.list<Network>("network", `networks?${query}=${encodeURIComponent(wanted)}`, "networks");
    const note = (text: string) => look.note(thing, wanted, "wrong", text);
    const [network] = networks;
    if (network === undefined) return note("the project sees no such network; make it, or name another one");
    if (networks.length > 1) {
      const ids = networks.map(({ id }) => id).join(", ");
      return note(`${networks.length} networks have this name (${ids}); name one by networkId`);
    }
    if (network.subnets.length === 0) note("the network has no subnet, so a VM gets no address in it; make one");
    if (network.status !== "ACTIVE" || network.admin_state_up === false) {
      note(`the network is there, but ${network.status}${network.admin_state_up === false ? " and switched off" : ""}`);
    }
  });
}

interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly project_id?: string;
  readonly tenant_id?: string;
  readonly shared?: boolean;
}

/** Nova takes names and ids, and refuses a name that two groups have: with rights over others' projects all of theirs count. */
export async function checkGroups(
  api: OpenStackApi,
  { project }: Login,
  { securityGroups }: OpenStackSettings,
  look: Lookups<Thing>,
): Promise<void> {
  if (securityGroups === undefined || securityGroups.length === 0) return;
  await look.up("groups", securityGroups.join(", "), async () => {
    const groups = await api.list<SecurityGroup>("network", "security-groups", "security_groups");
    const ours = groups.filter(
      ({ project_id, tenant_id, shared }) => (project_id ?? tenant_id) === project.id || shared === true,
    );
    for (const wanted of securityGroups) {
      const note = (text: string) => look.note("groups", wanted, "wrong", text);
      const byId = ours.filter(({ id }) => id === wanted);
      const found = byId.length > 0 ? byId : ours.filter(({ name }) => name === wanted);
      if (found.length === 0) note("the project has no such security group; make it, or name another one");
      if (found.length > 1) {
        note(
          `${found.length} security groups have this name (${found.map(({ id }) => id).join(", ")}); name one by its id`,
        );
      }
    }
  });
}
