import type { Scenario } from "../notation";
import { group, provider, preview, ref, secret, thing, up, urnOf } from "./build";

export const operations: readonly Scenario[] = [
  {
    name: "stock-flow",
    about: "the Automation API as everyone uses it: outputs, summaries, history",
    stock: true,
    config: { word: { value: "one" }, hidden: { value: "two", secret: true } },
    steps: [
      preview([thing("a", { word: { $config: "word" } })]),
      up([thing("a", { word: { $config: "word" } })], {
        outputs: { ip: ref("a.address"), hidden: { $secretConfig: "hidden" } },
      }),
      { do: "refresh" },
      up([thing("a", { fail: "update" })]),
      { do: "destroy" },
    ],
  },
  {
    name: "refresh-with-dependents",
    about: "what others need has vanished: refresh forgets it, the next update makes it again",
    steps: [
      up([thing("a"), thing("b", { peer: ref("a.address") }), thing("c", {}, { dependsOn: ["b"] })]),
      { world: "remove", ids: ["thing-1"] },
      { do: "refresh" },
      up([thing("a"), thing("b", { peer: ref("a.address") }), thing("c", {}, { dependsOn: ["b"] })]),
    ],
  },
  {
    name: "refresh-unchanged",
    about: "a refresh that finds nothing new, with a secret and options",
    steps: [
      up([thing("a", { withToken: true, key: secret("k") }, { protect: true, customTimeouts: { create: "1m" } })], {
        outputs: { token: ref("a.token") },
      }),
      { do: "refresh" },
      up([thing("a", { withToken: true, key: secret("k") }, { protect: true, customTimeouts: { create: "1m" } })], {
        outputs: { token: ref("a.token") },
      }),
    ],
  },
  {
    name: "up-with-exclude",
    about:
      "what an update excludes stays as it is, declared with other inputs or not at all, also with its Pulumi provider",
    steps: [
      up([
        provider("p", { token: "t" }),
        group("g"),
        thing("a", {}, { parent: "g", provider: "p" }),
        group("h"),
        thing("b", {}, { parent: "h" }),
        thing("c"),
      ]),
      up([group("h"), thing("b", { size: "huge" }, { parent: "h" }), thing("d")], {
        options: {
          exclude: [
            "urn:pulumi:dev::proj::pulumi:providers:toy::p",
            "urn:pulumi:dev::proj::toy:index:Group::g",
            "urn:pulumi:dev::proj::toy:index:Group$toy:index:Thing::a",
            "urn:pulumi:dev::proj::toy:index:Group$toy:index:Thing::b",
          ],
        },
      }),
      { do: "destroy" },
    ],
  },
  {
    name: "up-with-refresh",
    about: "up --refresh sees the drift and repairs it",
    steps: [
      up([thing("a")]),
      { world: "change", id: "thing-1", set: { size: "huge" } },
      up([thing("a")], { options: { refresh: true } }),
    ],
  },
  {
    name: "destroy-protected",
    about: "destroy is refused by a protected thing, not by the others",
    steps: [
      up([thing("a", {}, { protect: true }), thing("b"), thing("c", {}, { dependsOn: ["a"] })]),
      { do: "destroy" },
      up([thing("a")]),
      { do: "destroy" },
    ],
  },
  {
    name: "destroy-retained",
    about: "destroy forgets what is retained",
    steps: [up([thing("a", {}, { retainOnDelete: true }), thing("b")]), { do: "destroy" }, up([thing("a")])],
  },
  {
    name: "destroy-twice",
    about: "destroy of nothing",
    steps: [{ do: "destroy" }, up([thing("a")]), { do: "destroy" }, { do: "destroy" }],
  },
  {
    name: "preview-takes-no-lock",
    about: "preview and up while a dead engine's lock is there; cancel removes it",
    steps: [
      up([thing("a", { delayMs: 50 })], { interrupt: { signal: "SIGKILL" } }),
      preview([thing("b")]),
      up([thing("b")]),
      { do: "destroy" },
      { do: "refresh" },
      { cli: ["cancel", "--yes", "--stack", "dev"] },
      up([thing("b")]),
    ],
  },
  {
    name: "import-edited",
    about: "export, edit, import: other outputs, then a thing less; the next update makes up for it",
    steps: [
      up([thing("a"), thing("b", {}, { dependsOn: ["a"] })]),
      {
        cli: ["stack", "import", "--stack", "dev", "--file", "FILE"],
        edit: { resource: "a", outputs: { address: "10.9.9.9" } },
      },
      up([thing("a"), thing("b", { peer: ref("a.address") }, { dependsOn: ["a"] })]),
      { cli: ["stack", "import", "--stack", "dev", "--file", "FILE"], edit: { resource: "b", remove: true } },
      up([thing("a"), thing("b", {}, { dependsOn: ["a"] })]),
    ],
  },
  {
    name: "stack-removal",
    about: "rm refused while there are resources, then forced; the stack is gone",
    steps: [
      up([thing("a")]),
      { cli: ["stack", "rm", "dev", "--yes"] },
      { cli: ["stack", "rm", "dev", "--yes", "--force"] },
      { cli: ["stack", "ls", "--json"] },
      { cli: ["stack", "rm", "dev", "--yes"] },
      { cli: ["stack", "export", "--stack", "dev"] },
    ],
  },
  {
    name: "several-stacks",
    about: "other stacks beside this one: init, select, ls, rm",
    steps: [
      up([thing("a")]),
      { cli: ["stack", "init", "other"] },
      { cli: ["stack", "ls", "--json"] },
      { cli: ["stack", "select", "dev"] },
      { cli: ["stack", "ls", "--json"] },
      { cli: ["stack", "export", "--stack", "other"] },
      { cli: ["stack", "rm", "other", "--yes"] },
      { cli: ["stack", "ls", "--json"] },
      up([thing("a")]),
    ],
  },
  {
    name: "qualified-stack-name",
    about: "commands that name the stack with organisation and project",
    steps: [
      up([thing("a")], { outputs: { ip: ref("a.address") } }),
      { cli: ["stack", "output", "ip", "--stack", "organization/proj/dev"] },
      { cli: ["stack", "export", "--stack", "organization/proj/dev"] },
      { cli: ["stack", "select", "organization/proj/dev"] },
      { cli: ["stack", "output", "ip", "--stack", "organization/proj/nope"] },
    ],
  },
  {
    name: "destroy-target",
    about:
      "what a destroy with targets deletes, leaves alone and tells, with an explicit provider, a dependent and a parent",
    steps: [
      up([
        provider("p", { region: "north" }),
        group("k"),
        thing("a"),
        thing("b", { peer: ref("a.address") }),
        thing("c", {}, { provider: "p" }),
        thing("d", {}, { parent: "k" }),
      ]),
      { do: "destroy", options: { target: [urnOf("b"), urnOf("c")] } },
      { do: "destroy", options: { target: [urnOf("d", "toy:index:Group$toy:index:Thing")] } },
      { do: "destroy", options: { target: [urnOf("nobody")] } },
      { do: "destroy" },
    ],
  },
  {
    name: "destroy-exclude-protected",
    about: "a destroy that leaves out what is protected, and what that needs",
    steps: [
      up([thing("a"), thing("b", { peer: ref("a.address") }, { protect: true }), thing("c"), group("g")]),
      { do: "destroy", options: { excludeProtected: true } },
      up([thing("a"), thing("b", { peer: ref("a.address") })]),
      { do: "destroy", options: { excludeProtected: true } },
    ],
  },
  {
    name: "refresh-target",
    about: "a refresh with targets looks at these alone, changed or gone, and leaves the others as they were",
    steps: [
      up([
        thing("a"),
        thing("b", { peer: ref("a.address") }),
        thing("c", {}, { dependsOn: ["b"] }),
        thing("d", {}, { dependsOn: ["c"] }),
      ]),
      { world: "change", id: "*", set: { color: "green" } },
      { do: "refresh", options: { target: [urnOf("a")] } },
      { world: "remove", ids: ["thing-3", "thing-4"] },
      { do: "refresh", options: { target: [urnOf("c")] } },
      { do: "refresh", options: { target: [urnOf("nobody")] } },
      { do: "refresh" },
    ],
  },
  {
    name: "refused-commands",
    about: "unknown flags and commands, missing arguments",
    steps: [
      { cli: ["up", "--no-such-flag", "--stack", "dev"] },
      { cli: ["stack", "output", "--no-such-flag"] },
      { cli: ["no-such-command"] },
      { cli: ["stack", "import", "--stack", "dev", "--file", "/nonexistent/file.json"] },
    ],
  },
  {
    name: "clear-pending-creates",
    about: "after a kill, refresh --clear-pending-creates forgets what was being made",
    steps: [
      up([thing("z")]),
      up([thing("z"), thing("k", { delayMs: 50 })], { interrupt: { signal: "SIGKILL" } }),
      { unlock: true },
      { cli: ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", "dev"], attached: true },
      up([thing("z")]),
    ],
  },
  {
    name: "adopt-pending-create",
    about: "after a kill, the thing that was made all the same is adopted by export, edit, import",
    steps: [
      up([thing("z")]),
      up([thing("z"), thing("k", { delayMs: 50 })], { interrupt: { signal: "SIGKILL" } }),
      { unlock: true },
      {
        cli: ["stack", "import", "--stack", "dev", "--file", "FILE"],
        edit: { resource: "k", adoptPending: "thing-2" },
      },
      up([thing("z"), thing("k", { delayMs: 50 })]),
      { do: "refresh" },
    ],
  },
];
