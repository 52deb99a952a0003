import type { Scenario } from "../notation";
import { provider, ref, secret, thing, up } from "./build";

export const programs: readonly Scenario[] = [
  {
    name: "local-program",
    about: "a Node program in the project folder instead of an inline one",
    program: "local",
    config: { plain: { value: "one" } },
    steps: [
      up([thing("a", { word: { $config: "plain" } }), thing("b", { peer: ref("a.address") })], {
        outputs: { ip: ref("a.address") },
      }),
      up([thing("a", { size: "large" }), thing("b", { peer: ref("a.address") })], { throws: "no more ideas" }),
      up([thing("a", { size: "large" })]),
      { do: "destroy" },
    ],
  },
  {
    name: "plugin",
    about: "the provider is an executable the engine starts",
    provider: "plugin",
    steps: [
      up([thing("a"), provider("p", { region: "north", key: secret("k") }), thing("b", {}, { provider: "p" })]),
      up([thing("a", { size: "large" })]),
      { do: "refresh" },
      { do: "destroy" },
    ],
  },
  {
    name: "dynamic-resource",
    about: "a dynamic resource is made, changed and deleted",
    steps: [
      up([{ name: "d", kind: "dynamic", inputs: { log: "dynamic.log", size: "small" } }], {
        outputs: { made: ref("d.made") },
      }),
      up([{ name: "d", kind: "dynamic", inputs: { log: "dynamic.log", size: "large" } }], {
        outputs: { made: ref("d.made") },
      }),
      up([]),
    ],
  },
  {
    name: "local-program-with-plugin",
    about: "a Node program and an executable plugin: nothing runs in the scenario's own process",
    program: "local",
    provider: "plugin",
    steps: [up([thing("a"), thing("b", { peer: ref("a.address") })]), up([])],
  },
  {
    name: "renamed-with-alias",
    about: "another name with an alias keeps the resource",
    steps: [up([thing("a")]), up([thing("b", {}, { aliases: [{ name: "a" }] })])],
  },
];
