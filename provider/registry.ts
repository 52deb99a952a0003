/** Which kinds of clouds and DNS services there are. One line per kind; importing this file loads no SDK. */
import type { CloudCatalog, DnsProviderFacts, VmProviderFacts } from "../runtime/model/config";
import { awsVmProvider } from "./clouds/aws";
import { localVmProvider } from "./clouds/local";
import { awsDnsProvider } from "./dns/aws";
import { localDnsProvider } from "./dns/local";
import { localNotAllowed, rootProblem, type LocalRules } from "./local-vm/local-rules";
import type { DnsProvider, VmProvider } from "./vm-provider";

/** Settings are parsed by each provider's own schema, so the registry need not know their types. */
export interface Registry {
  readonly vm: Readonly<Record<string, VmProvider<unknown>>>;
  readonly dns: Readonly<Record<string, DnsProvider<unknown>>>;
}

export const registry = {
  vm: { local: localVmProvider, aws: awsVmProvider },
  dns: { local: localDnsProvider, aws: awsDnsProvider },
} as const satisfies Registry;

/** What the runtime knows of each cloud. Without `local` rules nothing local is refused: the runtime itself judges that. */
export function cloudCatalog(local?: LocalRules): CloudCatalog {
  const facts = local ? localFacts(local) : {};
  return {
    vm: { local: { ...vmFacts(registry.vm.local), ...facts }, aws: vmFacts(registry.vm.aws) },
    dns: { local: { ...dnsFacts(registry.dns.local), ...facts }, aws: dnsFacts(registry.dns.aws) },
  };
}

function localFacts(rules: LocalRules): Pick<DnsProviderFacts, "refusal" | "findProblems"> {
  if (!rules.isAllowed) return { refusal: localNotAllowed };
  return {
    findProblems({ root }) {
      const message = typeof root === "string" ? rootProblem(root, rules) : undefined;
      return message === undefined ? [] : [{ path: "root", message }];
    },
  };
}

function vmFacts<Settings>(provider: VmProvider<Settings>): VmProviderFacts {
  return {
    ...dnsFacts(provider),
    startupScriptBytesMax: provider.startupScriptBytesMax,
    osTypes: provider.osTypes,
    wrapScript: (script, osType) => provider.wrapScript(script, osType),
    defaultScripts: provider.defaultScripts ?? {},
    sshPublicKey: (settings) => provider.sshPublicKey?.(settings as Settings),
    // The caller has parsed them by the schema above.
    shape: (settings) => provider.shape(settings as Settings),
    sizeOf: (settings) => provider.sizeOf?.(settings as Settings),
  };
}

function dnsFacts<Settings>({ settings, secretFields, account }: DnsOrVmProvider<Settings>): DnsProviderFacts {
  return { settings: settings as unknown as DnsProviderFacts["settings"], secretFields, account };
}

type DnsOrVmProvider<Settings> = Pick<DnsProvider<Settings>, "settings" | "secretFields" | "account">;
