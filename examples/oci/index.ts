// Needs a running Headroom runtime whose machine has the package @pulumi/oci and the official Pulumi CLI.
import * as pulumi from "@pulumi/pulumi";
import * as headroom from "pulumi-headroom";

const config = new pulumi.Config();
/** As the console's configuration file names them, and the compartment of VMs and zones. */
interface Account {
  readonly userOcid: string;
  readonly fingerprint: string;
  readonly tenancyOcid: string;
  readonly compartmentOcid: string;
}
const { compartmentOcid, ...names } = config.requireObject<Account>("account");
const key = { ...names, privateKey: config.requireSecret("privateKey"), region: "us-ashburn-1" };

const ashburn = new headroom.Zone("ashburn", { upstreamAuthAddress: "headroom.example.org" });
const records = new headroom.OciDnsProvider("records", { ...key, compartmentOcid });
const vms = {
  ...key,
  compartmentOcid,
  // A refusal for want of capacity moves on to the next one.
  availabilityDomains: ["BEol:US-ASHBURN-AD-1", "BEol:US-ASHBURN-AD-2"],
  imageOcid: "ocid1.image.oc1.iad.xyz",
  shape: "VM.Standard.E4.Flex",
  ocpus: 4,
  memory: "32GiB",
  subnetOcid: "ocid1.subnet.oc1.iad.xyz",
  nsgOcids: ["ocid1.networksecuritygroup.oc1.iad.xxx"],
  configOverride: { agent_config: { plugins_config: [{ name: "Vulnerability Scanning", desired_state: "ENABLED" }] } },
};
const cheap = new headroom.OciVmProvider("cheap", { ...vms, maxInstances: 10, preemptible: true });
const lasting = new headroom.OciVmProvider("lasting", { ...vms, maxInstances: 10 });

const agents = new headroom.Pool("agents", { type: headroom.PoolType.DockerAgent });
new headroom.AutoscaleConfig("agents", {
  pool: agents.name,
  zone: ashburn.name,
  vmProvider: cheap.name,
  fallbackVmProviders: [lasting.name],
  standbyCores: 8,
  maxNodes: 10,
  registerDns: true,
  baseDomainName: "agents.example.org",
  dnsProvider: records.name,
  startupScript: headroom.startupScripts.dockerAgent({
    setUp: "apt-get update && apt-get install -y docker.io",
    noticesOf: "oci",
  }),
});
new headroom.Workspace("browser", { pools: [agents.name], cores: 1, memory: "2GiB" });
