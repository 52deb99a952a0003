/** Settings and nodes of Azure, as its tests have them. */
import { azureSettingsSchema } from "../../provider/clouds/azure/settings";
import { requestOf, vmArgs } from "../../provider/clouds/azure/vm-args";
import type { Inputs } from "../../provider/frame/inputs";
import type { OsType } from "../../runtime/model/config";
import { problemsOf } from "../../runtime/model/config";
import type { Problem } from "../../runtime/model/errors";
import type { DesiredNode } from "../../runtime/model/state";
import { networkId, subscriptionId } from "./emulated-azure-facts";

export const minimal = {
  subscriptionId,
  resourceGroup: "dev",
  region: "eastus",
  vmSize: "Standard_D4s_v5",
  imageReference: "Canonical:ubuntu-24_04-lts:server:latest",
  subnet: `${networkId}/subnets/default`,
  osUsername: "labs",
  osPassword: "Secret-of-the-login-1",
};

export const sshKey = `ssh-ed25519 ${"A".repeat(68)} me`;

export function azureNode(nodeId: string, settings: object = {}, over: Partial<DesiredNode> = {}): DesiredNode {
  return {
    nodeId,
    zone: "home",
    pool: "agents",
    autoscaleConfig: "agents-azure",
    vmProvider: "main",
    installation: "i-lab",
    kind: "azure",
    settings: { ...minimal, ...settings },
    osType: "linux",
    startupScript: "#!/bin/sh\ntrue",
    ...over,
  };
}

/** What is wrong with these, as a user reads it. */
export function problemsIn(settings: object): Problem[] {
  const given = { ...minimal, ...settings };
  const parsed = azureSettingsSchema.safeParse(given);
  return parsed.success ? [] : problemsOf(parsed.error, given, ["clientSecret", "osPassword"]);
}

export function pathsIn(settings: object): string[] {
  return problemsIn(settings)
    .map(({ path }) => path)
    .sort();
}

/** The request that these make. */
export function requestIn(settings: object, osType: OsType = "linux", nodeId = "n-1"): Inputs {
  const parsed = azureSettingsSchema.parse({ ...minimal, ...settings });
  return requestOf(parsed, { nodeId, osType, script: "c2NyaXB0" }).inputs;
}

/** Throws what a node of these can't have. */
export function requestOfNode(node: DesiredNode): Inputs {
  return vmArgs({ ...node, settings: azureSettingsSchema.parse(node.settings) }, "c2NyaXB0");
}
