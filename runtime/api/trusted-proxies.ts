/**
 * Who calls when proxies stand between. `X-Forwarded-For` and `X-Forwarded-Proto` count only where a trusted proxy wrote
 * them: everybody else may write what they like into them, and would choose whose rate limit they use up.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { ConfigError } from "../model/errors";

/** Proxies one behind the other at most. */
const hopsMax = 10;

const forms = `the number of proxies in front (1 to ${hopsMax}), or their addresses such as 10.0.0.5,192.168.0.0/16`;

export interface Client {
  /** IP address of whoever asked the first trusted proxy; without trusted proxies that of the connection. */
  readonly address: string;
  /** Whether a trusted proxy says that it was asked by https. */
  readonly isHttps: boolean;
}

/** Who calls, as far as the connection and trusted proxies tell. */
export function clientOf(
  { socket, headers }: Pick<IncomingMessage, "socket" | "headers">,
  proxies: TrustedProxies | undefined,
): Client {
  const address = socket.remoteAddress ?? "";
  const isEncrypted = "encrypted" in socket && socket.encrypted === true;
  const client = proxies?.clientOf(address, headers) ?? { address, isHttps: false };
  return isEncrypted ? { ...client, isHttps: true } : client;
}

export class TrustedProxies {
  private constructor(
    /** Counted from here; undefined = {@link known} decides. */
    private readonly hops: number | undefined,
    private readonly known: BlockList,
  ) {}

  /** Of `--trust-proxy`: how many, or which. */
  static parse(text: string): TrustedProxies {
    const known = new BlockList();
    if (/^\d+$/.test(text)) {
      const hops = Number(text);
      if (hops < 1 || hops > hopsMax) throw problem(text);
      return new TrustedProxies(hops, known);
    }
    for (const part of text.split(",")) addNetwork(known, part.trim(), text);
    return new TrustedProxies(undefined, known);
  }

  clientOf(peer: string, headers: IncomingHttpHeaders): Client {
    if (!this.trusts(peer, 0)) return { address: peer, isHttps: false };
    const forwarded = String(headers["x-forwarded-for"] ?? "").split(",");
    let address = peer;
    for (let hop = 0; this.trusts(address, hop) && forwarded.length > 0; hop += 1) {
      const next = addressIn(forwarded.pop()!);
      // Whoever wrote this is no proxy that we know how to read: what it was asked by stays unknown.
      if (next === undefined) break;
      address = next;
    }
    // The nearest proxy writes the last one.
    const protocol = String(headers["x-forwarded-proto"] ?? "")
      .split(",")
      .at(-1)!;
    return { address, isHttps: protocol.trim().toLowerCase() === "https" };
  }

  /** @param hop How many proxies stand between the address and us. */
  private trusts(address: string, hop: number): boolean {
    if (this.hops !== undefined) return hop < this.hops;
    const family = isIP(address);
    return family !== 0 && this.known.check(address, family === 6 ? "ipv6" : "ipv4");
  }
}

/** `10.0.0.1`, `10.0.0.1:443`, `[2001:db8::1]`, `[2001:db8::1]:443` → the address alone; undefined for anything else. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 || bare.includes("%") ? undefined : bare;
}

function addNetwork(known: BlockList, part: string, text: string): void {
  const [, address = "", , prefixText] = /^([^/]+)(\/(\d{1,3}))?$/.exec(part) ?? [];
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (family === 0 || address.includes("%") || prefix > bits) throw problem(text);
  known.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
}

function problem(text: string): ConfigError {
  return ConfigError.of([{ path: "--trust-proxy", message: `got "${text}"; use ${forms}` }]);
}
