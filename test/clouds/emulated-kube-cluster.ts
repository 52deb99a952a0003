/**
 * One emulated Kubernetes cluster: its objects, its garbage collector, and what the controllers of KubeVirt, CDI and Harvester
 * make of a VirtualMachine. The Pulumi plugin and the REST API both show it.
 */
import { randomUUID } from "node:crypto";
import { groupOf, type KubeObject, type Resource } from "./emulated-kube-objects";
import { Refusal } from "./emulated-kube-tokens";
import { admit } from "./kubevirt-admission";

const groupsInstalled = ["kubevirt.io/v1", "cdi.kubevirt.io/v1beta1"] as const;
const claimTemplates = "harvesterhci.io/volumeClaimTemplates";
const removedClaims = "harvesterhci.io/removedPersistentVolumeClaims";

export class EmulatedKubeCluster {
  private readonly objects = new Map<Resource, Map<string, KubeObject>>();
  private readonly forNow: (() => void)[] = [];
  private number = 0;
  /** What a VM's status says in the place of all being well; undefined = all is well. */
  standing: (name: string) => { readonly vm?: object; readonly vmi?: object | "absent" } | undefined = () => undefined;
  /** What KubeVirt, CDI and Harvester are installed here. */
  readonly installed = new Set<string>(groupsInstalled);

  constructor(uid: string) {
    for (const [name, id] of [["kube-system", uid], ["kasm"], ["elsewhere"], ["images"]] as const) {
      this.put("namespaces", { metadata: { name, uid: id ?? randomUUID() } });
    }
    const claim = (storage: string) => ({ spec: { resources: { requests: { storage } } }, status: { phase: "Bound" } });
    this.put("persistentvolumeclaims", { metadata: { name: "ubuntu-golden", namespace: "kasm" }, ...claim("20Gi") });
    this.put("persistentvolumeclaims", { metadata: { name: "ubuntu-golden", namespace: "images" }, ...claim("20Gi") });
    this.put("storageclasses", { metadata: { name: "ceph-block" } });
    this.put("network-attachment-definitions", { metadata: { name: "kasm-network", namespace: "kasm" } });
    this.put("virtualmachineimages", {
      metadata: { name: "image-x7k2p", namespace: "kasm" },
      spec: { displayName: "ubuntu-22.04" },
      status: { storageClassName: "longhorn-image-x7k2p", progress: 100, virtualSize: 10 * 2 ** 30 },
    });
    this.seeded = new Set(this.all().map(({ metadata }) => metadata.uid!));
  }

  private readonly seeded: ReadonlySet<string>;

  get(resource: Resource, namespace: string, name: string): KubeObject | undefined {
    return this.objects.get(resource)?.get(`${namespace}/${name}`);
  }

  list(resource: Resource, namespace: string): KubeObject[] {
    const all = [...(this.objects.get(resource)?.values() ?? [])];
    return all.filter(({ metadata }) => (metadata.namespace ?? "") === namespace);
  }

  /** Without a check; with an id of its own. */
  put(resource: Resource, object: KubeObject): KubeObject {
    const { metadata } = object;
    const whole = { ...object, metadata: { uid: randomUUID(), ...metadata } };
    const known = this.objects.get(resource) ?? new Map<string, KubeObject>();
    this.objects.set(resource, known.set(`${metadata.namespace ?? ""}/${metadata.name}`, whole));
    return whole;
  }

  /** As the API server does, with its webhooks; what exists is never overwritten. */
  create(resource: Resource, object: KubeObject): KubeObject {
    const { name, namespace = "" } = object.metadata;
    const what = `${resource}${groupOf(resource) === "" ? "" : `.${groupOf(resource)}`}`;
    if (this.get("namespaces", "", namespace) === undefined) {
      throw new Refusal(404, "NotFound", `namespaces "${namespace}" not found`);
    }
    if (this.get(resource, namespace, name) !== undefined) {
      throw new Refusal(409, "AlreadyExists", `${what} "${name}" already exists`);
    }
    admit(resource, object, { find: (kind, inside, id) => this.get(kind, inside, id) });
    const made = this.put(resource, object);
    if (resource === "virtualmachines") this.begin(made);
    return made;
  }

  /** With all that it owns. */
  delete(resource: Resource, namespace: string, name: string): void {
    const object = this.get(resource, namespace, name);
    if (object === undefined) throw new Refusal(404, "NotFound", `${resource} "${name}" not found`);
    this.objects.get(resource)!.delete(`${namespace}/${name}`);
    if (resource === "virtualmachines") this.endHarvesters(object);
    for (const [kind, objects] of this.objects) {
      for (const { metadata } of [...objects.values()]) {
        const isOwned = metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid);
        if (isOwned) this.delete(kind, metadata.namespace ?? "", metadata.name);
      }
    }
  }

  /** Everything that somebody made here. */
  leftovers(): string[] {
    return [...this.objects].flatMap(([resource, objects]) =>
      [...objects.values()]
        .filter(({ metadata }) => !this.seeded.has(metadata.uid!))
        .map(({ metadata }) => `${resource} ${metadata.namespace}/${metadata.name}`),
    );
  }

  /** As a client sees a VM and what runs of it. */
  vm(namespace: string, name: string): KubeObject | undefined {
    const vm = this.get("virtualmachines", namespace, name);
    return vm && { ...vm, status: { printableStatus: "Running", ...this.standing(name)?.vm } };
  }

  vmi(namespace: string, name: string): KubeObject | undefined {
    const vmi = this.get("virtualmachineinstances", namespace, name);
    const told = this.standing(name)?.vmi;
    if (vmi === undefined || told === "absent") return undefined;
    return { ...vmi, status: { ...(vmi["status"] as object), ...told } };
  }

  /** Something that is there until the trouble ends. */
  putForNow(resource: Resource, object: KubeObject): void {
    this.put(resource, object);
    const { name, namespace = "" } = object.metadata;
    this.forNow.push(() => void this.objects.get(resource)?.delete(`${namespace}/${name}`));
  }

  endTrouble(): void {
    for (const takeAway of this.forNow.splice(0)) takeAway();
    this.standing = () => undefined;
    for (const group of groupsInstalled) this.installed.add(group);
  }

  private all(): KubeObject[] {
    return [...this.objects.values()].flatMap((objects) => [...objects.values()]);
  }

  /** The controllers: volumes of its templates and annotations, and what runs of it. */
  private begin(vm: KubeObject): void {
    const { name, namespace = "", uid = "" } = vm.metadata;
    const ownerReferences = [{ uid }];
    const spec = vm["spec"] as { dataVolumeTemplates?: readonly KubeObject[]; template: { spec: Pod } };
    for (const template of spec.dataVolumeTemplates ?? []) {
      const metadata = { ...template.metadata, namespace, ownerReferences };
      const volume = this.put("datavolumes", { ...template, metadata });
      const owner = [{ uid: volume.metadata.uid! }];
      this.put("persistentvolumeclaims", { metadata: { name: metadata.name, namespace, ownerReferences: owner } });
    }
    for (const claim of parsedClaims(vm)) {
      this.put("persistentvolumeclaims", { ...claim, metadata: { ...claim.metadata, namespace } });
    }
    this.number += 1;
    const network = spec.template.spec.networks?.[0]?.name ?? "default";
    const address = `10.42.${this.number >> 8}.${this.number & 255}`;
    const interfaces = [
      { interfaceName: "docker0", ipAddress: "172.17.0.1" },
      { name: network, interfaceName: "eth0", ipAddress: address, ipAddresses: ["fe80::1", address] },
    ];
    const status = { phase: "Running", interfaces };
    this.put("virtualmachineinstances", {
      metadata: { name, namespace, ownerReferences },
      spec: spec.template.spec,
      status,
    });
  }

  /** Harvester's own PVCs have no owner: it deletes those that the VM's annotation names. */
  private endHarvesters({ metadata }: KubeObject): void {
    const { namespace = "", annotations = {} } = metadata;
    for (const name of (annotations[removedClaims] ?? "").split(",").filter(Boolean)) {
      this.objects.get("persistentvolumeclaims")?.delete(`${namespace}/${name}`);
    }
  }
}

interface Pod {
  readonly networks?: readonly { readonly name: string }[];
}

function parsedClaims({ metadata }: KubeObject): KubeObject[] {
  const text = metadata.annotations?.[claimTemplates];
  return text === undefined ? [] : (JSON.parse(text) as KubeObject[]);
}
