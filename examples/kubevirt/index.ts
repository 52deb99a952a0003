// Needs a running Headroom runtime whose machine has the package @pulumi/kubernetes and the official Pulumi CLI.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();

const lab = new headroom.Zone("lab", { upstreamAuthAddress: "headroom.example.org" });

// Any cluster with KubeVirt and CDI; on Google Kubernetes Engine the same with flavor: "gke".
const desktopVms = new headroom.KubeVirtVmProvider("desktop-vms", {
  maxInstances: 20,
  host: "https://kubevirt.example.org:6443",
  sslCertificate: config.requireSecret("kubernetesCertificate"),
  apiToken: config.requireSecret("kubernetesToken"),
  namespace: "kasm",
  diskSource: "ubuntu-golden",
  diskSize: "50GiB",
  cores: 4,
  memory: "8GiB",
});

// Harvester, its UI's "kasm-ubuntu-focal" on a network of VLANs.
const harvesterVms = new headroom.KubeVirtVmProvider("harvester-vms", {
  maxInstances: 10,
  flavor: "harvester",
  kubeconfig: config.requireSecret("harvesterKubeconfig"),
  namespace: "kasm",
  diskImage: "kasm-ubuntu-focal",
  diskSize: "50GiB",
  networkType: "multus",
  networkName: "kasm-network",
  cores: 4,
  memory: "8GiB",
  enableTpm: true,
  enableEfiBoot: true,
  enableSecureBoot: true,
});

const desktops = new headroom.Pool("desktops", { type: headroom.PoolType.Server });
const shared = {
  pool: desktops.name,
  zone: lab.name,
  connectionType: headroom.ConnectionType.Rdp,
  minimumAvailableSessions: 1,
  maxNodes: 10,
  startupScript: { osType: headroom.OsType.Linux, text: "systemctl enable --now xrdp\n" },
};
new headroom.ServerAutoscaleConfig("desktops", { ...shared, vmProvider: desktopVms.name });
new headroom.ServerAutoscaleConfig("harvester-desktops", { ...shared, vmProvider: harvesterVms.name });
new headroom.Workspace("desktop", { kind: "desktop", pools: [desktops.name], cores: 4, memory: "8GiB" });
