import type { Scenario } from "../notation";
import { preview, ref, secret, thing, up } from "./build";

/** What every engine has to do the same; the given recordings hold these programs too. */
export const basics: readonly Scenario[] = [
  {
    name: "chain",
    about: "c needs b needs a: creation order, deletion in reverse",
    steps: [
      up([thing("a"), thing("b", { peer: ref("a.address") }), thing("c", {}, { dependsOn: ["b"] })]),
      up([thing("a")]),
      { do: "destroy" },
    ],
  },
  {
    name: "check-failure",
    about: "the provider refuses inputs",
    steps: [up([thing("a", { size: "impossible" })]), preview([thing("a", { size: "impossible" })])],
  },
  {
    name: "create-same-update-delete",
    about: "one resource: create, no change, update, delete",
    steps: [
      up([thing("a")], { outputs: { ip: ref("a.address") } }),
      up([thing("a")]),
      up([thing("a", { size: "large" })]),
      up([]),
    ],
  },
  {
    name: "deleted-with",
    about: "deletedWith skips the delete call of what goes with its owner",
    steps: [up([thing("a"), thing("b", {}, { deletedWith: "a" }), thing("c", {}, { dependsOn: ["a"] })]), up([])],
  },
  {
    name: "failing-create-continues",
    about: "the same with continueOnError",
    steps: [
      up([thing("old")]),
      up([thing("a", { fail: "create" }), thing("b", { delayMs: 300 }), thing("c", { peer: ref("a.address") })], {
        options: { continueOnError: true },
      }),
      up([]),
    ],
  },
  {
    name: "failing-create-stops",
    about: "a failing create without continueOnError: what of its siblings, its dependents, a deletion",
    otherOutcome: "refused-before-the-other-began",
    steps: [
      up([thing("old")]),
      up([thing("a", { fail: "create" }), thing("b", { delayMs: 300 }), thing("c", { peer: ref("a.address") })]),
      up([]),
    ],
  },
  {
    name: "failing-update",
    about: "a failing update keeps the old state",
    steps: [up([thing("a")]), up([thing("a", { size: "large", fail: "update" })]), up([thing("a")])],
  },
  {
    name: "ignore-changes",
    about: "ignoreChanges on one property, then on all",
    steps: [
      up([thing("a", { color: "red" }, { ignoreChanges: ["color"] })]),
      up([thing("a", { color: "blue" }, { ignoreChanges: ["color"] })]),
      up([thing("a", { size: "large", color: "blue" }, { ignoreChanges: ["*"] })]),
    ],
  },
  {
    name: "interrupted",
    about: "SIGINT during slow creates: running steps finish, nothing new starts, the lock goes",
    steps: [
      up([thing("a", { delayMs: 2500 }), thing("b", { peer: ref("a.address") })], { interrupt: { signal: "SIGINT" } }),
      up([thing("a", { delayMs: 0 })]),
    ],
  },
  {
    name: "invoke",
    about: "functions: one good, one refused",
    steps: [up([thing("a")], { invokes: { v: { key: "k" } } }), up([thing("a")], { invokes: { v: { key: "bad" } } })],
  },
  {
    name: "killed",
    about:
      "SIGKILL during three creates: lock and pending operations; next update refused; after removing the lock it goes on with a warning",
    steps: [
      up([thing("z")]),
      up([thing("z"), thing("k1", { delayMs: 2500 }), thing("k2", { delayMs: 2500 }), thing("k3", { delayMs: 2500 })], {
        interrupt: { signal: "SIGKILL" },
        busyCalls: 3,
      }),
      up([thing("z")]),
      { unlock: true },
      up([thing("z")]),
      { cli: ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", "dev"] },
    ],
  },
  {
    name: "locked",
    about: "a second update while one runs",
    steps: [up([thing("a", { delayMs: 2500 })], { second: {} })],
  },
  {
    name: "parallel",
    about: "five slow creates with parallel 1 and with the default",
    steps: [
      up(
        [
          thing("p1", { delayMs: 150 }),
          thing("p2", { delayMs: 150 }),
          thing("p3", { delayMs: 150 }),
          thing("p4", { delayMs: 150 }),
          thing("p5", { delayMs: 150 }),
        ],
        { options: { parallel: 1 } },
      ),
      up([
        thing("p6", { delayMs: 150 }),
        thing("p7", { delayMs: 150 }),
        thing("p8", { delayMs: 150 }),
        thing("p9", { delayMs: 150 }),
      ]),
    ],
  },
  {
    name: "preview",
    about: "preview of create, update, replace, delete changes nothing",
    steps: [
      preview([thing("a")]),
      up([thing("a"), thing("d"), thing("r", { forceNew: ["size"] })]),
      preview([
        thing("a", { size: "large" }),
        thing("r", { size: "large", forceNew: ["size"] }),
        thing("n", { peer: ref("r.address") }),
      ]),
    ],
  },
  {
    name: "protect-retain",
    about: "protect refuses deletion; retainOnDelete forgets without deleting",
    steps: [
      up([thing("a", {}, { protect: true }), thing("b", {}, { retainOnDelete: true })]),
      up([]),
      up([thing("a", {}, { protect: false })]),
      up([]),
    ],
  },
  {
    name: "refresh",
    about: "refresh after a change and a disappearance in the world, then up again",
    steps: [
      up([thing("a"), thing("b", {}, { dependsOn: ["a"] })]),
      { world: "change", id: "thing-1", set: { size: "huge" } },
      { world: "remove", ids: ["thing-2"] },
      { do: "refresh" },
      up([thing("a"), thing("b", {}, { dependsOn: ["a"] })]),
    ],
  },
  {
    name: "replace-create-first",
    about: "a changed forceNew property: new one first, then the old one deleted",
    steps: [up([thing("a", { forceNew: ["size"] })]), up([thing("a", { size: "large", forceNew: ["size"] })])],
  },
  {
    name: "secrets",
    about: "secret inputs, secret outputs of the provider, additionalSecretOutputs, in state and in events",
    steps: [
      up(
        [
          thing("a", { password: secret("hunter2"), withToken: true }),
          thing("b", { copy: ref("a.token") }, { additionalSecretOutputs: ["address"] }),
        ],
        { outputs: { token: ref("a.token"), plain: ref("a.address"), hidden: ref("b.address") } },
      ),
      { cli: ["stack", "output", "--json", "--stack", "dev"] },
      { cli: ["stack", "output", "--json", "--show-secrets", "--stack", "dev"] },
      up([thing("a", { password: secret("hunter2"), withToken: true })]),
    ],
  },
  {
    name: "stack-commands",
    about: "ls, output, export, rm refused while resources exist, rm",
    steps: [
      up([thing("a")], { outputs: { ip: ref("a.address") } }),
      { cli: ["stack", "ls", "--json"] },
      { cli: ["stack", "output", "ip", "--stack", "dev"] },
      { cli: ["stack", "export", "--stack", "dev"] },
      { cli: ["stack", "rm", "dev", "--yes"] },
      { cli: ["stack", "select", "nope"] },
      { cli: ["up", "--yes", "--skip-preview", "--stack", "nope"] },
      { cli: ["stack", "init", "dev"] },
      { cli: ["stack", "init", "bad name"] },
      { do: "destroy" },
      { cli: ["stack", "rm", "dev", "--yes"] },
      { cli: ["stack", "ls", "--json"] },
    ],
  },
  {
    name: "timeouts",
    about: "customTimeouts reach the provider in seconds",
    steps: [
      up([thing("a", {}, { customTimeouts: { create: "2m", update: "90s", delete: "1h" } })]),
      up([thing("a", { size: "large" }, { customTimeouts: { create: "2m", update: "90s", delete: "1h" } })]),
      up([]),
    ],
  },
];
