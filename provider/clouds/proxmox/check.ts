/** Asks a cluster about an API token and about what a template names: nodes, template, storage, resource pool. */
import type { AccountCheck, AccountFinding } from "../../../runtime/model/account-check";
import { CloudError, messageOf } from "../../../runtime/model/errors";
import { Lookups, type LookedUp } from "../../frame/lookups";
import { ProxmoxApi } from "./api";
import { clusterName } from "./cluster-name";
import { readConfig } from "./cluster-vms";
import { accountRefusal, refusalWords } from "./failures";
import type { ProxmoxSettings } from "./settings";
import { findTemplate } from "./template";

type Thing = "cluster" | "token" | "clusterNode" | "targetNode" | "template" | "storage" | "pool";

const things: Readonly<Record<Thing, LookedUp>> = {
  cluster: { field: "host", remedy: "name an address of a cluster", permission: "Sys.Audit on /" },
  token: { field: "tokenName", remedy: "check the token's permissions", permission: "any" },
  clusterNode: { field: "clusterNode", remedy: "name a node of the cluster", permission: "Sys.Audit on /nodes" },
  targetNode: { field: "targetNode", remedy: "name a node of the cluster", permission: "Sys.Audit on /nodes" },
  template: { field: "templateName", remedy: "name a template", permission: "VM.Audit on /vms" },
  storage: { field: "storagePool", remedy: "name a storage of the node", permission: "Datastore.Audit on /storage" },
  pool: { field: "resourcePool", remedy: "make the pool, or name another one", permission: "Pool.Audit on /pool" },
};

type Privileges = Readonly<Record<string, Readonly<Record<string, number>>>>;

export async function checkProxmox(settings: ProxmoxSettings): Promise<AccountCheck> {
  const api = new ProxmoxApi(settings);
  let version: { readonly version: string };
  let privileges: Privileges;
  try {
    version = await api.get("/version");
    privileges = await api.get("/access/permissions");
  } catch (error) {
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
  const look = new Lookups<Thing>(things, refusalWords);
  const owner = await look.up("cluster", settings.host, () => clusterName(api));
  const templateId = await checkTemplate(api, settings, look);
  checkPrivileges(settings, { privileges, templateId, major: Number.parseInt(version.version, 10) }, look);
  await checkNodes(api, settings, look);
  await checkStorage(api, settings, templateId, look);
  await look.up("pool", settings.resourcePool, (pool) => requirePool(api, pool, look));
  const identity =
    owner === undefined ? {} : { identity: { owner, name: `${settings.username}!${settings.tokenName}` } };
  return { ...identity, findings: look.findings() };
}

function refusedAccount(message: string, settings: ProxmoxSettings): AccountFinding {
  const refusal = accountRefusal(message, settings);
  if (refusal !== undefined) return refusal;
  return {
    kind: "passing",
    field: "host",
    text: `host: the cluster could not be asked: ${refusalWords.saidIn(message)}`,
  };
}

async function checkTemplate(
  api: ProxmoxApi,
  settings: ProxmoxSettings,
  look: Lookups<Thing>,
): Promise<number | undefined> {
  return look.up("template", settings.templateName, async (name) => {
    try {
      return (await findTemplate(api, settings)).templateId;
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      look.note("template", name, "wrong", error.message.replace(/^ProxmoxTemplate: templateName "[^"]*": /, ""));
      return undefined;
    }
  });
}

/** What is done with a VM from its clone to its end. */
const vmPrivileges = [
  "VM.Allocate",
  "VM.Audit",
  "VM.Config.CPU",
  "VM.Config.Memory",
  "VM.Config.Options",
  "VM.PowerMgmt",
];

function checkPrivileges(
  settings: ProxmoxSettings,
  { privileges, templateId, major }: { privileges: Privileges; templateId: number | undefined; major: number },
  look: Lookups<Thing>,
): void {
  const { resourcePool, storagePool, tokenName } = settings;
  if (Object.keys(privileges).length === 0) {
    const text =
      "it has no permission at all; one with privilege separation begins with none: give the token itself an ACL";
    return look.note("token", tokenName, "wrong", text);
  }
  const pools = resourcePool === undefined ? [] : [`/pool/${resourcePool}`];
  const on = (...paths: string[]) => new Set(["/", ...paths].flatMap((path) => Object.keys(privileges[path] ?? {})));
  const lacking = (has: ReadonlySet<string>, wanted: readonly string[], where: string) =>
    wanted.filter((privilege) => !has.has(privilege)).map((privilege) => `${privilege} on ${where}`);
  const vms = on("/vms", ...pools);
  // Version 9 has privileges of their own for the guest agent, and no VM.Monitor.
  const agent = major >= 9 ? ["VM.GuestAgent.Unrestricted"] : ["VM.Monitor"];
  const storage = on("/storage", ...pools, ...(storagePool === undefined ? [] : [`/storage/${storagePool}`]));
  const missing = [
    ...lacking(vms, [...vmPrivileges, ...agent], resourcePool === undefined ? "/vms" : `/vms or /pool/${resourcePool}`),
    ...lacking(on("/vms", `/vms/${templateId}`, ...pools), ["VM.Clone"], "the template"),
    ...(storagePool === undefined ? [] : lacking(storage, ["Datastore.AllocateSpace"], `/storage/${storagePool}`)),
  ];
  if (missing.length > 0)
    look.note("token", tokenName, "wrong", `it lacks ${missing.join(", ")}; add them to its role`);
}

interface ClusterNode {
  readonly node: string;
  readonly status: string;
}

async function checkNodes(api: ProxmoxApi, settings: ProxmoxSettings, look: Lookups<Thing>): Promise<void> {
  const nodes = await look.up("clusterNode", settings.clusterNode, () => api.get<ClusterNode[]>("/nodes"));
  for (const thing of ["clusterNode", "targetNode"] as const) {
    const name = settings[thing];
    if (nodes === undefined || name === undefined) continue;
    const found = nodes.find(({ node }) => node === name);
    const names = nodes.map(({ node }) => node).sort();
    if (found === undefined)
      look.note(thing, name, "wrong", `the cluster has no such node; it has ${names.join(", ")}`);
    else if (found.status !== "online") look.note(thing, name, "passing", `the node is ${found.status}`);
  }
}

interface NodeStorage {
  readonly storage: string;
  readonly content: string;
  readonly shared?: number;
  readonly enabled?: number;
}

async function checkStorage(
  api: ProxmoxApi,
  settings: ProxmoxSettings,
  templateId: number | undefined,
  look: Lookups<Thing>,
): Promise<void> {
  const { clusterNode, targetNode = clusterNode, fullClone } = settings;
  await look.up("storage", settings.storagePool, async (name) => {
    const storages = await api.get<NodeStorage[]>(`/nodes/${targetNode}/storage`);
    const found = storages.find(({ storage }) => storage === name);
    if (found === undefined) {
      const names = storages.map(({ storage }) => storage).sort();
      look.note(
        "storage",
        name,
        "wrong",
        `node "${targetNode}" has no such storage that the token may see; it has ${names.join(", ")}`,
      );
    } else if (!found.content.split(",").includes("images") || found.enabled === 0) {
      look.note("storage", name, "wrong", "the storage is disabled or takes no disk images; enable both there");
    }
  });
  if (templateId === undefined || fullClone || targetNode === clusterNode) return;
  await look.up("targetNode", targetNode, async (name) => {
    const storages = await api.get<NodeStorage[]>(`/nodes/${clusterNode}/storage`);
    const config = await readConfig(api, { node: clusterNode, vmid: templateId });
    const local = storagesOf(config ?? {}).filter(
      (used) => !storages.some(({ storage, shared }) => storage === used && shared === 1),
    );
    if (local.length === 0) return;
    const text = `a linked clone can run there only from shared storage, and the template's disks are on ${local.join(", ")} of "${clusterNode}"; move them, or set fullClone`;
    look.note("targetNode", name, "wrong", text);
  });
}

/** Of the disks of a VM. */
function storagesOf(config: object): string[] {
  const disks = Object.entries(config).filter(([name]) => /^(scsi|virtio|sata|ide|efidisk|tpmstate)\d+$/.test(name));
  const volumes = disks.map(([, value]) => String(value)).filter((value) => !/media=cdrom/.test(value));
  return [...new Set(volumes.map((value) => value.split(":")[0]!).filter((storage) => storage !== "none"))];
}

async function requirePool(api: ProxmoxApi, name: string, look: Lookups<Thing>): Promise<void> {
  const pools = await api.get<{ readonly poolid: string }[]>("/pools");
  if (pools.some(({ poolid }) => poolid === name)) return;
  look.note(
    "pool",
    name,
    "wrong",
    "there is no such resource pool that the token may see; make it, or give the token Pool.Audit on it",
  );
}
