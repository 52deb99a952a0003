/** How the API is reached: decided and read before anything starts, so that what is wrong with it leaves nothing behind. */
import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { assertMayListen } from "../api/listen-address";
import { TlsCertificate } from "../api/tls-certificate";
import { TrustedProxies } from "../api/trusted-proxies";
import type { Clock } from "../model/clock";
import { ConfigError, messageOf } from "../model/errors";
import { withoutUserInfo } from "../model/shown-value";

export interface EntranceOptions {
  /** Address to listen on. */
  readonly host: string;
  /** Files in PEM; both or none. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Number of proxies in front, or their addresses; see {@link TrustedProxies}. */
  readonly trustProxy?: string | number;
  /** Where other replicas reach this one. */
  readonly advertiseUrl?: string;
  /** File in PEM with whoever signed the certificates of other replicas. */
  readonly replicaCa?: string;
}

export interface Entrance {
  readonly host: string;
  /** Absent = plain http. */
  readonly certificate?: TlsCertificate;
  readonly proxies?: TrustedProxies;
  /** Without a path. */
  readonly advertiseUrl?: string;
  /** In PEM. */
  readonly replicaCa?: string;
}

export async function prepareEntrance(
  { host, tlsCert, tlsKey, trustProxy, advertiseUrl, replicaCa }: EntranceOptions,
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
  return {
    host,
    ...(certificate ? { certificate } : {}),
    ...(proxies ? { proxies } : {}),
    ...(advertiseUrl === undefined ? {} : { advertiseUrl: parseAdvertiseUrl(advertiseUrl) }),
    ...(replicaCa === undefined ? {} : { replicaCa: await readCertificates(replicaCa) }),
  };
}

/** Replicas are asked at the root: a path in front would belong to a proxy, and a proxy leads to any of them. */
function parseAdvertiseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (url && isWeb && url.username === "" && url.pathname === "/" && url.search === "") return url.origin;
  const message = `got "${withoutUserInfo(text)}"; use the URL of this replica itself, such as https://10.0.0.5:8700`;
  throw ConfigError.of([{ path: "--advertise-url", message }]);
}

async function readCertificates(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw ConfigError.of([{ path: "--replica-ca", message: `${file} can't be read (${messageOf(cause)})` }]);
  });
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw ConfigError.of([{ path: "--replica-ca", message: `${file} holds no certificate in PEM` }]);
}
