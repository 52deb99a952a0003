import type { Scenario } from "../notation";
import { ref, thing, up } from "./build";

export const failures: readonly Scenario[] = [
  {
    name: "failing-delete",
    about: "a deletion is refused, the other one is not; after a repair it is tried again",
    steps: [
      up([thing("a", { fail: "delete" }), thing("b")]),
      up([]),
      { world: "change", id: "*", set: { fail: "none" } },
      up([]),
    ],
  },
  {
    name: "failing-delete-of-a-dependent",
    about: "what a thing needs is kept when the thing can't be deleted",
    steps: [
      up([thing("a"), thing("b", { fail: "delete" }, { dependsOn: ["a"] })]),
      up([]),
      up([], { options: { continueOnError: true } }),
    ],
  },
  {
    name: "failing-destroy-continues",
    about: "destroy with continueOnError deletes all it can",
    steps: [
      up([
        thing("a"),
        thing("b", { fail: "delete" }, { dependsOn: ["a"] }),
        thing("c", {}, { dependsOn: ["b"] }),
        thing("d"),
      ]),
      { do: "destroy", options: { continueOnError: true } },
      { world: "change", id: "*", set: { fail: "none" } },
      { do: "destroy" },
    ],
  },
  {
    name: "init-error",
    about: "created but not ready: kept with its errors; the next update tries again",
    steps: [
      up([thing("a", { fail: "init" }), thing("b", { peer: ref("a.address") })]),
      up([thing("a"), thing("b", { peer: ref("a.address") })]),
      up([thing("a"), thing("b", { peer: ref("a.address") })]),
    ],
  },
  {
    name: "init-error-unchanged",
    about: "created but not ready: the same inputs again",
    steps: [
      up([thing("a", { fail: "init" })]),
      up([thing("a", { fail: "init" })]),
      { do: "refresh" },
      { do: "destroy" },
    ],
  },
  {
    name: "init-error-continues",
    about: "created but not ready, with continueOnError: who goes on",
    steps: [
      up([thing("a", { fail: "init" }), thing("b", {}, { dependsOn: ["a"] }), thing("c")], {
        options: { continueOnError: true },
      }),
      up([thing("a"), thing("b", {}, { dependsOn: ["a"] }), thing("c")]),
    ],
  },
  {
    name: "init-error-of-an-update",
    about: "an update that ends with an initialisation error keeps the new inputs",
    steps: [up([thing("a")]), up([thing("a", { size: "large", fail: "init" })]), up([thing("a", { size: "large" })])],
  },
  {
    name: "failing-update-continues",
    about: "a failing update with continueOnError: what of its dependents, the others and a deletion",
    steps: [
      up([thing("a"), thing("b", { peer: ref("a.size") }), thing("c"), thing("old")]),
      up(
        [
          thing("a", { size: "large", fail: "update" }),
          thing("b", { peer: ref("a.size") }),
          thing("c", { size: "large" }),
        ],
        {
          options: { continueOnError: true },
        },
      ),
      up([thing("a", { size: "large" }), thing("b", { peer: ref("a.size") }), thing("c", { size: "large" })]),
    ],
  },
  {
    name: "failing-create-among-slow-ones",
    about: "a create fails while others run: they finish and are recorded",
    steps: [
      up([thing("b", { delayMs: 600 }), thing("c", { delayMs: 600 }), thing("a", { fail: "create" })]),
      up([thing("b", { delayMs: 600 }), thing("c", { delayMs: 600 }), thing("a")]),
    ],
  },
  {
    name: "failing-creates-continue",
    about: "several failing creates with continueOnError, the rest is made; the next update makes up for it",
    steps: [
      up([thing("a", { fail: "create" }), thing("b"), thing("c", { fail: "create" }), thing("d")], {
        options: { continueOnError: true },
      }),
      up([thing("a"), thing("b"), thing("c"), thing("d")], { options: { continueOnError: true } }),
    ],
  },
  {
    name: "check-failure-continues",
    about: "refused inputs with continueOnError",
    otherOutcome: "registered-before-the-refusal",
    steps: [
      up([thing("old")]),
      up([thing("a", { size: "impossible" }), thing("b")], { options: { continueOnError: true } }),
    ],
  },
  {
    name: "program-throws",
    about: "a program that throws after declaring: what it declared is made, nothing is deleted",
    steps: [up([thing("old")]), up([thing("a")], { throws: "no more ideas" }), up([thing("a")])],
  },
  {
    name: "duplicate-name",
    about: "two resources with one name",
    steps: [up([thing("a"), thing("a", {}, { dependsOn: ["a"] })])],
  },
  {
    name: "missing-read",
    about: "reading a thing that does not exist, and one that does",
    steps: [
      up([{ name: "r", kind: "read", id: "thing-99" }]),
      { world: "add", id: "thing-99", inputs: { size: "small", address: "10.0.0.99" } },
      up([{ name: "r", kind: "read", id: "thing-99" }, thing("a", { peer: ref("r.address") })]),
      up([{ name: "r", kind: "read", id: "thing-99" }, thing("a", { peer: ref("r.address") })]),
      up([]),
    ],
  },
  {
    name: "failing-refresh",
    about: "a thing that can't be read stops the refresh and stays in the state",
    steps: [up([thing("a"), thing("b")]), { world: "change", id: "*", set: { fail: "read" } }, { do: "refresh" }],
  },
];
