/** Small sites and demand whose results can be reckoned by hand. */
import { simCatalog } from "../../runtime/sim/site";
import type { Demand, DemandSession } from "../../runtime/simulate/demand";
import type { PlayedDefinition } from "../../runtime/simulate/played-definitions";
import { play, type PlayOptions } from "../../runtime/simulate/player";
import type { VariantResult } from "../../runtime/simulate/result";

/** A Monday. */
export const startMs = Date.UTC(2026, 0, 5);
export const second = 1_000;
export const hour = 3_600_000;

/** Servers with one session each, up to 10, priced 0.5 an hour. */
export function serverSite(
  config: Readonly<Record<string, unknown>> = {},
  vm: object = { hourlyCost: 0.5 },
): PlayedDefinition[] {
  const of = (kind: PlayedDefinition["kind"], doc: { readonly name: string } & Record<string, unknown>) => {
    return { kind, name: doc.name, doc };
  };
  return [
    of("zone", { name: "eu", upstreamAuthAddress: "headroom.example.com" }),
    of("pool", { name: "servers", type: "server" }),
    of("vmProviderConfig", {
      ...{ name: "vms", kind: "local", maxInstances: 10, settings: { cores: 4, tenant: "t", key: "[secret]" } },
      ...vm,
    }),
    of("autoscaleConfig", {
      ...{ name: "desktops", type: "server", zone: "eu", pool: "servers", vmProvider: "vms", connectionType: "rdp" },
      ...{ requireCheckin: true, reusable: true, minimumAvailableSessions: 0, downscaleBackoff: "15m" },
      ...config,
    }),
    of("workspace", { name: "desktop", pools: ["servers"], kind: "desktop", cores: 1, memory: "1GiB" }),
  ];
}

/** Docker agents with four cores each. */
export function agentSite(config: Readonly<Record<string, unknown>> = {}): PlayedDefinition[] {
  return serverSite().map((definition) => {
    if (definition.kind === "pool") return { ...definition, doc: { name: "servers", type: "dockerAgent" } };
    if (definition.kind === "workspace") return { ...definition, doc: { ...definition.doc, kind: "container" } };
    if (definition.kind !== "autoscaleConfig") return definition;
    const doc = { name: "desktops", type: "dockerAgent", zone: "eu", pool: "servers", vmProvider: "vms" };
    return { ...definition, doc: { ...doc, downscaleBackoff: "15m", ...config } };
  });
}

export function demandOf(sessions: readonly (readonly [atS: number, holdS: number])[], hours = 4): Demand {
  return {
    ...{ text: "by hand", fromMs: startMs, toMs: startMs + hours * hour },
    sessions: sessions.map(([atS, holdS], index): DemandSession => {
      return {
        ...{ atMs: startMs + atS * second, holdMs: holdS * second },
        ...{ workspace: "desktop", userId: `user-${index + 1}` },
      };
    }),
  };
}

export function playSite(
  definitions: readonly PlayedDefinition[],
  demand: Demand,
  more: Partial<PlayOptions> = {},
): Promise<VariantResult> {
  const boot = { lowSeconds: 60, highSeconds: 60 };
  return play({ name: "test", changes: [], definitions, demand, catalog: simCatalog, seed: 1, boot, ...more });
}
