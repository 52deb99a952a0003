/** Proxmox VE behind its Pulumi plugin and behind its REST API, with the refusals that the real ones have. */
import type { Properties } from "../../provider/resource-kernel";
import { descriptionForm, tagsForm } from "../../provider/clouds/proxmox/cluster-vms";
import { identityKeys } from "../../provider/frame/identity";
import { EmulatedCloud, type EmulatedResource } from "./emulated-cloud";
import { EmulatedCluster, type ClusterVm } from "./emulated-cluster";
import { EmulatedPveApi } from "./emulated-pve-api";
import { EmulatedTokens, Refusal } from "./emulated-pve-tokens";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";
import { SdkTypes } from "./sdk-types";

interface Asker {
  readonly key: string;
  readonly cluster: EmulatedCluster;
}

export class EmulatedProxmox implements Emulation {
  readonly access = new EmulatedTokens();
  readonly home = new EmulatedCluster(this.access.home);
  readonly other = new EmulatedCluster(this.access.other);
  readonly violations: string[] = [];
  readonly unknownVmId = "10999";
  readonly api = new EmulatedPveApi(this.access, (owner) => this.clusterOf(owner));
  readonly cloud: EmulatedCloud;

  constructor() {
    const sdk = new SdkTypes("@muhlba91/pulumi-proxmoxve");
    this.cloud = new EmulatedCloud({
      packageName: "proxmoxve",
      version: "8.6.0",
      nodeIdOf: ({ name }) => (typeof name === "string" ? name : undefined),
      resources: new Map([["proxmoxve:index/vmLegacy:VmLegacy", this.vmResource(sdk)]]),
      functions: new Map(),
    });
  }

  vms(): VmInCloud[] {
    return this.machines().map(({ vmid, name, tags, description, guest }) => ({
      nodeId: tagsForm.read(tags).nodeId ?? descriptionForm.read(description).nodeId ?? name,
      id: String(vmid),
      script: guest.scripts.join("\n---\n"),
      address: guest.address,
    }));
  }

  records(): [] {
    return [];
  }

  leftovers(): string[] {
    return this.machines().map(({ vmid }) => String(vmid));
  }

  launch(
    identity: VmIdentity,
    { owner = this.access.home, place = {} }: Parameters<Emulation["launch"]>[1] = {},
  ): string {
    const cluster = this.clusterOf(owner);
    // Ids are of one cluster; here they are apart, so that a test can tell them.
    const lower = Number(place["vmIdRangeLower"] ?? 10_000) + (cluster === this.home ? 0 : 500);
    const vmid = Math.max(this.home.nextFree(lower), this.other.nextFree(lower));
    const vm = cluster.add({ vmid });
    mark(vm, identity);
    return String(vmid);
  }

  retag(vmId: string, identity: VmIdentity): void {
    mark(this.vmOf(vmId), identity);
  }

  remove(vmId: string): void {
    for (const cluster of [this.home, this.other]) cluster.remove(Number(vmId));
  }

  vmOf(vmId: string): ClusterVm {
    const vm = this.machines().find(({ vmid }) => String(vmid) === vmId);
    if (vm === undefined) throw new Error(`there is no VM ${vmId}`);
    return vm;
  }

  endTrouble(): void {
    this.access.forgive();
    this.cloud.trouble = {};
    this.api.losesAnswer = () => false;
    this.api.refuses = () => undefined;
    this.api.answers = () => undefined;
    for (const cluster of [this.home, this.other])
      for (const node of cluster.nodes.keys()) cluster.nodes.set(node, "online");
  }

  close(): void {
    this.api.close();
    for (const cluster of [this.home, this.other]) cluster.close();
  }

  private machines(): ClusterVm[] {
    return [this.home, this.other].flatMap((cluster) => cluster.machines());
  }

  private clusterOf(owner: string): EmulatedCluster {
    return owner === this.access.home ? this.home : this.other;
  }

  /** Throws as the plugin does when its request is refused. */
  private asking<Result>(doing: string, { apiToken }: Properties, ask: (asker: Asker) => Result): Result {
    try {
      const { key, owner } = this.access.identify(String(apiToken));
      return ask({ key, cluster: this.clusterOf(owner) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const kind = /does not exist/.test(error.message) ? "the requested resource does not exist\n" : "";
      throw new Error(`${doing}: ${kind}received an HTTP ${error.status} response - Reason: ${error.message}`);
    }
  }

  private vmResource(sdk: SdkTypes): EmulatedResource {
    return {
      inputs: sdk.read("vmLegacy", "VmLegacyArgs"),
      outputs: sdk.read("vmLegacy", "VmLegacy"),
      replacing: ["vmId", "nodeName", "clone"],
      create: (inputs, asker) => this.asking("error cloning VM", asker, (who) => this.clone(inputs, who)),
      read: (id, asker) =>
        this.asking("error retrieving VM", asker, ({ key, cluster }) => {
          this.access.require(key, `/vms/${id}`, "VM.Audit");
          const vm = cluster.vms.get(Number(id));
          return vm && outputsOf(vm);
        }),
      update: (id, inputs, asker) =>
        this.asking("error updating VM", asker, ({ cluster }) => {
          const vm = existing(cluster, id);
          Object.assign(vm.config, inputs);
          return outputsOf(vm);
        }),
      // It asks for the status first: one that is not there is an error.
      delete: (id, asker) =>
        this.asking("error retrieving VM status", asker, ({ key, cluster }) => {
          existing(cluster, id);
          this.access.require(key, `/vms/${id}`, "VM.Allocate");
          cluster.remove(Number(id));
        }),
    };
  }

  private clone(inputs: Properties, { key, cluster }: Asker): { id: string; outputs: Properties } {
    const clone = inputs["clone"] as {
      vmId: number;
      nodeName?: string;
      full?: boolean;
      datastoreId?: string;
      retries?: number;
    };
    const { vmId, nodeName, name } = inputs as { vmId: number; nodeName: string; name: string };
    this.access.require(key, `/vms/${clone.vmId}`, "VM.Clone");
    if (cluster.nodes.get(nodeName) !== "online") throw new Refusal(595, "No route to host");
    const template = cluster.vms.get(clone.vmId);
    if (!template?.isTemplate || template.node !== (clone.nodeName ?? nodeName)) {
      throw new Refusal(500, `Configuration file 'nodes/${nodeName}/qemu-server/${clone.vmId}.conf' does not exist`);
    }
    // More tries than one would take a VM that has the id for the clone.
    if ((clone.retries ?? 1) > 1) this.violations.push(`${name}: ${clone.retries} tries`);
    if (clone.datastoreId !== undefined && clone.full === false) {
      throw new Refusal(400, "Parameter verification failed. (storage: parameter not allowed for linked clones)");
    }
    if (cluster.vms.has(vmId)) throw new Refusal(500, `unable to create VM ${vmId}: config file already exists`);
    if (cluster.machines().length >= cluster.vmsMax) throw new Refusal(500, "not enough free space on storage 'ceph'");
    const tags = (inputs["tags"] ?? []) as string[];
    const bad = tags.find((tag) => !/^[a-z0-9_][a-z0-9_.+-]*$/.test(tag));
    if (bad !== undefined)
      throw new Refusal(
        400,
        `Parameter verification failed. (tags: invalid format - invalid characters in tag '${bad}')`,
      );
    if (JSON.stringify(tags) !== JSON.stringify(tags.toSorted()))
      this.violations.push(`${name}: tags that are not sorted`);
    const description = String(inputs["description"] ?? "");
    if (description.length > 8192) throw new Refusal(400, "description: value may only be 8192 characters long");
    const vm = cluster.add({ vmid: vmId, node: nodeName, name, tags, description, config: { ...inputs } });
    return { id: String(vmId), outputs: outputsOf(vm) };
  }
}

function existing(cluster: EmulatedCluster, id: string): ClusterVm {
  const vm = cluster.vms.get(Number(id));
  if (vm === undefined) throw new Refusal(500, `Configuration file 'nodes/pve1/qemu-server/${id}.conf' does not exist`);
  return vm;
}

function outputsOf({ vmid, node, name, tags, description, config }: ClusterVm): Properties {
  const { agent } = config as { agent?: { waitForIp?: { disabled?: boolean } } };
  const network = agent?.waitForIp?.disabled ? { ipv4Addresses: [], ipv6Addresses: [], networkInterfaceNames: [] } : {};
  return { ...config, ...network, vmId: vmid, nodeName: node, name, tags, description };
}

/** As the console has it afterwards: tags and description. */
function mark(vm: ClusterVm, { nodeId, installation }: VmIdentity): void {
  const keyed = { [identityKeys.nodeId]: nodeId, [identityKeys.installation]: installation };
  const known = Object.entries(keyed).filter(([, value]) => value !== undefined);
  vm.tags = known.map(([key, value]) => `${key}.${value}`).sort();
  vm.description = known.map(([key, value]) => `${key}=${value}`).join(" ");
}
