import type { Scenario } from "../notation";
import { group, preview, ref, thing, up } from "./build";

export const structure: readonly Scenario[] = [
  {
    name: "components",
    about: "nested components with children; children go, then a component",
    steps: [
      up([
        group("g"),
        group("h", { parent: "g" }),
        thing("a", {}, { parent: "g" }),
        thing("b", {}, { parent: "h" }),
        thing("c", {}, { parent: "h" }),
      ]),
      up([group("g"), group("h", { parent: "g" }), thing("a", {}, { parent: "g" }), thing("b", {}, { parent: "h" })]),
      preview([group("g"), thing("a", {}, { parent: "g" })]),
      up([group("g"), thing("a", {}, { parent: "g" })]),
      { do: "destroy" },
    ],
  },
  {
    name: "depends-on-component",
    about: "dependsOn of a component waits for its children",
    steps: [
      up([group("g"), thing("a", { delayMs: 300 }, { parent: "g" }), thing("b", {}, { dependsOn: ["g"] })]),
      up([]),
    ],
  },
  {
    name: "moved-into-component",
    about: "another parent without an alias makes a new resource and deletes the old one",
    steps: [up([thing("a")]), up([group("g"), thing("a", {}, { parent: "g" })])],
  },
  {
    name: "renamed-without-alias",
    about: "another name without an alias makes a new resource",
    steps: [
      up([thing("a"), thing("b", { peer: ref("a.address") })]),
      up([thing("c"), thing("b", { peer: ref("c.address") })]),
    ],
  },
  {
    name: "property-chain",
    about: "dependencies through properties: creation order and deletion in reverse, with slow steps",
    steps: [
      up([
        thing("a", { delayMs: 100 }),
        thing("b", { delayMs: 100, peer: ref("a.address") }),
        thing("c", { delayMs: 100, peers: [ref("a.address"), { far: ref("b.address") }] }),
        thing("x", { delayMs: 100 }),
      ]),
      { do: "destroy" },
    ],
  },
  {
    name: "dependencies-change",
    about: "only dependencies and options change: nothing is called, the state follows",
    steps: [
      up([thing("a"), thing("b"), thing("c", {}, { dependsOn: ["a"] })]),
      up([thing("a"), thing("b"), thing("c", {}, { dependsOn: ["a", "b"] })]),
      up([thing("a"), thing("b"), thing("c", {}, { protect: true, customTimeouts: { create: "5m", delete: "10m" } })]),
      up([thing("a"), thing("b"), thing("c", {}, { retainOnDelete: true, protect: false })]),
    ],
  },
  {
    name: "deleted-with-chain",
    about: "disk and network go with the machine, the record does not; the machine itself is replaced, then all goes",
    steps: [
      up([
        thing("vm", { forceNew: ["size"] }),
        thing("disk", {}, { deletedWith: "vm" }),
        thing("nic", { vm: ref("vm.address") }, { deletedWith: "vm" }),
        thing("record", { to: ref("nic.address") }),
      ]),
      up([
        thing("vm", { forceNew: ["size"], size: "large" }),
        thing("disk", {}, { deletedWith: "vm" }),
        thing("nic", { vm: ref("vm.address") }, { deletedWith: "vm" }),
        thing("record", { to: ref("nic.address") }),
      ]),
      { do: "destroy" },
    ],
  },
  {
    name: "deleted-with-kept",
    about: "deletedWith whose owner stays: the delete call is made",
    steps: [up([thing("vm"), thing("disk", {}, { deletedWith: "vm" })]), up([thing("vm")])],
  },
  {
    name: "many",
    about: "sixty things with parallel 10, half of them go",
    steps: [
      up(
        Array.from({ length: 60 }, (_each, index) => thing(`n${index}`, { delayMs: 20 })),
        { options: { parallel: 10 } },
      ),
      up(
        Array.from({ length: 30 }, (_each, index) => thing(`n${index * 2}`, { delayMs: 20 })),
        { options: { parallel: 10 } },
      ),
    ],
  },
  {
    name: "parallel-one-deletes",
    about: "deletions one at a time",
    steps: [
      up([thing("a", { delayMs: 100 }), thing("b", { delayMs: 100 }), thing("c", { delayMs: 100 })]),
      up([], { options: { parallel: 1 } }),
    ],
  },
];
