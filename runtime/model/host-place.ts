/**
 * Where a host lies that somebody names: on the machine of whoever asks, or on its very link. The runtime asks the ports
 * of static members; without this whoever may declare one could have it try its own ports, and those of the cloud's
 * metadata service, which trusts everybody on the machine.
 */

/** What is wrong with a host name or an IP address as that of another machine; undefined = nothing that can be told. */
export function findNearPlace(host: string): string | undefined {
  const name = host
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
  if (ownNames.test(name)) return "is this machine itself";
  if (metadataNames.has(name)) return "is a cloud's metadata service";
  const v4 = parseV4(name);
  if (v4 !== undefined) return placeOfV4(v4);
  const v6 = parseV6(name);
  return v6 && placeOfV6(v6);
}

const ownNames = /(^|\.)(localhost|localhost\.localdomain|ip6-localhost|ip6-loopback)$/;
const metadataNames: ReadonlySet<string> = new Set([
  "metadata",
  "metadata.google.internal",
  "instance-data",
  "instance-data.ec2.internal",
]);

/** Network, length of its prefix, what it is. */
type NetworkV4 = readonly [string, number, string];

const networksV4: readonly NetworkV4[] = [
  ["0.0.0.0", 8, "is this machine itself"],
  ["127.0.0.0", 8, "is this machine itself"],
  ["169.254.0.0", 16, "is link-local"],
  ["100.100.100.200", 32, "is a cloud's metadata service"],
  ["168.63.129.16", 32, "is a cloud's metadata service"],
  ["192.0.0.192", 32, "is a cloud's metadata service"],
  ["224.0.0.0", 3, "is no machine's address"],
];

function placeOfV4(address: number): string | undefined {
  const found = networksV4.find(([network, prefix]) => {
    const shift = 32 - prefix;
    return address >>> shift === parseV4(network)! >>> shift;
  });
  return found?.[2];
}

function placeOfV6(groups: readonly number[]): string | undefined {
  const [first = 0, second = 0] = groups;
  const isZeroUpTo = (count: number): boolean => groups.slice(0, count).every((group) => group === 0);
  if (isZeroUpTo(7) && groups[7]! <= 1) return "is this machine itself";
  if ((first & 0xffc0) === 0xfe80) return "is link-local";
  if ((first & 0xff00) === 0xff00) return "is no machine's address";
  if (first === 0xfd00 && second === 0x0ec2) return "is a cloud's metadata service";
  if (first === 0xfd20 && second === 0x00ce) return "is a cloud's metadata service";
  const inside = embeddedV4(groups, isZeroUpTo);
  return inside === undefined ? undefined : placeOfV4(inside);
}

/** The IPv4 address that an IPv6 address stands for: mapped, compatible, translated (NAT64) or tunnelled (6to4). */
function embeddedV4(groups: readonly number[], isZeroUpTo: (count: number) => boolean): number | undefined {
  const last = groups[6]! * 65_536 + groups[7]!;
  if (isZeroUpTo(6) || (isZeroUpTo(5) && groups[5] === 0xffff)) return last;
  if (isZeroUpTo(4) && groups[4] === 0xffff && groups[5] === 0) return last;
  if (groups[0] === 0x64 && groups[1] === 0xff9b) return last;
  if (groups[0] === 0x2002) return groups[1]! * 65_536 + groups[2]!;
  return undefined;
}

/** Every form that systems take: `127.0.0.1`, `127.1`, `2130706433`, `0x7f.1`, `0177.0.0.1`. */
function parseV4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length > 4) return undefined;
  const numbers = parts.map(parseNumber);
  const last = numbers.pop();
  if (last === undefined || last >= 256 ** (4 - numbers.length)) return undefined;
  let address = last;
  for (const [index, number] of numbers.entries()) {
    if (number === undefined || number > 255) return undefined;
    address += number * 256 ** (3 - index);
  }
  return address;
}

/** Decimal, hexadecimal or octal. */
function parseNumber(text: string): number | undefined {
  if (/^0x[0-9a-f]*$/.test(text)) return text === "0x" ? 0 : Number(text);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
}

/** Its eight groups. What stands behind `%` names a link of this machine and is left out. */
function parseV6(text: string): readonly number[] | undefined {
  let plain = text.replace(/%.*$/, "");
  const tail = /:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(plain)?.[1];
  if (tail !== undefined) {
    const inside = parseV4(tail);
    if (inside === undefined) return undefined;
    plain = `${plain.slice(0, -tail.length)}${(inside >>> 16).toString(16)}:${(inside & 0xffff).toString(16)}`;
  }
  const halves = plain.split("::");
  if (halves.length > 2 || !plain.includes(":")) return undefined;
  const [left = [], right = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 0 : missing !== 0) return undefined;
  const groups = [...left, ...Array<string>(missing).fill("0"), ...right];
  return groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))
    ? groups.map((group) => parseInt(group, 16))
    : undefined;
}
