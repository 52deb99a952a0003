/** Questions about an account, answered inside a program that only looks. */
import type { AccountAnswer, AskRequest } from "../runtime/model/account-questions";
import type { AccountSpec } from "../runtime/model/accounts";
import { ConfigError } from "../runtime/model/errors";
import { placeInAccount } from "./node-accounts";
import type { Registry } from "./registry";
import type { VmProvider } from "./vm-provider";

/** Throws when the answer is not complete. */
export async function answerAccountQuestion(registry: Registry, request: AskRequest): Promise<AccountAnswer> {
  const { accountId, account, question } = request;
  const vmProvider = vmProviderOf(registry, account);
  switch (question.kind) {
    case "list": {
      const { providerName, access, settings } = placeInAccount(accountId, account, vmProvider, question.place);
      const provider = await vmProvider.pulumiProvider(providerName, access);
      return { kind: "list", vms: await vmProvider.listVms(question, settings, { provider }) };
    }
    default: {
      const never: never = question.kind;
      throw new Error(`unknown question ${JSON.stringify(never)}`);
    }
  }
}

export function vmProviderOf(registry: Registry, { service, kind, definition }: AccountSpec): VmProvider<unknown> {
  const found = service === "vm" ? registry.vm[kind] : undefined;
  if (found === undefined) {
    throw new ConfigError(`the account of "${definition}" is of ${service} provider "${kind}", which has no VMs here`);
  }
  return found;
}
