/** The definitions that a kept data folder and the test of it have in common. */
import type { HeadroomClient } from "../../../runtime/api/client";
import type { DefinitionKind } from "../../../runtime/model/config";

export const owner = "versions";

/** In the order in which they can be declared; deleted in the opposite one. */
export const definitions: readonly (readonly [DefinitionKind, string])[] = [
  ["zone", "lab"],
  ["pool", "servers"],
  ["vmProviderConfig", "here"],
  ["autoscaleConfig", "servers"],
  ["workspace", "desktop"],
];

export async function declareServers(client: HeadroomClient, port: number, minNodes: number): Promise<void> {
  const docs: Readonly<Record<string, object>> = {
    lab: { upstreamAuthAddress: `127.0.0.1:${port}`, local: true },
    here: { kind: "local", maxInstances: 4, settings: { bootTime: "0s" } },
    servers: {
      ...{ type: "server", pool: "servers", zone: "lab", vmProvider: "here", minNodes },
      startupScript: { text: "exit 0", raw: true },
    },
    desktop: { kind: "desktop", pools: ["servers"], cores: 1, memory: "1GiB" },
  };
  for (const [kind, name] of definitions) {
    const own = kind === "pool" ? { type: "server" } : docs[name];
    await client.putDefinition({ kind, name, doc: { name, ...own }, owner });
  }
}
