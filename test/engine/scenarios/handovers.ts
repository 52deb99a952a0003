import type { Scenario } from "../notation";
import { group, provider, ref, secret, thing, up } from "./build";

const rich = [
  provider("p", { region: "north", key: secret("k") }),
  group("g"),
  thing("a", { withToken: true, password: secret({ deep: "hunter2" }) }, { parent: "g", provider: "p", protect: true }),
  thing("b", { copy: ref("a.token") }, { dependsOn: ["g"], additionalSecretOutputs: ["address"] }),
  thing("c", { forceNew: ["size"] }, { customTimeouts: { create: "2m", delete: "1h" }, ignoreChanges: ["color"] }),
  thing("d", {}, { deletedWith: "c", retainOnDelete: true }),
];
const richOutputs = { token: ref("a.token"), ip: ref("c.address"), hidden: ref("b.address") };

/** A state made by one engine is taken on by another, and by the first one again. */
export const handovers: readonly Scenario[] = [
  {
    name: "handover",
    about: "a rich state changes hands twice: nothing to do, then changes, refresh and destroy",
    handOverAt: [1, 4],
    steps: [
      up(rich, { outputs: richOutputs }),
      up(rich, { outputs: richOutputs }),
      { cli: ["stack", "output", "--json", "--show-secrets", "--stack", "dev"] },
      up(
        rich.map((each) => (each.name === "c" ? { ...each, inputs: { ...each.inputs, size: "large" } } : each)),
        { outputs: richOutputs },
      ),
      { do: "refresh" },
      up([group("g"), thing("a", { withToken: true, password: "open" }, { parent: "g", protect: false })]),
      { do: "destroy" },
    ],
  },
  {
    name: "handover-after-kill",
    about: "one engine is killed while it creates; another one is refused by the lock, then goes on",
    handOverAt: [2, 5],
    steps: [
      up([thing("z")]),
      up([thing("z"), thing("k", { delayMs: 50 })], { interrupt: { signal: "SIGKILL" } }),
      up([thing("z")]),
      { cli: ["cancel", "--yes", "--stack", "dev"] },
      up([thing("z"), thing("y")]),
      { cli: ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", "dev"], attached: true },
      up([thing("y")]),
    ],
  },
  {
    name: "handover-unfinished",
    about: "a failed initialisation and a replaced thing that could not be deleted are taken on",
    handOverAt: [2, 4],
    steps: [
      up([thing("a", { fail: "delete", forceNew: ["size"] }), thing("b", { fail: "init" })]),
      up([thing("a", { size: "large", forceNew: ["size"] })]),
      { world: "change", id: "*", set: { fail: "none" } },
      { cli: ["stack", "export", "--stack", "dev"] },
      up([thing("a", { size: "large", forceNew: ["size"] }), thing("b")]),
      { do: "destroy" },
    ],
  },
];
