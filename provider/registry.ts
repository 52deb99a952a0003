/** Which clouds and DNS services there are. One line per cloud; importing this file loads no SDK. */
import type { CloudCatalog, DnsProviderFacts, VmProviderFacts } from "../runtime/model/config";
import type { Cloud } from "./cloud";
import { aws } from "./clouds/aws";
import { azure } from "./clouds/azure";
import { digitalocean } from "./clouds/digitalocean";
import { gcp } from "./clouds/gcp";
import { kubevirt } from "./clouds/kubevirt";
import { local } from "./clouds/local";
import { nutanix } from "./clouds/nutanix";
import { openstack } from "./clouds/openstack";
import { oci } from "./clouds/oci";
import { proxmox } from "./clouds/proxmox";
import { vsphere } from "./clouds/vsphere";
import type { LocalRules } from "./local-vm/local-rules";
import type { DnsProvider, VmProvider } from "./vm-provider";

export const clouds: readonly Cloud[] = [
  local,
  aws,
  azure,
  digitalocean,
  gcp,
  kubevirt,
  oci,
  proxmox,
  vsphere,
  openstack,
  nutanix,
];

/** By kind. Settings are parsed by each cloud's own schema, so nobody here need know their types. */
export interface Registry {
  readonly vm: Readonly<Record<string, VmProvider<unknown>>>;
  readonly dns: Readonly<Record<string, DnsProvider<unknown>>>;
}

export const registry: Registry = {
  vm: Object.fromEntries(clouds.flatMap(({ kind, vm }) => (vm ? [[kind, vm]] : []))),
  dns: Object.fromEntries(clouds.flatMap(({ kind, dns }) => (dns ? [[kind, dns]] : []))),
};

/** What the runtime knows of each cloud. Without rules nothing is refused: the runtime itself judges that. */
export function cloudCatalog(rules?: LocalRules): CloudCatalog {
  const factsUnder = (cloud: Cloud) => (rules && cloud.factsUnder?.(rules)) ?? {};
  return {
    vm: Object.fromEntries(
      clouds.flatMap((cloud) => (cloud.vm ? [[cloud.kind, { ...vmFacts(cloud.vm), ...factsUnder(cloud) }]] : [])),
    ),
    dns: Object.fromEntries(
      clouds.flatMap((cloud) => (cloud.dns ? [[cloud.kind, { ...dnsFacts(cloud.dns), ...factsUnder(cloud) }]] : [])),
    ),
  };
}

/** The caller has parsed settings by the schema of the same facts. */
function vmFacts(provider: VmProvider<unknown>): VmProviderFacts {
  return {
    ...dnsFacts(provider),
    ...(provider.placesField === undefined ? {} : { placesField: provider.placesField }),
    startupScriptBytesMax: provider.startupScriptBytesMax,
    osTypes: provider.osTypes,
    wrapScript: (script, osType) => provider.wrapScript(script, osType),
    isScriptReadByImage: (osType) => provider.isScriptReadByImage?.(osType) ?? true,
    scriptWarning: (script, settings) => provider.scriptWarning?.(script, settings),
    defaultScripts: provider.defaultScripts ?? {},
    sshPublicKey: (settings) => provider.sshPublicKey?.(settings),
    shape: (settings) => provider.shape(settings),
    sizeOf: (settings) => provider.sizeOf?.(settings),
    wantsWindowsPassword: (settings) => provider.windowsPassword?.isWanted(settings) ?? false,
    findProblems: (settings, definition) => provider.findProblems?.(settings, definition) ?? [],
  };
}

function dnsFacts({ settings, secretFields, account }: DnsProvider<unknown> | VmProvider<unknown>): DnsProviderFacts {
  return { settings: settings as DnsProviderFacts["settings"], secretFields, account };
}
