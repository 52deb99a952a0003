import type { Scenario } from "../notation";
import { ref, thing, up } from "./build";

const slow = { delayMs: 50 };

export const interruptions: readonly Scenario[] = [
  {
    name: "killed-update",
    about: "kill -9 during an update: the pending operation, then unlock and go on",
    steps: [
      up([thing("a"), thing("b")]),
      up([thing("a", { size: "large", updateDelayMs: 50 }), thing("b")], { interrupt: { signal: "SIGKILL" } }),
      up([thing("a", { size: "large", updateDelayMs: 0 }), thing("b")]),
      { unlock: true },
      up([thing("a", { size: "large", updateDelayMs: 0 }), thing("b")]),
    ],
  },
  {
    name: "killed-delete",
    about: "kill -9 during deletions: the pending operations, then unlock and go on",
    steps: [
      up([thing("a", slow), thing("b", slow), thing("c")]),
      up([thing("c")], { interrupt: { signal: "SIGKILL" }, busyCalls: 2 }),
      { unlock: true },
      up([thing("c")]),
    ],
  },
  {
    name: "killed-replacement",
    about: "kill -9 while the replaced thing is being deleted",
    steps: [
      up([thing("a", { ...slow, forceNew: ["size"] })]),
      up([thing("a", { size: "large", forceNew: ["size"] })], { interrupt: { signal: "SIGKILL" } }),
      { unlock: true },
      up([thing("a", { size: "large", forceNew: ["size"] })]),
    ],
  },
  {
    name: "killed-destroy",
    about: "kill -9 in the middle of a destroy",
    steps: [
      up([thing("a", slow), thing("b", {}, { dependsOn: ["a"] })]),
      { do: "destroy", interrupt: { signal: "SIGKILL" } },
      { unlock: true },
      { do: "destroy" },
    ],
  },
  {
    name: "killed-with-plugin",
    about: "kill -9 with an executable plugin, which lives on and makes the thing; it is adopted",
    provider: "plugin",
    steps: [
      up([thing("z")]),
      up([thing("z"), thing("k", slow)], { interrupt: { signal: "SIGKILL" } }),
      { unlock: true },
      {
        cli: ["stack", "import", "--stack", "dev", "--file", "FILE"],
        edit: { resource: "k", adoptPending: "thing-2" },
      },
      up([thing("z"), thing("k", slow)]),
    ],
  },
  {
    name: "interrupted-twice",
    about: "a second SIGINT ends the engine without waiting; the next update",
    steps: [
      up([thing("a", slow), thing("b", { peer: ref("a.address") })], {
        interrupt: { signal: "SIGINT", againAfterMs: 500 },
      }),
      { unlock: true },
      up([thing("z")]),
    ],
  },
  {
    name: "interrupted-delete",
    about: "SIGINT during a slow deletion: it is finished, the next one is not begun",
    steps: [
      up([thing("a"), thing("b", slow, { dependsOn: ["a"] })]),
      up([], { interrupt: { signal: "SIGINT" } }),
      up([]),
    ],
  },
  {
    name: "interrupted-continue",
    about: "SIGINT with continueOnError and several creates in flight",
    steps: [
      up([thing("a", slow), thing("b", slow), thing("c", { peer: ref("a.address") })], {
        interrupt: { signal: "SIGINT" },
        busyCalls: 2,
        options: { continueOnError: true },
      }),
      up([thing("a", slow), thing("b", slow), thing("c", { peer: ref("a.address") })]),
    ],
  },
  {
    name: "host-killed",
    about: "the program's process dies while creates run: the engine, writing to a file, records them and unlocks",
    steps: [
      up([thing("z")]),
      up([thing("z"), thing("a", slow), thing("b", slow)], { hostKilled: true, busyCalls: 2 }),
      up([thing("z"), thing("a", slow), thing("b", slow)]),
    ],
  },
  {
    name: "host-killed-deleting",
    about: "the program's process dies while deletions run",
    steps: [
      up([thing("z"), thing("a", slow), thing("b", slow)]),
      up([thing("z")], { hostKilled: true, busyCalls: 2 }),
      up([thing("z")]),
    ],
  },
  {
    name: "locked-destroy",
    about: "an update in another process while a destroy runs",
    steps: [up([thing("a", slow)]), { do: "destroy", second: {} }],
  },
];
