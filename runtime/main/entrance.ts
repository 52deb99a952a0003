/** How the API is reached: decided and read before anything starts, so that what is wrong with it leaves nothing behind. */
import type { Logger } from "pino";
import { assertMayListen } from "../api/listen-address";
import { TlsCertificate } from "../api/tls-certificate";
import { TrustedProxies } from "../api/trusted-proxies";
import type { Clock } from "../model/clock";
import { ConfigError } from "../model/errors";

export interface EntranceOptions {
  /** Address to listen on. */
  readonly host: string;
  /** Files in PEM; both or none. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Number of proxies in front, or their addresses; see {@link TrustedProxies}. */
  readonly trustProxy?: string | number;
}

export interface Entrance {
  readonly host: string;
  /** Absent = plain http. */
  readonly certificate?: TlsCertificate;
  readonly proxies?: TrustedProxies;
}

export async function prepareEntrance(
  { host, tlsCert, tlsKey, trustProxy }: EntranceOptions,
  tools: { clock: Clock; log: Logger },
): Promise<Entrance> {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [given, missing] = tlsKey === undefined ? ["--tls-cert", "--tls-key"] : ["--tls-key", "--tls-cert"];
    throw ConfigError.of([{ path: missing, message: `is missing; ${given} is only half of a pair` }]);
  }
  const proxies = trustProxy === undefined ? undefined : TrustedProxies.parse(String(trustProxy));
  await assertMayListen(host, { hasTls: tlsCert !== undefined, hasTrustedProxy: proxies !== undefined });
  const files = tlsCert === undefined || tlsKey === undefined ? undefined : { certFile: tlsCert, keyFile: tlsKey };
  const certificate = files && (await TlsCertificate.load(files, tools));
  return { host, ...(certificate ? { certificate } : {}), ...(proxies ? { proxies } : {}) };
}
