/** Objects of an emulated Kubernetes cluster, and the resources that they are of. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string }[];
  };
  readonly [field: string]: unknown;
}

/** Plural names, as in paths. */
export type Resource =
  | "virtualmachines"
  | "virtualmachineinstances"
  | "datavolumes"
  | "persistentvolumeclaims"
  | "secrets"
  | "namespaces"
  | "storageclasses"
  | "network-attachment-definitions"
  | "virtualmachineimages"
  | "volumesnapshots"
  | "datasources"
  | "resourcequotas"
  | "events";

const apiGroups: Readonly<Partial<Record<Resource, string>>> = {
  virtualmachines: "kubevirt.io",
  virtualmachineinstances: "kubevirt.io",
  datavolumes: "cdi.kubevirt.io",
  datasources: "cdi.kubevirt.io",
  storageclasses: "storage.k8s.io",
  "network-attachment-definitions": "k8s.cni.cncf.io",
  virtualmachineimages: "harvesterhci.io",
  volumesnapshots: "snapshot.storage.k8s.io",
};

export const groupOf = (resource: Resource): string => apiGroups[resource] ?? "";
