import type { Settings } from "../../../runtime/model/accounts";
import type { EmulatedUnderTest } from "../cloud-under-test";
import { tokenOf } from "../emulated-kube-tokens";
import { EmulatedKubeVirt } from "../emulated-kubevirt";
import { runEmulated } from "../run-emulated";
import { kubevirtChecks } from "./kubevirt-checks";

/** Where the emulation that runs now listens, and its certificate: an account's settings say it. */
const running: { host: string; sslCertificate?: string } = { host: "https://127.0.0.1:1" };

const said = (reason: string): string =>
  `resource "n-1" was not successfully created by the Kubernetes API server: ${reason}`;

export const underTest: EmulatedUnderTest<EmulatedKubeVirt> = {
  template: () => ({
    namespace: "kasm",
    diskSource: "ubuntu-golden",
    diskSize: "50GiB",
    cores: 4,
    memory: "8GiB",
    sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhlYWRyb29tIGhlYWRyb29tIGhlYWRyb29t ops",
    enableEfiBoot: true,
    enableSecureBoot: true,
    startTimeout: "60s",
  }),
  credentials: (key) => ({ ...running, apiToken: tokenOf(key) }),
  edit: (template: Settings, number) => ({ ...template, cores: 8 + number, diskSize: "60GiB" }),
  sentScript: {
    linux: (script) => `#!/bin/sh\n${script}`,
    windows: (script) => `#ps1_sysnative\n${script}`,
  },
  emulate: () => new EmulatedKubeVirt(),
  async start() {
    const emulated = await runEmulated(underTest);
    const { emulation } = emulated;
    await emulation.api.listen();
    Object.assign(running, { host: emulation.api.host, sslCertificate: emulation.api.authority });
    return {
      ...emulated,
      async close() {
        await emulated.close();
        emulation.close();
      },
    };
  },
  refusals: {
    CAPACITY: said("persistentvolumeclaims: rpc error: code = ResourceExhausted desc = insufficient storage"),
    QUOTA: said(
      'virtualmachines.kubevirt.io "n-1" is forbidden: exceeded quota: kasm, requested: limits.memory=26101153793, used: limits.memory=0, limited: limits.memory=24Gi',
    ),
    CONFIG: said(
      'admission webhook "virtualmachine-validator.kubevirt.io" denied the request: spec.template.spec.domain.features.smm: smm is required for secure boot',
    ),
    TRANSIENT: said(
      'Internal error occurred: failed calling webhook "virtualmachines-mutator.kubevirt.io": failed to call webhook: Post "https://virt-api.kubevirt.svc:443/virtualmachines-mutate": dial tcp 10.43.1.2:443: connect: connection refused',
    ),
  },
  says: {
    revoked:
      /the server has asked for the client to provide credentials|HTTP 401: Unauthorized|Kubernetes says "Unauthorized"/,
    foreign: /leads to cluster 3f2c1a9e-0000-4000-8000-00000000bbbb, and not to 3f2c1a9e-0000-4000-8000-00000000aaaa/,
    denied: {
      "list VMs": /cannot list resource .{0,2}virtualmachines/,
      "create a VM": /cannot create resource .{0,2}virtualmachines/,
      "delete a VM": /cannot delete resource .{0,2}virtualmachines/,
      "look up a domain": /there is no DNS service/,
    },
  },
  noticed: ["request"],
  providerField: "kubeconfig",
  otherPlace: { namespace: "elsewhere", diskSource: "images/ubuntu-golden" },
  vmsTellOwner: false,
  checks: kubevirtChecks,
};
