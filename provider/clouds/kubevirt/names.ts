/**
 * How Kubernetes writes names, quantities and keys: what a cluster would refuse only when a VM is made is refused when it is
 * declared. Source: RFC 1123 as Kubernetes' API conventions take it, and the validation of KubeVirt's VirtualMachine.
 */
import { z } from "zod";

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";

export const dnsLabelPattern = new RegExp(`^${label}$`);
const subdomainPattern = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`);

/** Of namespaces, VMs, disks and interfaces. */
export const dnsLabel = z
  .string()
  .regex(
    dnsLabelPattern,
    "use 1 to 63 lower-case letters, digits and dashes, a letter or digit first and last, no dots",
  );

/** Of PVCs, storage classes and other objects. */
export const objectName = z
  .string()
  .regex(
    subdomainPattern,
    "use the name of an object: lower-case letters, digits, dashes and dots, a letter or digit first and last",
  );

/** An object's name, with its namespace and a slash before it where that is not the VMs' own. */
export const namespacedName = z
  .string()
  .regex(
    new RegExp(`^(?:${label}/)?(?=[^/]{1,253}$)${label}(?:\\.${label})*$`),
    'use a name such as "golden", or a namespace and a name such as "images/golden"',
  );

/** What people call an image in Harvester, or the name of its object, with its namespace before it or not. */
export const harvesterImage = z
  .string()
  .regex(
    new RegExp(`^(?:${label}/)?[^/\\s][^/]{0,252}$`),
    'use the name of an image such as "ubuntu-22.04", with its namespace before it where it is another: "images/ubuntu-22.04"',
  );

/** As containers name images, e.g. `quay.io/containerdisks/ubuntu:24.04`. */
export const containerImage = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]*(?::\d+)?(?:\/[a-z0-9][a-z0-9._-]*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/,
    'use the name of a container disk such as "quay.io/containerdisks/ubuntu:24.04"',
  );

/** One line, as in `~/.ssh/id_ed25519.pub`. */
export const sshPublicKey = z
  .string()
  .trim()
  .regex(
    /^(?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+={0,2}(?: [^\r\n]*)?$/,
    'use one public key in OpenSSH\'s form such as "ssh-ed25519 AAAA... ops": neither a certificate nor a private key',
  );

/** Namespace and name of a reference that may leave the namespace out. */
export function splitName(name: string, namespace: string): { readonly namespace: string; readonly name: string } {
  const [first = "", second] = name.split("/");
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}

/** Ids of VMs are `<namespace>/<name>`, as the Pulumi provider has them. */
export function vmIdOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  ...{ k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 },
};

/** Bytes or pieces of a quantity such as `24Gi`, `1.5G`, `2e9` or `500m`; undefined = it is none. */
export function quantityOf(text: unknown): number | undefined {
  const found = /^(\d+(?:\.\d*)?|\.\d+)(?:(m)|([eE][+-]?\d+)|([kMGTP]|[KMGTP]i))?$/.exec(String(text).trim());
  if (found === null) return undefined;
  const [, digits = "", milli, exponent, unit = ""] = found;
  if (exponent !== undefined) return Number(`${digits}${exponent}`);
  return milli === undefined ? Number(digits) * units[unit]! : Number(digits) / 1000;
}

/** Bytes as Kubernetes writes them: in GiB where they are whole, else in MiB. */
export function quantityText(bytes: number): string {
  return bytes % 2 ** 30 === 0 ? `${bytes / 2 ** 30}Gi` : `${Math.ceil(bytes / 2 ** 20)}Mi`;
}
