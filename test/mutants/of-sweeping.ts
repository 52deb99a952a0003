/** Bugs of the sweep of accounts, and of giving up nodes. */
import type { Mutant } from "./mutant";

const sweep = ["reconciler/sweep"];

export const sweepingMutants: readonly Mutant[] = [
  {
    name: "orphan at first sighting",
    rule: "a VM that nobody knows is told when it was seen twice, 5 minutes apart",
    file: "reconciler/orphans",
    find: "const isConfirmed = known !== undefined && askedAtMs - firstSeenMs >= confirmMs;",
    replace: "const isConfirmed = true;",
    tests: sweep,
  },
  {
    name: "orphan of another installation",
    rule: "a VM of another installation is never told as ours",
    file: "reconciler/orphans",
    find: 'if (vm.installation === snapshot.installationId && vm.installation !== "")',
    replace: 'if (vm.installation !== "")',
    tests: sweep,
  },
  {
    name: "a VM that a stack holds is an orphan",
    rule: "a VM that a stack has is never told as one that nobody knows",
    file: "reconciler/listing",
    find: 'if (holds(lane, stack, vm)) return "owned";',
    replace: 'if (holds(lane, undefined, vm)) return "owned";',
    tests: sweep,
  },
  {
    name: "a stack that is not known holds nothing",
    rule: "an unknown answer is never zero",
    file: "reconciler/listing",
    find: 'return isUndecided ? "undecided" : "orphan";',
    replace: 'return "orphan";',
    tests: sweep,
  },
  {
    name: "a list that failed is empty",
    rule: "an unknown answer is never zero",
    file: "reconciler/sweep",
    find: 'if (answer.kind !== "list") return this.complain(area, answer.kind === "failed" ? answer.failed : "no list");',
    replace: 'if (answer.kind !== "list") answer = { kind: "list", vms: [] };',
    tests: sweep,
  },
  {
    name: "a list of nobody knows whose account counts",
    rule: "keys of another account make no VM seem gone",
    file: "reconciler/sweep",
    find: "if (isProven(listing, rules)) this.concludeRows",
    replace: "if (isProven(listing, { ...rules, fields: [] })) this.concludeRows",
    tests: sweep,
  },
  {
    name: "gone at first absence",
    rule: "a VM is given up when two lists in a row lack it",
    file: "reconciler/sweep",
    find: "if (listing.askedAtMs - atMs < againMs || node === undefined) continue;",
    replace: "if (node === undefined) continue;",
    tests: sweep,
  },
  {
    name: "a young VM that is not listed is gone",
    rule: "a cloud may list a young VM late",
    file: "reconciler/listing",
    find: "askedAtMs - madeAtMs(node) < youngMs",
    replace: "askedAtMs - madeAtMs(node) < 0",
    tests: sweep,
  },
  {
    name: "a node that runs is forgotten without force",
    rule: "a healthy node is given up only by force",
    file: "broker/forget-node",
    find: "if (!isForced && !lostStatuses.includes(node.status)) {",
    replace: "if (!isForced && lostStatuses.length === 0) {",
    tests: ["reconciler/forget"],
    bySimulation: false,
  },
  {
    name: "what was forgotten stays in its stack",
    rule: "a forgotten node leaves its stack",
    file: "executor/lane-work",
    find: "if ((lane.forgotten ?? []).some((nodeId) => known.has(nodeId))) return",
    replace: "if ((lane.forgotten ?? []).some((nodeId) => !known.has(nodeId))) return",
    tests: ["reconciler/forget"],
    bySimulation: false,
  },
];
