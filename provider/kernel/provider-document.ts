/**
 * Provider configs with the settings of one cloud beside the definition's own fields: so the components and the plugin's
 * typed resources take them. The runtime takes a document with `kind` and `settings`.
 */
import { dnsProviderConfigSchema, vmProviderConfigSchema } from "../../runtime/model/provider-config";
import type { Properties } from "../resource-kernel";

export const providerConfigSchemas = {
  vmProviderConfig: vmProviderConfigSchema.omit({ kind: true, settings: true }),
  dnsProviderConfig: dnsProviderConfigSchema.omit({ kind: true, settings: true }),
} as const;
export type ProviderConfigKind = keyof typeof providerConfigSchemas;

/** The document for a cloud's fields side by side; what the engine keeps for itself (`__…`) stays where it is. */
export function toDocument(definition: ProviderConfigKind, kind: string, fields: Properties): Properties {
  const own: Properties = {};
  const settings: Properties = {};
  for (const [name, value] of Object.entries(fields)) {
    const isOwn = name.startsWith("__") || Object.hasOwn(providerConfigSchemas[definition].shape, name);
    (isOwn ? own : settings)[name] = value;
  }
  return { ...own, kind, settings };
}

/** The opposite of {@link toDocument}. */
export function fromDocument({ kind: _kind, settings, ...own }: Properties): Properties {
  return { ...own, ...(settings as Properties | undefined) };
}
