/** Kubernetes clusters with KubeVirt behind Pulumi's Kubernetes plugin and behind their REST API, with their refusals. */
import { parse } from "yaml";
import type { Properties } from "../../provider/resource-kernel";
import { labelsForm } from "../../provider/clouds/kubevirt/find";
import { identityKeys } from "../../provider/frame/identity";
import { EmulatedCloud, type EmulatedResource } from "./emulated-cloud";
import { EmulatedKubeApi } from "./emulated-kube-api";
import { EmulatedKubeCluster } from "./emulated-kube-cluster";
import { groupOf, type KubeObject, type Resource } from "./emulated-kube-objects";
import { EmulatedTokens, Refusal } from "./emulated-kube-tokens";
import type { Emulation, VmIdentity, VmInCloud } from "./emulation";
import { SdkTypes, type SdkObject, type SdkType } from "./sdk-types";

interface Asker {
  readonly key: string;
  readonly cluster: EmulatedKubeCluster;
}

const vmResource = "virtualmachines";

export class EmulatedKubeVirt implements Emulation {
  readonly access = new EmulatedTokens();
  readonly home = new EmulatedKubeCluster(this.access.home);
  readonly other = new EmulatedKubeCluster(this.access.other);
  readonly violations: string[] = [];
  readonly unknownVmId = "kasm/never-was";
  readonly api = new EmulatedKubeApi(this.access, (owner) => this.clusterOf(owner));
  readonly cloud: EmulatedCloud;
  private number = 0;

  constructor() {
    const sdk = new SdkTypes("@pulumi/kubernetes");
    this.cloud = new EmulatedCloud({
      packageName: "kubernetes",
      version: "4.34.2",
      nodeIdOf: (properties) => (properties["kind"] === "VirtualMachine" ? nodeIdIn(properties) : undefined),
      resources: new Map([
        ["kubernetes:kubevirt.io/v1:VirtualMachine", this.resource(vmResource, customTypes(sdk))],
        [
          "kubernetes:core/v1:Secret",
          this.resource("secrets", {
            inputs: sdk.read("core/v1/secret", "SecretArgs"),
            outputs: sdk.read("core/v1/secret", "Secret"),
          }),
        ],
      ]),
      functions: new Map(),
      admit: (configuration) => {
        for (const field of ["upsertExistingObjects", "deleteUnreachable", "skipUpdateUnreachable"]) {
          if (String(configuration[field]) !== "false") this.violations.push(`the provider lets ${field} be`);
        }
      },
    });
  }

  vms(): VmInCloud[] {
    return [this.home, this.other].flatMap((cluster) =>
      ["kasm", "elsewhere"].flatMap((namespace) =>
        cluster.list(vmResource, namespace).map((vm) => this.told(cluster, vm)),
      ),
    );
  }

  records(): [] {
    return [];
  }

  leftovers(): string[] {
    return [this.home, this.other].flatMap((cluster) => cluster.leftovers());
  }

  launch(
    identity: VmIdentity,
    { owner = this.access.home, place = {} }: Parameters<Emulation["launch"]>[1] = {},
  ): string {
    this.number += 1;
    const namespace = String(place["namespace"] ?? "kasm");
    const metadata = { name: `by-hand-${this.number}`, namespace, labels: labelsOf(identity) };
    this.clusterOf(owner).put(vmResource, { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", metadata, spec: {} });
    return `${namespace}/${metadata.name}`;
  }

  retag(vmId: string, identity: VmIdentity): void {
    const { cluster, object } = this.found(vmId);
    cluster.put(vmResource, { ...object, metadata: { ...object.metadata, labels: labelsOf(identity) } });
  }

  remove(vmId: string): void {
    const { cluster, object } = this.found(vmId);
    cluster.delete(vmResource, object.metadata.namespace ?? "", object.metadata.name);
  }

  endTrouble(): void {
    this.access.forgive();
    this.cloud.trouble = {};
    this.api.refuses = () => undefined;
    for (const cluster of [this.home, this.other]) cluster.endTrouble();
  }

  close(): void {
    this.api.close();
  }

  private found(vmId: string): { cluster: EmulatedKubeCluster; object: KubeObject } {
    const [namespace = "", name = ""] = vmId.split("/");
    for (const cluster of [this.home, this.other]) {
      const object = cluster.get(vmResource, namespace, name);
      if (object !== undefined) return { cluster, object };
    }
    throw new Error(`there is no VM ${vmId}`);
  }

  private told(cluster: EmulatedKubeCluster, vm: KubeObject): VmInCloud {
    const { name, namespace = "" } = vm.metadata;
    const secret = cluster.get("secrets", namespace, `${name}-userdata`);
    const { userdata = "" } = (secret?.["stringData"] ?? {}) as Record<string, string>;
    const { interfaces = [] } = (cluster.vmi(namespace, name)?.["status"] ?? {}) as {
      interfaces?: { name?: string; ipAddress: string }[];
    };
    const address = interfaces.find((one) => one.name !== undefined)?.ipAddress ?? "";
    return { nodeId: nodeIdIn(vm) ?? name, id: `${namespace}/${name}`, script: userdata, address };
  }

  private clusterOf(owner: string): EmulatedKubeCluster {
    return owner === this.access.home ? this.home : this.other;
  }

  /** Throws as the plugin does when its request is refused. */
  private asking<Result>(doing: string, { kubeconfig }: Properties, ask: (asker: Asker) => Result): Result {
    try {
      const { users } = parse(String(kubeconfig)) as { users: { user: { token: string } }[] };
      const { key, owner } = this.access.identify(users[0]!.user.token);
      return ask({ key, cluster: this.clusterOf(owner) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // It reads the cluster's own schema before anything else.
      if (error.status === 401) {
        throw new Error(
          "configured Kubernetes cluster is unreachable: unable to load schema information from the API server: the server has asked for the client to provide credentials",
        );
      }
      throw new Error(`${doing}${error.message}`);
    }
  }

  private resource(resource: Resource, types: { inputs: SdkObject; outputs: SdkObject }): EmulatedResource {
    const group = groupOf(resource);
    const placeOf = (id: string) => id.split("/") as [string, string];
    return {
      ...types,
      replacing: ["kind", "apiVersion"],
      create: (inputs, asker) => {
        const object = inputs as unknown as KubeObject;
        const { name, namespace = "default" } = object.metadata;
        const doing = `resource "${name}" was not successfully created by the Kubernetes API server: `;
        return this.asking(doing, asker, ({ key, cluster }) => {
          this.access.require(key, { verb: "create", group, resource }, namespace);
          const made = cluster.create(resource, object);
          return { id: `${namespace}/${name}`, outputs: made as unknown as Properties };
        });
      },
      read: (id, asker) =>
        this.asking("", asker, ({ key, cluster }) => {
          const [namespace, name] = placeOf(id);
          this.access.require(key, { verb: "get", group, resource }, namespace, name);
          return cluster.get(resource, namespace, name) as Properties | undefined;
        }),
      update: (id, inputs) => {
        this.violations.push(`${id} was updated`);
        return inputs;
      },
      // What is gone already counts as deleted.
      delete: (id, asker) =>
        this.asking("", asker, ({ key, cluster }) => {
          const [namespace, name] = placeOf(id);
          this.access.require(key, { verb: "delete", group, resource }, namespace, name);
          if (cluster.get(resource, namespace, name) !== undefined) cluster.delete(resource, namespace, name);
        }),
    };
  }
}

/** The SDK takes any further field of a custom resource; KubeVirt's own schema judges them elsewhere. */
function customTypes(sdk: SdkTypes): { inputs: SdkObject; outputs: SdkObject } {
  const module = "apiextensions/customResource";
  const types: SdkType[] = [{ kind: "string" }, { kind: "number" }, { kind: "boolean" }];
  const any: SdkType = { kind: "any of", types };
  types.push({ kind: "list", of: any }, { kind: "map", of: any });
  const further = ["spec", "status"].map((name) => [name, { type: any, isRequired: false }] as const);
  const open = ({ fields }: SdkObject): SdkObject => ({ kind: "object", fields: new Map([...fields, ...further]) });
  return { inputs: open(sdk.read(module, "CustomResourceArgs")), outputs: open(sdk.read(module, "CustomResource")) };
}

function nodeIdIn(properties: Properties | KubeObject): string | undefined {
  const { labels } = (properties["metadata"] ?? {}) as KubeObject["metadata"];
  return labelsForm.read(labels).nodeId;
}

function labelsOf({ nodeId, installation }: VmIdentity): Record<string, string> {
  return {
    ...(nodeId !== undefined && { [identityKeys.nodeId]: nodeId }),
    ...(installation !== undefined && { [identityKeys.installation]: installation }),
  };
}
