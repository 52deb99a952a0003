/** Whether an address to listen on lets other machines in. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { ConfigError } from "../model/errors";

/**
 * Refuses a listen address that others reach while keys and tokens would pass in plain text. A host name counts by all
 * addresses that it has; one that has none is left to the attempt to listen, which says so.
 */
export async function assertMayListen(
  host: string,
  { hasTls, hasTrustedProxy }: { hasTls: boolean; hasTrustedProxy: boolean },
): Promise<void> {
  // Node takes an empty one for all addresses.
  if (host.trim() === "") throw problem('got ""; use an address or a host name such as 127.0.0.1');
  if (hasTls || hasTrustedProxy) return;
  const addresses = await lookup(host, { all: true }).catch(() => []);
  if (addresses.every(({ address }) => isLoopback(address))) return;
  throw problem(
    `other machines reach ${host}, and keys would pass in plain text; give --tls-cert and --tls-key, or --trust-proxy ` +
      "when a proxy in front of it does TLS, or listen on 127.0.0.1",
  );
}

function problem(message: string): ConfigError {
  return ConfigError.of([{ path: "--host", message }]);
}

export function isLoopback(address: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** Where other machines reach what listens at this URL: of one for every address, the first that is not the machine's alone. */
export function reachableUrl(listening: string, interfaces = networkInterfaces()): string {
  const url = new URL(listening);
  if (url.hostname !== "0.0.0.0" && url.hostname !== "[::]") return listening;
  const own = Object.values(interfaces).flatMap((addresses = []) => addresses);
  const outer = own.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  const found = outer.find(({ family }) => family === "IPv4") ?? outer[0];
  url.hostname = found === undefined ? "127.0.0.1" : found.family === "IPv6" ? `[${found.address}]` : found.address;
  return url.origin;
}
