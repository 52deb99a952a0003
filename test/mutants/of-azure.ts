/** Deliberate bugs in what belongs to VMs of Azure, and what they may be asked for. */
import type { Mutant } from "./mutant";

export const azureMutants: readonly Mutant[] = [
  {
    name: "what an override adds stays behind",
    rule: "what belongs to a VM of Azure goes with it",
    file: "../provider/clouds/azure/vm-args",
    find: '({ ...withAddressesDeleted(item), deleteOption: "Delete" })',
    replace: "withAddressesDeleted(item)",
    tests: ["clouds/azure-overrides"],
    bySimulation: false,
  },
  {
    name: "an index of no element adds one",
    rule: "an override of Azure changes only elements that are there",
    file: "../provider/clouds/azure/overrides",
    find: "if (name >= items.length) {",
    replace: "if (name > items.length + 100) {",
    tests: ["clouds/azure-overrides"],
    bySimulation: false,
  },
  {
    name: "a token goes wherever a list says that it goes on",
    rule: "an access token of Azure goes nowhere but to Azure Resource Manager",
    file: "../provider/clouds/azure/arm",
    find: "if (url.origin === new URL(this.base).origin) return url;",
    replace: 'if (url.origin !== "") return url;',
    tests: ["clouds/azure"],
    bySimulation: false,
  },
  {
    name: "a script of Windows is started by nobody",
    rule: "a startup script runs on Windows of Azure",
    file: "../provider/clouds/azure",
    find: 'windowsScript === "runCommand") {',
    replace: 'windowsScript === "image") {',
    tests: ["clouds/azure"],
    bySimulation: false,
  },
];
