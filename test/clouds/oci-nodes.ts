/** Settings of OCI that are good, nodes with them, and what becomes of them in the request. */
import { wholeInputs } from "../../provider/cloud";
import { placeIdentity } from "../../provider/clouds/oci/find";
import { instanceArgs } from "../../provider/clouds/oci/instance-args";
import { ociSettingsSchema } from "../../provider/clouds/oci/settings";
import type { Properties } from "../../provider/resource-kernel";
import { problemsOf } from "../../runtime/model/config";
import type { DesiredNode } from "../../runtime/model/state";
import { domains } from "./emulated-oci-facts";
import { underTest } from "./under-test/oci";

export const account = underTest.credentials("K1");
export const tenancy = String(account["tenancyOcid"]);
export const minimal = {
  ...account,
  region: "us-ashburn-1",
  compartmentOcid: "ocid1.compartment.oc1..team",
  availabilityDomains: [domains[0]],
  imageOcid: "ocid1.image.oc1.iad.ubuntu",
  shape: "VM.Standard.E4.Flex",
  ocpus: 2,
  memory: "16GiB",
  subnetOcid: "ocid1.subnet.oc1.iad.private",
};

export const problemsIn = (settings: Record<string, unknown>) => {
  const given = { ...minimal, ...settings };
  const parsed = ociSettingsSchema.safeParse(given);
  return parsed.success ? [] : problemsOf(parsed.error, given);
};
export const pathsIn = (settings: Record<string, unknown>) => problemsIn(settings).map(({ path }) => path);

export const aNode = (nodeId: string, settings: Record<string, unknown> = {}, over: Partial<DesiredNode> = {}) =>
  ({
    nodeId,
    zone: "home",
    pool: "agents",
    autoscaleConfig: "agents-oci",
    vmProvider: "main",
    installation: "i-lab",
    kind: "oci",
    settings: { ...minimal, ...settings },
    osType: "linux",
    startupScript: "",
    ...over,
  }) as DesiredNode;

/** The inputs of a node's VM, as the frame puts them together. */
export function inputsOf(settings: Record<string, unknown>, script = "") {
  const parsed = ociSettingsSchema.parse({ ...minimal, ...settings });
  const definition = {
    overrides: (of: typeof parsed) => [of.configOverride, of.inputOverride],
    placeIdentity,
  };
  const computed = instanceArgs(parsed, script) as unknown as Properties;
  return wholeInputs(definition, { ...aNode("n1"), settings: parsed }, computed) as Properties;
}
