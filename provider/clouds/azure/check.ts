/** Asks Azure about a subscription and about what a template names: group, size, image, plan, network. */
import type * as pulumi from "@pulumi/pulumi";
import type { AccountCheck, AccountFinding } from "../../../runtime/model/account-check";
import { messageOf } from "../../../runtime/model/errors";
import { Lookups } from "../../frame/lookups";
import { tenantOf } from "./account";
import { ArmApi, part } from "./arm";
import { compareImage, compareNetwork, compareSecurityGroup, compareSize, compareTerms } from "./compare";
import { nameOfImage } from "./image";
import { askImage, askTerms } from "./image-facts";
import { accountRefusal, azureWords } from "./refusals";
import { askSize } from "./sizes";
import { templateOf, thingsOf, type Network, type Thing } from "./template";
import type { AzureSettings } from "./vm-fields";

const groupVersion = "2022-09-01";
const subscriptionVersion = "2022-12-01";
const networkVersion = "2024-05-01";

export async function checkAzure(settings: AzureSettings, options: pulumi.InvokeOptions): Promise<AccountCheck> {
  const api = new ArmApi(settings, options);
  const who = await askWho(api, settings, options);
  if ("findings" in who) return who;
  const template = templateOf(settings);
  const look = new Lookups<Thing>(thingsOf(template), azureWords);
  const { region, subnet, securityGroup, plan } = template;
  const [, size, image, accepted, network, group] = await Promise.all([
    look.up("resourceGroup", settings.resourceGroup, (name) => api.get(`/resourceGroups/${part(name)}`, groupVersion)),
    look.up("size", template.size, async (name) => ({ facts: await askSize(api, region, name) })),
    look.up("image", nameOfImage(template.image), () => askImage(api, region, template.image)),
    look.up("plan", plan?.name, async () => ({ isAccepted: await askTerms(api, plan!) })),
    look.up("subnet", subnet, () => api.get<Network>(subnet.replace(/\/subnets\/[^/]+$/i, ""), networkVersion)),
    look.up("securityGroup", securityGroup, (id) => api.get<{ readonly location?: string }>(id, networkVersion)),
  ]);
  if (size) compareSize(look, template, size.facts);
  if (image) compareImage(look, template, image, size?.facts);
  if (accepted && plan) compareTerms(look, plan, accepted.isAccepted);
  if (network) compareNetwork(look, template, network);
  if (group) compareSecurityGroup(look, template, group);
  return {
    ...(who.owner === undefined ? {} : { identity: { owner: who.owner, name: who.name } }),
    findings: [...who.notes, ...look.findings()],
    ...(size?.facts && { size: { name: template.size, shape: size.facts.shape } }),
  };
}

interface Who {
  /** Id of the directory; undefined = the token does not say. */
  readonly owner: string | undefined;
  readonly name: string;
  readonly notes: readonly AccountFinding[];
}

async function askWho(
  api: ArmApi,
  settings: AzureSettings,
  options: pulumi.InvokeOptions,
): Promise<Who | AccountCheck> {
  const { subscriptionId } = settings;
  let owner: string | undefined;
  try {
    owner = await tenantOf(options.provider);
  } catch (error) {
    return { findings: [refusedAccount(messageOf(error), settings)] };
  }
  try {
    const { displayName = subscriptionId, state = "Enabled" } = await api.get<{
      readonly displayName?: string;
      readonly state?: string;
    }>("", subscriptionVersion);
    const text = `subscriptionId "${subscriptionId}": the subscription is "${state}", and not "Enabled"; see to it in the portal`;
    const notes: AccountFinding[] = state === "Enabled" ? [] : [{ kind: "wrong", field: "subscriptionId", text }];
    return { owner, name: displayName, notes };
  } catch (error) {
    const message = messageOf(error);
    const refusal = accountRefusal(message, settings);
    const isDenied = azureWords.kindOf(message) === "unchecked";
    // A role in a resource group alone need not tell of the subscription.
    if (refusal === undefined && isDenied) return { owner, name: subscriptionId, notes: [] };
    const findings = [refusal ?? refusedAccount(message, settings)];
    return { ...(owner === undefined ? {} : { identity: { owner, name: owner } }), findings };
  }
}

function refusedAccount(message: string, settings: AzureSettings): AccountFinding {
  const field = settings.clientId === undefined ? "credentials" : "clientId";
  const text = `${field}: the account could not be asked: ${azureWords.saidIn(message)}`;
  return accountRefusal(message, settings) ?? { kind: "passing", field, text };
}
