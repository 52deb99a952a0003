/** Which other definitions a document names, and where. Whether they exist the runtime says. */
import type { DefinitionKind } from "../../runtime/model/config";
import type { Properties } from "../resource-kernel";
import type { Reference } from "./update-progress";

/** Field by field: the kind it refers to. A field may hold one name or a list of them. */
const referenceFields: Readonly<Record<DefinitionKind, Readonly<Record<string, DefinitionKind>>>> = {
  zone: {},
  pool: {},
  workspace: { pools: "pool", zones: "zone" },
  vmProviderConfig: {},
  dnsProviderConfig: {},
  autoscaleConfig: {
    pool: "pool",
    zone: "zone",
    vmProvider: "vmProviderConfig",
    fallbackVmProviders: "vmProviderConfig",
    dnsProvider: "dnsProviderConfig",
  },
  schedule: { autoscaleConfig: "autoscaleConfig" },
  stagingConfig: { zone: "zone", workspace: "workspace", pool: "pool", autoscaleConfig: "autoscaleConfig" },
};

export interface ReferenceAt extends Reference {
  /** Path of the field in the document, e.g. `pools[1]`. */
  readonly path: string;
}

export function referencesOf(kind: DefinitionKind, doc: Properties): ReferenceAt[] {
  const direct = Object.entries(referenceFields[kind]).flatMap(([field, target]) => namesIn(doc[field], field, target));
  const members = kind === "pool" && Array.isArray(doc["staticMembers"]) ? (doc["staticMembers"] as unknown[]) : [];
  const zones = members.map((member) => (member as { readonly zone?: unknown } | undefined)?.zone);
  return [...direct, ...zones.flatMap((zone, index) => namesIn(zone, `staticMembers[${index}].zone`, "zone"))];
}

function namesIn(value: unknown, path: string, kind: DefinitionKind): ReferenceAt[] {
  if (Array.isArray(value)) return value.flatMap((name, index) => namesIn(name, `${path}[${index}]`, kind));
  return typeof value === "string" ? [{ kind, name: value, path }] : [];
}
