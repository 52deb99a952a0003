/** Which other definitions a document names. Only used to know what to wait for; whether they exist the runtime says. */
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
  autoscaleConfig: { pool: "pool", zone: "zone", vmProvider: "vmProviderConfig", dnsProvider: "dnsProviderConfig" },
  schedule: { autoscaleConfig: "autoscaleConfig" },
};

export function referencesOf(kind: DefinitionKind, doc: Properties): Reference[] {
  const direct = Object.entries(referenceFields[kind]).flatMap(([field, target]) => namesIn(doc[field], target));
  const members = kind === "pool" && Array.isArray(doc["staticMembers"]) ? doc["staticMembers"] : [];
  return [...direct, ...members.flatMap((member: Properties | null) => namesIn(member?.["zone"], "zone"))];
}

function namesIn(value: unknown, kind: DefinitionKind): Reference[] {
  const names = Array.isArray(value) ? value : [value];
  return names.filter((name) => typeof name === "string").map((name) => ({ kind, name }));
}
