/** Deliberate bugs in how Oracle Cloud is asked, and in which of its availability domains nodes are made. */
import type { Mutant } from "./mutant";

export const ociMutants: readonly Mutant[] = [
  {
    name: "what is being terminated counts",
    rule: "OCI shows terminated instances for a day, and they are no VMs",
    file: "../provider/clouds/oci/find",
    find: 'export const goneStates: readonly string[] = ["TERMINATING", "TERMINATED"];',
    replace: 'export const goneStates: readonly string[] = ["TERMINATING"];',
    tests: ["clouds/oci-updates"],
    bySimulation: false,
  },
  {
    name: "an answer without anything is an empty list",
    rule: "a list that is not complete is no answer",
    file: "../provider/clouds/oci/find",
    find: '  if (typeof answer?.id === "string" && answer.id !== "" && answer.id !== "-") return answer;',
    replace: "  if (answer !== undefined) return { instances: [], zones: [], ...answer };",
    tests: ["clouds/oci"],
    bySimulation: false,
  },
  {
    name: "a full domain passes",
    rule: "OCI's 500 means that a place is full when its sentence says so",
    file: "../provider/clouds/oci/failures",
    find: '      refused("500-InternalError", noCapacity),',
    replace: "",
    tests: ["clouds/oci-failures"],
    bySimulation: false,
  },
  {
    name: "OCI's own default of a public address",
    rule: "a VM gets a public address only where the settings say so",
    file: "../provider/clouds/oci/instance-args",
    find: 'assignPublicIp: String(settings.assignPublicIp ?? settings.addressType === "public"),',
    replace: "...(settings.assignPublicIp && { assignPublicIp: String(settings.assignPublicIp) }),",
    tests: ["clouds/oci"],
    bySimulation: false,
  },
  {
    name: "volumes stay",
    rule: "what belongs to a node goes with it",
    file: "../provider/clouds/oci/instance-args",
    find: "    preserveDataVolumesCreatedAtLaunch: false,",
    replace: "",
    tests: ["clouds/oci"],
    bySimulation: false,
  },
  {
    name: "every node tries the first place",
    rule: "a node goes where the last one came up, and on after each failure",
    file: "reconciler/next-place",
    find: "  const at = (Math.max(0, places.indexOf(last)) + failures) % places.length;",
    replace: "  const at = Math.max(0, places.indexOf(last)) % places.length;",
    tests: ["reconciler/next-place"],
    bySimulation: false,
  },
];
