/**
 * Which fields of a definition name which other definitions. Declared here once: whether the names exist, who uses a
 * definition, and in which order definitions are declared and removed all follow from it.
 */
import type { DefinitionKind } from "./config";

/** A field, in lists with `[]`, as in `pools[]` or `staticMembers[].zone`, and the kind that it names. */
type Edge = readonly [field: string, target: DefinitionKind];

const edges: Readonly<Record<DefinitionKind, readonly Edge[]>> = {
  zone: [],
  pool: [["staticMembers[].zone", "zone"]],
  workspace: [
    ["zones[]", "zone"],
    ["pools[]", "pool"],
  ],
  vmProviderConfig: [],
  dnsProviderConfig: [],
  ldapConfig: [],
  budget: [
    ["zone", "zone"],
    ["pool", "pool"],
    ["autoscaleConfig", "autoscaleConfig"],
    ["vmProvider", "vmProviderConfig"],
  ],
  autoscaleConfig: [
    ["pool", "pool"],
    ["zone", "zone"],
    ["vmProvider", "vmProviderConfig"],
    ["fallbackVmProviders[]", "vmProviderConfig"],
    ["dnsProvider", "dnsProviderConfig"],
    ["ldapConfig", "ldapConfig"],
    ["standbySlots.workspace", "workspace"],
  ],
  schedule: [["autoscaleConfig", "autoscaleConfig"]],
  stagingConfig: [
    ["zone", "zone"],
    ["workspace", "workspace"],
    ["pool", "pool"],
    ["autoscaleConfig", "autoscaleConfig"],
  ],
};

export interface Reference {
  readonly kind: DefinitionKind;
  readonly name: string;
  /** Where it stands in the document, e.g. `pools[1]`. */
  readonly path: string;
}

/** The references of a document, field by field. What is not a name is left out; whether the names exist is not asked. */
export function referencesByField(kind: DefinitionKind, doc: unknown): Reference[][] {
  return edges[kind].map(([field, target]) =>
    valuesAt(doc, field.split("."), "").flatMap(({ path, value }) =>
      typeof value === "string" ? [{ kind: target, name: value, path }] : [],
    ),
  );
}

export function referencesOf(kind: DefinitionKind, doc: unknown): Reference[] {
  return referencesByField(kind, doc).flat();
}

interface Found {
  readonly path: string;
  readonly value: unknown;
}

function valuesAt(value: unknown, [step, ...rest]: readonly string[], path: string): Found[] {
  if (step === undefined) return [{ path, value }];
  const name = step.replace("[]", "");
  const inner = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  const at = path === "" ? name : `${path}.${name}`;
  if (!step.endsWith("[]")) return valuesAt(inner, rest, at);
  if (!Array.isArray(inner)) return [];
  return inner.flatMap((item: unknown, index) => valuesAt(item, rest, `${at}[${index}]`));
}
