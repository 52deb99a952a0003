/** A changed definition may have put right what made nodes fail: what was learned from them is forgotten. */
import type { AutoscaleConfig, DefinitionKind } from "../model/config";
import { isTripped, withoutFailures } from "../planner/lifecycle/failures";
import type { QueueContext } from "../planner/placement/place-queue";

/** Closes the circuits of every config whose nodes are made from this definition, and ends their back-offs. */
export function forgetFailures(kind: DefinitionKind, name: string, { draft, journal }: QueueContext): void {
  for (const config of draft.snapshot.autoscaleConfigs.values()) {
    const before = draft.configState(config.name);
    const forgotten = Object.keys(before.failures ?? {}).filter((vmProvider) =>
      isMadeFrom(config, vmProvider, kind, name),
    );
    if (forgotten.length === 0) continue;
    draft.putConfigState(forgotten.reduce(withoutFailures, before));
    const wereOpen = forgotten.filter((vmProvider) => isTripped(before.failures![vmProvider]!));
    if (wereOpen.length === 0) continue;
    const text = `${kind} "${name}" changed: tries VM provider config "${wereOpen.join('", "')}" again`;
    const reason = { code: "circuitClosed", text, numbers: { kind, name, vmProviders: wereOpen.length } };
    draft.decide(journal.entry("config", config.name, "circuitClosed", reason));
  }
}

function isMadeFrom(config: AutoscaleConfig, vmProvider: string, kind: DefinitionKind, name: string): boolean {
  switch (kind) {
    case "autoscaleConfig":
      return config.name === name;
    case "vmProviderConfig":
      return vmProvider === name;
    case "zone":
      return config.zone === name;
    case "dnsProviderConfig":
      return config.dnsProvider === name;
    case "ldapConfig":
      return config.type === "server" && config.createAdComputerRecord && config.ldapConfig === name;
    default:
      return false;
  }
}
