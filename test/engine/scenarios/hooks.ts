import type { DeclaredResource, Program, Scenario } from "../notation";
import { group, preview, ref, thing, up } from "./build";

type Inputs = NonNullable<DeclaredResource["inputs"]>;

/** A thing that asks the hook `ask` before each of its steps. */
function asking(name: string, inputs: Inputs = {}, options: NonNullable<DeclaredResource["options"]> = {}) {
  const all = { beforeCreate: ["ask"], beforeUpdate: ["ask"], beforeDelete: ["ask"] };
  return thing(name, inputs, { hooks: all, ...options });
}

const allows: NonNullable<Program["hooks"]> = { ask: {} };
const refuses: NonNullable<Program["hooks"]> = { ask: { fails: "not now" } };
const goesOn = { continueOnError: true };

export const hooks: readonly Scenario[] = [
  {
    name: "hooks",
    about: "hooks that allow: before a create, an update, and the deletion of what the program left out",
    handOverAt: [1],
    steps: [
      up([asking("a"), asking("b", { peer: ref("a.address") }), thing("c")], { hooks: allows }),
      up([asking("a", { size: "large" }), thing("c")], { hooks: allows }),
      up([asking("a", { size: "large" }), thing("c")], { hooks: allows }),
      { do: "refresh" },
      up([], { hooks: allows }),
    ],
  },
  {
    name: "hook-refuses-create",
    about: "a hook refuses a create: the provider is not asked; the next update makes it",
    steps: [up([asking("a")], { hooks: refuses }), up([asking("a")], { hooks: allows })],
  },
  {
    name: "hook-refuses-create-continues",
    about: "refused creates with continueOnError: the others go on, what depends on them is skipped",
    steps: [
      up([asking("a"), thing("b"), thing("c", { peer: ref("a.address") }), asking("d")], {
        hooks: refuses,
        options: goesOn,
      }),
      up([asking("a"), thing("b"), thing("c", { peer: ref("a.address") }), asking("d")], {
        hooks: allows,
        options: goesOn,
      }),
    ],
  },
  {
    name: "hook-refuses-delete",
    about: "a hook refuses the deletion of what was left out: it stays, the rest goes; then it is allowed",
    steps: [
      up([asking("a"), thing("b"), thing("c")], { hooks: allows }),
      up([thing("c")], { hooks: refuses, options: goesOn }),
      up([thing("c")], { hooks: refuses }),
      up([thing("c")], { hooks: allows }),
    ],
  },
  {
    name: "hook-refuses-update",
    about: "a hook refuses an update: the state keeps what was",
    steps: [
      up([asking("a"), thing("b")], { hooks: allows }),
      up([asking("a", { size: "large" }), thing("b", { size: "large" })], { hooks: refuses, options: goesOn }),
      up([asking("a", { size: "large" }), thing("b", { size: "large" })], { hooks: allows }),
    ],
  },
  {
    name: "hook-not-registered",
    about: "the hook that the state names is not in this run's program: nothing is deleted",
    steps: [up([asking("a"), thing("b")], { hooks: allows }), up([], { options: goesOn }), up([], { hooks: allows })],
  },
  {
    name: "hooks-in-previews",
    about: "a preview calls only the hooks that ask for it",
    steps: [
      preview([asking("a"), thing("b", {}, { hooks: { beforeCreate: ["dry"] } })], {
        hooks: { ...refuses, dry: { onDryRun: true } },
      }),
      preview([thing("b", {}, { hooks: { beforeCreate: ["dry"] } })], {
        hooks: { dry: { fails: "not even in a preview", onDryRun: true } },
      }),
      up([asking("a")], { hooks: allows }),
      preview([], { hooks: refuses }),
      preview([]),
    ],
  },
  {
    name: "hooks-of-components",
    about: "a component has hooks too; its children have their own",
    steps: [
      up([group("g", { hooks: { beforeCreate: ["ask"], beforeDelete: ["ask"] } }), thing("a", {}, { parent: "g" })], {
        hooks: allows,
      }),
      up([], { hooks: refuses, options: goesOn }),
      up([], { hooks: allows }),
      up([group("g", { hooks: { beforeCreate: ["ask"] } }), thing("a", {}, { parent: "g" }), thing("b")], {
        hooks: refuses,
        options: goesOn,
      }),
    ],
  },
  {
    name: "hooks-of-a-replacement",
    about: "a replacement asks before the create and before the deletion of what it replaced",
    steps: [
      up([asking("a", { size: "small", forceNew: ["size"] })], { hooks: allows }),
      up([asking("a", { size: "medium", forceNew: ["size"] })], { hooks: allows }),
      up([asking("a", { size: "large", forceNew: ["size"] })], { hooks: refuses, options: goesOn }),
      up([asking("a", { size: "large", forceNew: ["size"] })], { hooks: allows }),
    ],
  },
  {
    name: "hooks-come-and-go",
    about: "a hook bound to what exists is recorded without a step; one that is no longer bound is forgotten",
    steps: [
      up([thing("a")]),
      up([asking("a")], { hooks: refuses }),
      up([], { hooks: refuses, options: goesOn }),
      up([thing("a")], { hooks: refuses }),
      up([]),
    ],
  },
  {
    name: "hooks-and-destroy",
    about: "a destroy, which runs no program, is refused while hooks would have to be asked",
    steps: [
      up([asking("a"), thing("b")], { hooks: allows }),
      { do: "destroy" },
      { do: "destroy", options: goesOn },
      up([], { hooks: allows }),
      { do: "destroy" },
    ],
  },
  {
    name: "hooks-killed",
    about: "killed while it creates: the pending operation keeps the names of the hooks",
    steps: [
      up([asking("a", { delayMs: 4000 })], { hooks: allows, interrupt: { signal: "SIGKILL" } }),
      { unlock: true },
      { do: "refresh" },
      { cli: ["stack", "export", "--stack", "dev"] },
    ],
  },
];
