/** Definitions as a simulated runtime takes them: what only a real VM needs is left out, and what is secret does not matter. */
import { z } from "zod";
import type { CloudCatalog, DefinitionKind, DnsProviderFacts, FactsByKind, VmProviderFacts } from "../model/config";
import { definitionKinds } from "../model/config";

export interface PlayedDefinition {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly doc: Readonly<Record<string, unknown>>;
}

/** Nodes of a simulation never fall silent, and send no signs of life. */
const never = "36500d";

const ofAutoscaleConfigs = {
  missingTimeout: never,
  deadTimeout: never,
  // Users begin at once.
  startTimeout: "0s",
  startupScript: { text: "{checkin_jwt} {manager_token}" },
  registerDns: false,
};

/** In the order in which they can be declared. */
export function asPlayed(definitions: readonly PlayedDefinition[]): PlayedDefinition[] {
  return [...definitions]
    .sort((a, b) => definitionKinds.indexOf(a.kind) - definitionKinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1))
    .map((definition) => {
      if (definition.kind !== "autoscaleConfig") return definition;
      const doc: Record<string, unknown> = { ...definition.doc, ...ofAutoscaleConfigs };
      if (doc["createAdComputerRecord"] === true) doc["createAdComputerRecord"] = false;
      return { ...definition, doc };
    });
}

/**
 * The clouds' facts with settings taken as they are where they can't be read: a runtime answers with `[secret]` where a key
 * was, and no key is needed here.
 */
export function playedCatalog(catalog: CloudCatalog): CloudCatalog {
  return { vm: mapValues(catalog.vm, playedVm), dns: mapValues(catalog.dns, played) };
}

function playedVm(facts: VmProviderFacts): VmProviderFacts {
  return {
    ...facts,
    ...played(facts),
    wrapScript: (script) => script,
    startupScriptBytesMax: Number.MAX_SAFE_INTEGER,
  };
}

function played<Facts extends DnsProviderFacts>(facts: Facts): Facts {
  return { ...facts, settings: lenient(facts.settings), findProblems: () => [] };
}

function mapValues<Facts>(facts: FactsByKind<Facts>, change: (facts: Facts) => Facts): FactsByKind<Facts> {
  return Object.fromEntries(Object.entries(facts).map(([kind, of]) => [kind, change(of)]));
}

function lenient(schema: z.ZodType<Record<string, unknown>>): z.ZodType<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).transform((settings) => {
    const parsed = schema.safeParse(settings);
    return parsed.success ? parsed.data : settings;
  });
}
