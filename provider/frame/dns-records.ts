/**
 * What stands under a record's name before the record is made: what is somebody else's is never overwritten, joined or
 * deleted. Names of nodes are taken by chance alone, so this is looked at before the node's VM is declared.
 */
import { CloudError } from "../../runtime/model/errors";
import { typeOfAddress } from "./dns-names";

/** A record that a DNS service has under the name, whatever its type. */
export interface StandingRecord {
  /** As DNS has it, e.g. `A` or `CNAME`. */
  readonly type: string;
  /** Addresses of an A or AAAA record; of others what they lead to. */
  readonly values: readonly string[];
  /** True where it carries the node's identity. Default: nothing tells whose it is. */
  readonly isOwn?: boolean;
}

/** Who looks a name up follows these; of other types, such as TXT, there may be some beside a node's record. */
const followed: readonly string[] = ["A", "AAAA", "CNAME"];

/**
 * True when the node's own record stands there already, left by an update whose answer was lost; false when nothing does.
 *
 * @param address That of the node's VM; undefined = it has none yet, so that nothing can lead to it.
 * @throws CloudError (CONFIG) when somebody else's record stands there.
 */
export function isLeftover(name: string, standing: readonly StandingRecord[], address?: string): boolean {
  const inTheWay = standing.filter(({ type }) => followed.includes(type.toUpperCase()));
  const foreign = inTheWay.filter((record) => !isOwn(record, address));
  if (foreign.length === 0) return inTheWay.length > 0;
  const told = foreign.map(({ type, values }) => `${type} ${values.join(", ")}`.trim()).join("; ");
  const text = `"${name}" has a record that is not this node's and stays as it is: ${told}; delete it, or use another base domain name`;
  throw new CloudError("CONFIG", `DnsRecordInTheWay: ${text}`);
}

function isOwn({ type, values, isOwn: carriesIdentity = false }: StandingRecord, address: string | undefined): boolean {
  if (carriesIdentity) return true;
  const [value, ...others] = values;
  if (address === undefined || value === undefined || others.length > 0) return false;
  return type.toUpperCase() === typeOfAddress(address) && isSameAddress(value, address);
}

/** However both are written: `2001:DB8:0::1` is `2001:db8::1`. */
function isSameAddress(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => (text.includes(":") ? `http://[${text}]` : `http://${text}`));
  return URL.canParse(a!) && URL.canParse(b!) && new URL(a!).hostname === new URL(b!).hostname;
}

/** For a base domain name for which a service has no zone, or more than one. */
export function zoneProblem(baseDomainName: string, text: string): CloudError {
  return new CloudError("CONFIG", `DnsZone: baseDomainName: got "${baseDomainName}"; ${text}`);
}
