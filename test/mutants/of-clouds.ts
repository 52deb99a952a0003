/** Deliberate bugs in how clouds are described and asked. */
import type { Mutant } from "./mutant";

export const cloudMutants: readonly Mutant[] = [
  {
    name: "overrides win over identity",
    rule: "whatever a user adds, a VM carries its node's identity",
    file: "../provider/cloud",
    find: "  return placeIdentity(merged, identityOf(node));",
    replace: "  return { ...placeIdentity(computed, identityOf(node)), ...(overrides?.(node.settings) ?? [])[0] };",
    tests: ["frame/cloud"],
    bySimulation: false,
  },
  {
    name: "another installation's tag stays",
    rule: "a VM of no installation never seems to be of one",
    file: "../provider/frame/identity",
    find: "    write: (identity, present) => ({ ...withoutOurs(recordIn(present)), ...ours(identity) }),",
    replace: "    write: (identity, present) => ({ ...recordIn(present), ...ours(identity) }) as Texts,",
    tests: ["frame/identity"],
    bySimulation: false,
  },
  {
    name: "unknown fields of overrides are dropped",
    rule: "nothing that a user adds is dropped silently",
    file: "../provider/frame/overrides",
    find: "rule === undefined ? problem(value, unknownField(table)) : apply(rule, value);",
    replace: "rule === undefined ? { inputs: {}, problems: [] } : apply(rule, value);",
    tests: ["frame/overrides"],
    bySimulation: false,
  },
  {
    name: "codes count anywhere",
    rule: "a failure is classed by the code at its place, not by words elsewhere",
    file: "../provider/frame/failures",
    find: 'message.matchAll(new RegExp(place, "gi"))',
    replace: "message.matchAll(place.global ? place : /([\\w.]+)/g)",
    tests: ["frame/failures"],
    bySimulation: false,
  },
  {
    name: "encoded scripts count as plain",
    rule: "a script that the cloud would refuse is refused before",
    file: "../provider/frame/script",
    find: '  return encoding === "base64" && counted === "encoded" ? Math.floor(bytesMax / 4) * 3 : bytesMax;',
    replace: '  return encoding === "base64" && counted === "encoded" ? bytesMax : bytesMax;',
    tests: ["frame/script"],
    bySimulation: false,
  },
  {
    name: "any kind of cloud is read",
    rule: "a definition of a cloud that this version lacks is never acted on",
    file: "model/config",
    find: "  const facts = knownFacts(byKind, cloud);",
    replace: "  const facts = knownFacts(byKind, cloud) ?? Object.values(byKind)[0];",
    tests: ["model/kinds"],
    bySimulation: false,
  },
];
