/** What a server config says about its computer records in Active Directory, and the LDAP config that it names. */
import type { AutoscaleConfig, LdapConfig } from "./config";
import type { ReferenceContext } from "./declared";
import { tellFirst, type Problem } from "./errors";
import { domainOfBase } from "./ldap-config";

/** Whether each node of the config gets a record, with the LDAP config and OU that it is made in. */
export function recordPlaceOf(
  config: AutoscaleConfig,
): { readonly ldapConfig: string; readonly computerOu: string; readonly deletesChildren: boolean } | undefined {
  if (config.type !== "server" || !config.createAdComputerRecord) return undefined;
  const { ldapConfig, adComputerOu, adRecursiveCleanup } = config;
  if (ldapConfig === undefined || adComputerOu === undefined) return undefined;
  return { ldapConfig, computerOu: adComputerOu, deletesChildren: adRecursiveCleanup };
}

/** A record can only be in the domain whose controllers are asked. */
export function computerRecordProblems(config: AutoscaleConfig, { declared }: ReferenceContext): Problem[] {
  const place = recordPlaceOf(config);
  const ldap = place && declared.ldapConfig.get(place.ldapConfig);
  const message = place && ldap && misfitOf(place.computerOu, ldap);
  return message === undefined ? [] : [{ path: "adComputerOu", message }];
}

/** The same, when the LDAP config changes. */
export function ldapConfigProblems(ldap: LdapConfig, { declared }: ReferenceContext): Problem[] {
  const misfits = [...declared.autoscaleConfig.values()].flatMap((config) => {
    const place = recordPlaceOf(config);
    const message = place?.ldapConfig === ldap.name ? misfitOf(place.computerOu, ldap) : undefined;
    return message === undefined ? [] : [`adComputerOu of autoscale config "${config.name}": ${message}`];
  });
  return tellFirst(misfits, (message) => ({ path: "searchBase", message }));
}

function misfitOf(computerOu: string, { name, searchBase }: LdapConfig): string | undefined {
  const [ours, theirs] = [domainOfBase(computerOu), domainOfBase(searchBase)];
  return ours === theirs
    ? undefined
    : `got "${computerOu}", which is in domain ${ours}; LDAP config "${name}" is of domain ${theirs}`;
}
