/** What VM and DNS provider configs of kind `azure` may say. */
import { z } from "zod";
import type { Problem } from "../../../runtime/model/errors";
import { domainSchema } from "../../../runtime/model/fields";
import { isRecord, valueAt } from "../../frame/inputs";
import { credentialProblems, subscriptionFields } from "./account";
import { idTypes, readResourceId, regionName, resourceGroupName } from "./names";
import { requestOf } from "./vm-args";
import { vmFields, type AzureSettings } from "./vm-fields";

export const azureSettingsSchema = vmFields.superRefine((settings, context) => {
  for (const { path, message } of settingsProblems(settings)) {
    context.addIssue({ code: "custom", path: pathOf(path), message });
  }
});

/** As zod has paths: `a.b[0]` or `a["b.c"]`. */
function pathOf(path: string): (string | number)[] {
  const quoted = /^(\w+)\["(.+)"\]$/.exec(path);
  if (quoted) return [quoted[1]!, quoted[2]!];
  return path.split(/[.[\]]+/).flatMap((name) => (name === "" ? [] : [/^\d+$/.test(name) ? Number(name) : name]));
}

function settingsProblems(settings: AzureSettings): Problem[] {
  const { securityType, secureBoot, vTpm, subscriptionId, addressType } = settings;
  const { inputs, problems } = requestOf(settings, { nodeId: "n", osType: "linux", script: "" });
  const [first] = (valueAt(inputs, "networkProfile.networkInterfaceConfigurations") ?? []) as Record<string, unknown>[];
  const [address] = (first?.["ipConfigurations"] ?? []) as Record<string, unknown>[];
  const isPublic = isRecord(address?.["publicIPAddressConfiguration"]);
  const guards = { secureBoot, vTpm };
  return [
    ...credentialProblems(settings),
    ...problems,
    ...Object.entries(guards).flatMap(([path, value]) =>
      securityType === "Standard" && value === true
        ? [{ path, message: "only with securityType TrustedLaunch or ConfidentialVM" }]
        : [],
    ),
    ...(addressType === "public" && !isPublic
      ? [{ path: "assignPublicIp", message: "not false with addressType public" }]
      : []),
    ...(["subnet", "networkSecurityGroup"] as const).flatMap((path) => {
      const at = readResourceId(settings[path] ?? "", idTypes[path])?.subscription;
      if (at === undefined || at.toLowerCase() === subscriptionId.toLowerCase()) return [];
      return [{ path, message: `is in subscription ${at}, and the VMs are in ${subscriptionId}: both must be in one` }];
    }),
  ];
}

export const azureRecordSettingsSchema = z
  .strictObject({
    ...subscriptionFields,
    resourceGroup: resourceGroupName.describe('Resource group that the DNS zone is in, e.g. `"dev"`.'),
    region: regionName.optional().describe("Taken and not used: DNS zones of Azure are global. Default none."),
    dnsZone: domainSchema
      .optional()
      .describe(
        "DNS zone of the records. Default: the one of the resource group with the longest name that the base domain name ends in.",
      ),
    privateZone: z
      .boolean()
      .default(false)
      .describe("Look for a private DNS zone, which only the virtual networks that are linked to it see."),
  })
  .superRefine((settings, context) => {
    for (const { path, message } of credentialProblems(settings)) {
      context.addIssue({ code: "custom", path: [path], message });
    }
  });
export type AzureRecordSettings = z.output<typeof azureRecordSettingsSchema>;
