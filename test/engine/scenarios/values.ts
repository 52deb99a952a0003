import type { Scenario } from "../notation";
import { preview, ref, secret, thing, up } from "./build";

const odd = {
  größe: "ü",
  "ключ 🔑": "значение 🚀",
  "dotted.key": "a.b",
  'quoted"key': "line\nbreak\ttab",
  nothing: null,
  absent: { $undefined: true },
  emptyList: [],
  emptyMap: {},
  emptyText: "",
  zero: 0,
  negative: -1.5,
  huge: 1e21,
  fraction: 0.1,
  no: false,
  nested: { list: [1, [2, { deep: null }], "x"], gone: { $undefined: true } },
};

export const values: readonly Scenario[] = [
  {
    name: "values",
    about: "odd keys and values arrive, are stored and compare as equal; then a few change",
    steps: [
      up([thing("a", odd), thing("b", { copy: ref("a.nested") })]),
      up([thing("a", odd), thing("b", { copy: ref("a.nested") })]),
      up([thing("a", { ...odd, emptyList: ["x"], nothing: 1, zero: null }), thing("b", { copy: ref("a.nested") })]),
    ],
  },
  {
    name: "large-inputs",
    about: "an input of one megabyte",
    steps: [
      up([thing("a", { text: { $repeat: ["0123456789abcdef", 65536] } }), thing("b", { copy: ref("a.text") })]),
      up([thing("a", { text: { $repeat: ["0123456789abcdef", 65536] } }), thing("b", { copy: ref("a.text") })]),
      up([]),
    ],
  },
  {
    name: "secrets-nested",
    about: "secrets inside lists and maps, through to dependents and stack outputs",
    steps: [
      up(
        [
          thing("a", { list: ["x", secret("y")], map: { open: 1, closed: secret({ deep: "z" }) } }),
          thing("b", { copy: ref("a.map") }),
        ],
        {
          outputs: { list: ref("a.list"), map: ref("b.copy"), plain: { size: ref("a.size"), hidden: secret("s") } },
        },
      ),
      { cli: ["stack", "output", "--json", "--stack", "dev"] },
      { cli: ["stack", "output", "--json", "--show-secrets", "--stack", "dev"] },
      { cli: ["stack", "export", "--stack", "dev", "--show-secrets"] },
      up([
        thing("a", { list: ["x", secret("changed")], map: { open: 1, closed: { deep: "z" } } }),
        thing("b", { copy: ref("a.map") }),
      ]),
    ],
  },
  {
    name: "secret-token",
    about: "a provider's secret output becomes an input elsewhere; the secret becomes plain and back",
    steps: [
      up([thing("a", { withToken: true }), thing("b", { token2: ref("a.token"), deep: { t: [ref("a.token")] } })]),
      { do: "refresh" },
      up([thing("a", { withToken: true, password: "open" }), thing("b", { token2: "open" })]),
      up([thing("a", { withToken: true, password: secret("open") }), thing("b", { token2: secret("open") })]),
    ],
  },
  {
    name: "additional-secret-outputs",
    about: "additionalSecretOutputs are added and taken away",
    steps: [
      up([thing("a")], { outputs: { ip: ref("a.address") } }),
      up([thing("a", {}, { additionalSecretOutputs: ["address", "size"] })], { outputs: { ip: ref("a.address") } }),
      { cli: ["stack", "output", "--json", "--stack", "dev"] },
      up([thing("a", { size: "large" })], { outputs: { ip: ref("a.address") } }),
    ],
  },
  {
    name: "stack-outputs",
    about: "stack outputs of all kinds, then others, then none; single outputs and a missing one",
    steps: [
      up([thing("a")], {
        outputs: {
          ip: ref("a.address"),
          id: ref("a.id"),
          urn: ref("a.urn"),
          list: [1, ref("a.size")],
          map: { deep: { x: true } },
          none: null,
          word: "w",
        },
      }),
      { cli: ["stack", "output", "--json", "--stack", "dev"] },
      { cli: ["stack", "output", "map", "--stack", "dev"] },
      { cli: ["stack", "output", "list", "--json", "--stack", "dev"] },
      { cli: ["stack", "output", "word", "--stack", "dev"] },
      { cli: ["stack", "output", "missing", "--stack", "dev"] },
      up([thing("a")], { outputs: { ip: "other", number: 3 } }),
      preview([thing("a"), thing("b")], { outputs: { ip: ref("b.address") } }),
      up([thing("a")]),
      { cli: ["stack", "output", "--json", "--stack", "dev"] },
    ],
  },
  {
    name: "ignore-changes-nested",
    about: "ignoreChanges of nested paths and list elements",
    steps: [
      up([
        thing("a", { tags: { owner: "x", cost: 1 }, list: ["p", "q"] }, { ignoreChanges: ["tags.owner", "list[0]"] }),
      ]),
      up([
        thing("a", { tags: { owner: "y", cost: 1 }, list: ["r", "q"] }, { ignoreChanges: ["tags.owner", "list[0]"] }),
      ]),
      up([
        thing("a", { tags: { owner: "y", cost: 2 }, list: ["r", "s"] }, { ignoreChanges: ["tags.owner", "list[0]"] }),
      ]),
      up([
        thing(
          "a",
          { tags: { cost: 2 }, list: ["r", "s"], extra: 1 },
          { ignoreChanges: ["tags.owner", "list[0]", "extra"] },
        ),
      ]),
    ],
  },
  {
    name: "config",
    about: "plain and secret configuration is read by the program",
    config: { plain: { value: "one" }, hidden: { value: "two", secret: true } },
    steps: [
      up([thing("a", { plain: { $config: "plain" }, hidden: { $secretConfig: "hidden" } })], {
        outputs: { plain: { $config: "plain" }, hidden: { $secretConfig: "hidden" } },
      }),
      { cli: ["stack", "output", "--json", "--show-secrets", "--stack", "dev"] },
    ],
  },
  {
    name: "asset",
    about: "a text asset as an input, unchanged and changed",
    embeddedRefuses: "does not support assets as resource inputs",
    steps: [
      up([thing("a", { script: { $asset: "echo one" } })]),
      up([thing("a", { script: { $asset: "echo one" } })]),
      up([thing("a", { script: { $asset: "echo two" } })]),
    ],
  },
  {
    name: "preview-unknowns",
    about: "previews of updates and replacements whose results are not known yet",
    steps: [
      up([thing("a", { forceNew: ["size"] }), thing("b", { peer: ref("a.address"), more: { ids: [ref("a.id")] } })]),
      preview(
        [
          thing("a", { forceNew: ["size"], size: "large" }),
          thing("b", { peer: ref("a.address"), more: { ids: [ref("a.id")] } }),
          thing("n"),
          thing("m", { secret: secret(ref("n.address")), list: [ref("n.id"), "known"] }),
        ],
        { outputs: { later: ref("n.address"), known: "k" } },
      ),
    ],
  },
  {
    name: "invoke-with-outputs",
    about: "a function's result becomes an input",
    steps: [
      up([thing("a")], { invokes: { found: { key: "k" }, other: { key: "x y" } } }),
      preview([thing("a", { size: "large" })], { invokes: { found: { key: "k" } } }),
      preview([thing("a")], { invokes: { found: { key: "bad" } } }),
    ],
  },
];
