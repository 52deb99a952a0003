import type { Scenario } from "../notation";
import { preview, provider, ref, secret, thing, up } from "./build";

export const providers: readonly Scenario[] = [
  {
    name: "provider-explicit",
    about: "an explicit provider with a secret in its configuration; the configuration changes; all goes",
    steps: [
      up([provider("p", { region: "north", key: secret("k1") }), thing("a", {}, { provider: "p" })]),
      up([provider("p", { region: "north", key: secret("k2") }), thing("a", {}, { provider: "p" })]),
      up([]),
    ],
  },
  {
    name: "provider-replaced",
    about: "a provider whose change of region replaces it, and what that does to its things",
    steps: [
      up([provider("p", { region: "north" }), thing("a", {}, { provider: "p" }), thing("b", {}, { provider: "p" })]),
      preview([
        provider("p", { region: "south" }),
        thing("a", {}, { provider: "p" }),
        thing("b", {}, { provider: "p" }),
      ]),
      up([provider("p", { region: "south" }), thing("a", {}, { provider: "p" }), thing("b", {}, { provider: "p" })]),
      { do: "destroy" },
    ],
  },
  {
    name: "provider-default-to-explicit",
    about: "a thing moves from the default provider to an explicit one, and back",
    steps: [
      up([thing("a")]),
      up([provider("p", { region: "north" }), thing("a", {}, { provider: "p" })]),
      up([thing("a")]),
    ],
  },
  {
    name: "providers-two",
    about: "two explicit providers, of which one goes with its thing; refresh with the other",
    steps: [
      up([
        provider("p", { region: "north" }),
        provider("q", { region: "south" }),
        thing("a", {}, { provider: "p" }),
        thing("b", {}, { provider: "q" }),
      ]),
      { do: "refresh" },
      up([provider("q", { region: "south" }), thing("b", {}, { provider: "q" })]),
      { do: "destroy" },
    ],
  },
  {
    name: "provider-from-output",
    about: "a provider configured with a thing's output, previewed and made",
    steps: [
      preview([thing("a"), provider("p", { endpoint: ref("a.address") }), thing("b", {}, { provider: "p" })]),
      up([thing("a"), provider("p", { endpoint: ref("a.address") }), thing("b", {}, { provider: "p" })]),
      up([]),
    ],
  },
];
