/** Questions about an account, answered inside a program that only looks. */
import type { AccountAnswer, AskRequest } from "../runtime/model/account-questions";
import type { AccountCheck } from "../runtime/model/account-check";
import type { AccountSpec, Settings } from "../runtime/model/accounts";
import { problemsOf } from "../runtime/model/config";
import { BugError, ConfigError } from "../runtime/model/errors";
import { placeInAccount } from "./node-accounts";
import { directoryService } from "./directory/directory-service";
import type { Registry } from "./registry";
import type { AskedService } from "./vm-provider";

/** Throws when the answer is not complete. */
export async function answerAccountQuestion(registry: Registry, request: AskRequest): Promise<AccountAnswer> {
  const { accountId, account, question } = request;
  const vmProvider = askedServiceOf(registry, account);
  switch (question.kind) {
    case "check": {
      const { place, settings, provider } = await enter(vmProvider, request, question.template);
      const check = await vmProvider.check(settings, { provider });
      return { kind: "check", check: withoutSecrets(check, place.settings, vmProvider.secretFields) };
    }
    case "windowsPassword": {
      const { settings, provider } = await enter(vmProvider, request, question.template);
      const password = await vmProvider.windowsPassword?.read(question.vmId, settings, { provider });
      return { kind: "windowsPassword", ...(password === undefined ? {} : { password }) };
    }
    case "list": {
      const { providerName, access, settings } = placeInAccount(accountId, account, vmProvider, question.place);
      const provider = await vmProvider.pulumiProvider(providerName, access);
      return { kind: "list", vms: await vmProvider.listVms(question, settings, { provider }) };
    }
    case "deleteOrphan":
      throw new BugError("a program that only looks must change nothing");
    default: {
      const never: never = question;
      throw new Error(`unknown question ${JSON.stringify(never)}`);
    }
  }
}

/** Into the account, with this template's settings parsed. */
async function enter(vmProvider: AskedService, { accountId, account }: AskRequest, template: Settings) {
  const place = placeInAccount(accountId, account, vmProvider, template);
  const parsed = vmProvider.settings.safeParse(place.settings);
  if (!parsed.success) {
    const subject = `settings of VM provider config "${account.definition}"`;
    throw ConfigError.of(problemsOf(parsed.error, place.settings, vmProvider.secretFields), subject);
  }
  const provider = await vmProvider.pulumiProvider(place.providerName, place.access);
  return { place, settings: parsed.data, provider };
}

/** What a failure to ask at all tells of the account; undefined = nothing. */
export function answerOfFailure(registry: Registry, request: AskRequest, message: string): AccountAnswer | undefined {
  const { account, question } = request;
  if (question.kind !== "check") return undefined;
  const settings = { ...question.template, ...account.settings };
  const vmProvider = askedServiceOf(registry, account);
  const refusal = vmProvider.accountRefusal?.(message, settings);
  return (
    refusal && { kind: "check", check: withoutSecrets({ findings: [refusal] }, settings, vmProvider.secretFields) }
  );
}

/** A cloud may repeat in its refusal what it was sent. */
function withoutSecrets(check: AccountCheck, settings: Settings, secretFields: readonly string[]): AccountCheck {
  const values = secretFields.map((field) => settings[field]).filter((value) => typeof value === "string");
  // One may be a part of another.
  const secrets = values.filter((value) => value !== "").sort((a, b) => b.length - a.length);
  const hide = (text: string) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "[secret]"), text);
  return { ...check, findings: check.findings.map((finding) => ({ ...finding, text: hide(finding.text) })) };
}

export function askedServiceOf(registry: Registry, { service, kind, definition }: AccountSpec): AskedService {
  if (service === "directory") return directoryService;
  const found = service === "vm" ? registry.vm[kind] : undefined;
  if (found === undefined) {
    throw new ConfigError(`the account of "${definition}" is of ${service} provider "${kind}", which has no VMs here`);
  }
  return found;
}
