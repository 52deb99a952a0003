/**
 * What the API server and the webhooks of KubeVirt, CDI and Harvester refuse of an object, in their words. Written from what
 * users report of them; the shape of a VirtualMachine is judged by KubeVirt's own schema in `kubevirt-schema.test.ts`.
 */
import { Refusal } from "./emulated-kube-tokens";
import type { KubeObject, Resource } from "./emulated-kube-objects";

interface Cluster {
  find(resource: Resource, namespace: string, name: string): KubeObject | undefined;
}

interface Named {
  readonly name: string;
  readonly [field: string]: unknown;
}

interface VmSpec {
  readonly running?: boolean;
  readonly runStrategy?: string;
  readonly dataVolumeTemplates?: readonly (KubeObject & { readonly spec: DataVolumeSpec })[];
  readonly template: {
    readonly spec: {
      readonly hostname?: string;
      readonly domain: {
        readonly firmware?: { readonly bootloader?: { readonly efi?: { readonly secureBoot?: boolean } } };
        readonly features?: { readonly smm?: { readonly enabled?: boolean } };
        readonly devices: { readonly disks?: readonly Named[]; readonly interfaces?: readonly Named[] };
      };
      readonly networks?: readonly Named[];
      readonly volumes?: readonly Named[];
    };
  };
}

interface DataVolumeSpec {
  readonly source?: { readonly pvc?: { readonly name: string; readonly namespace: string } };
  readonly storage?: { readonly resources?: { readonly requests?: { readonly storage?: string } } };
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
const secretBytesMax = 1024 * 1024;

export function admit(resource: Resource, object: KubeObject, cluster: Cluster): void {
  const { name, labels = {} } = object.metadata;
  for (const [key, value] of Object.entries(labels)) {
    if (!labelValue.test(value)) invalid(resource, name, `metadata.labels: Invalid value: "${value}" of ${key}`);
  }
  if (resource === "secrets") admitSecret(object);
  if (resource === "virtualmachines") admitVm(object, cluster);
}

function admitSecret({ metadata, ...secret }: KubeObject): void {
  const { stringData = {} } = secret as { stringData?: Readonly<Record<string, string>> };
  const bytes = Object.values(stringData).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > secretBytesMax)
    invalid("secrets", metadata.name, `data: Too long: may not be more than ${secretBytesMax} bytes`);
}

function admitVm(vm: KubeObject, cluster: Cluster): void {
  const spec = vm["spec"] as VmSpec;
  const inner = spec.template.spec;
  const { devices, firmware, features } = inner.domain;
  if (!label.test(vm.metadata.name)) refused("spec.template.metadata.labels", "must be no more than 63 characters");
  if ((spec.running === undefined) === (spec.runStrategy === undefined)) {
    refused("spec", "One of Running or RunStrategy must be specified, and they are mutually exclusive");
  }
  if (!label.test(inner.hostname ?? "")) refused("spec.template.spec.hostname", "must be a DNS label");
  const { networks = [], volumes = [] } = inner;
  const { disks = [], interfaces = [] } = devices;
  for (const { name } of [...disks, ...volumes]) {
    if (!label.test(name)) refused("spec.template.spec.domain.devices.disks", `name "${name}" must not contain dots`);
  }
  for (const { name } of disks) {
    if (!volumes.some((volume) => volume.name === name)) {
      refused("spec.template.spec.domain.devices.disks", `disk "${name}" has no matching volume`);
    }
  }
  if (volumes.filter((volume) => Object.keys(volume).some((field) => field.startsWith("cloudInit"))).length > 1) {
    refused("spec.template.spec.volumes", "must have max one cloudInit volume");
  }
  for (const { name, masquerade } of interfaces) {
    const network = networks.find((candidate) => candidate.name === name);
    if (network === undefined)
      refused("spec.template.spec.domain.devices.interfaces", `interface ${name} has no network`);
    if (masquerade !== undefined && network["pod"] === undefined) {
      refused("spec.template.spec.domain.devices.interfaces", "masquerade is only for the pod network");
    }
  }
  const efi = firmware?.bootloader?.efi;
  if (efi && (efi.secureBoot ?? true) && features?.smm?.enabled !== true) {
    refused("spec.template.spec.domain.features.smm", "smm is required for secure boot");
  }
  for (const template of spec.dataVolumeTemplates ?? []) admitClone(template.spec, cluster);
}

function admitClone({ source, storage }: DataVolumeSpec, cluster: Cluster): void {
  const pvc = source?.pvc;
  const found = pvc && cluster.find("persistentvolumeclaims", pvc.namespace, pvc.name);
  if (found === undefined) return;
  const { resources } = found["spec"] as { resources: { requests: { storage: string } } };
  const [wanted, has] = [storage?.resources?.requests?.storage, resources.requests.storage].map((text) =>
    Number.parseInt(text ?? "0", 10),
  );
  if (wanted! >= has!) return;
  throw new Refusal(
    403,
    "Forbidden",
    'admission webhook "datavolume-validate.cdi.kubevirt.io" denied the request: target resources requests storage size is smaller than the source',
  );
}

function refused(field: string, why: string): never {
  const webhook = "virtualmachine-validator.kubevirt.io";
  throw new Refusal(422, "Invalid", `admission webhook "${webhook}" denied the request: ${field}: ${why}`);
}

function invalid(resource: string, name: string, why: string): never {
  throw new Refusal(422, "Invalid", `${resource} "${name}" is invalid: ${why}`);
}
