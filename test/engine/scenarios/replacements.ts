import type { Scenario } from "../notation";
import { preview, ref, thing, up } from "./build";

const forceNew = ["size"];

export const replacements: readonly Scenario[] = [
  {
    name: "replace-delete-first",
    about:
      "the provider wants the old one deleted first; dependents that can follow, and one that must be replaced too",
    steps: [
      up([
        thing("a", { forceNew, deleteFirst: true }),
        thing("b", { peer: ref("a.address") }),
        thing("c", { peer: ref("a.address"), forceNew: ["peer"] }),
        thing("d", {}, { dependsOn: ["c"] }),
      ]),
      preview([
        thing("a", { forceNew, deleteFirst: true, size: "large" }),
        thing("b", { peer: ref("a.address") }),
        thing("c", { peer: ref("a.address"), forceNew: ["peer"] }),
        thing("d", {}, { dependsOn: ["c"] }),
      ]),
      up([
        thing("a", { forceNew, deleteFirst: true, size: "large" }),
        thing("b", { peer: ref("a.address") }),
        thing("c", { peer: ref("a.address"), forceNew: ["peer"] }),
        thing("d", {}, { dependsOn: ["c"] }),
      ]),
    ],
  },
  {
    name: "replace-delete-first-option",
    about: "deleteBeforeReplace as an option, without dependents",
    steps: [
      up([thing("a", { forceNew }, { deleteBeforeReplace: true }), thing("z")]),
      up([thing("a", { forceNew, size: "large" }, { deleteBeforeReplace: true }), thing("z")]),
    ],
  },
  {
    name: "replace-dependents-follow",
    about: "a replaced thing's dependents are updated with the new address before the old one is deleted",
    steps: [
      up([thing("a", { forceNew }), thing("b", { peer: ref("a.address") }), thing("c", { peer: ref("b.peer") })]),
      up([
        thing("a", { forceNew, size: "large" }),
        thing("b", { peer: ref("a.address") }),
        thing("c", { peer: ref("b.peer") }),
      ]),
    ],
  },
  {
    name: "replace-chain",
    about: "three things, each replaced because the one before it is",
    steps: [
      up([
        thing("a", { forceNew }),
        thing("b", { peer: ref("a.address"), forceNew: ["peer"] }),
        thing("c", { peer: ref("b.address"), forceNew: ["peer"] }),
      ]),
      up([
        thing("a", { forceNew, size: "large" }),
        thing("b", { peer: ref("a.address"), forceNew: ["peer"] }),
        thing("c", { peer: ref("b.address"), forceNew: ["peer"] }),
      ]),
    ],
  },
  {
    name: "replace-retained",
    about: "retainOnDelete keeps the replaced thing",
    steps: [
      up([thing("a", { forceNew }, { retainOnDelete: true })]),
      up([thing("a", { forceNew, size: "large" }, { retainOnDelete: true })]),
    ],
  },
  {
    name: "replace-protected",
    about: "a protected thing can't be replaced",
    steps: [
      up([thing("a", { forceNew }, { protect: true })]),
      up([thing("a", { forceNew, size: "large" }, { protect: true })]),
    ],
  },
  {
    name: "replace-create-fails",
    about: "the replacement can't be created, so the old one stays; the next update makes it",
    steps: [
      up([thing("a", { forceNew })]),
      up([thing("a", { forceNew, size: "large", fail: "create" })]),
      up([thing("a", { forceNew, size: "large" })]),
    ],
  },
  {
    name: "replace-delete-fails",
    about: "the replaced thing can't be deleted: both are in the state until a later update deletes it",
    steps: [
      up([thing("a", { forceNew, fail: "delete" })]),
      up([thing("a", { forceNew, size: "large" })]),
      { world: "change", id: "*", set: { fail: "none" } },
      up([thing("a", { forceNew, size: "large" })]),
    ],
  },
  {
    name: "replace-on-changes",
    about: "replaceOnChanges replaces where the provider would update",
    steps: [
      up([thing("a", {}, { replaceOnChanges: ["size"] })]),
      up([thing("a", { size: "large" }, { replaceOnChanges: ["size"] })]),
    ],
  },
  {
    name: "replace-and-remove",
    about: "one update replaces, updates, creates and deletes",
    steps: [
      up([thing("r", { forceNew }), thing("u"), thing("d"), thing("e", {}, { dependsOn: ["d"] })]),
      up([thing("r", { forceNew, size: "large" }), thing("u", { size: "large" }), thing("n")]),
    ],
  },
];
