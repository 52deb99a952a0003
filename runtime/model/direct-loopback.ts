/**
 * Connections to this machine itself never go through a proxy: the engine, the program and the plugins of an update talk to
 * each other on loopback addresses, where a proxy would not find them. What environments say of proxies is read differently
 * by each library: gRPC for Node takes lower-case names only, curl and Go both cases, some nothing but their own variable.
 */

import { withoutUserInfo } from "./shown-value";

type Environment = Readonly<Record<string, string | undefined>>;

const proxyNames = [
  "grpc_proxy",
  "https_proxy",
  "http_proxy",
  "all_proxy",
  "npm_config_proxy",
  "npm_config_https_proxy",
];
const loopback = ["127.0.0.1", "localhost", "::1"] as const;

/** The environment for processes of ours and their children. The same object when it names no proxy. */
export function withDirectLoopback<Given extends Environment>(given: Given): Given {
  if (proxiesIn(given).length === 0) return given;
  const { no_proxy: lower, NO_PROXY: upper, no_grpc_proxy: ofGrpc } = given;
  const exceptions: Record<string, string> = {
    no_proxy: withLoopback(lower || upper),
    NO_PROXY: withLoopback(upper || lower),
    // Named first by gRPC for Node, which takes the star for a name.
    no_grpc_proxy: withLoopback(ofGrpc || lower || upper, []),
  };
  for (const name of ["npm_config_noproxy", "NPM_CONFIG_NOPROXY"]) {
    if (given[name]) exceptions[name] = withLoopback(given[name]);
  }
  return { ...given, ...exceptions };
}

/** @param whole Entries that mean everything, beside which nothing may stand. */
function withLoopback(list = "", whole: readonly string[] = ["*"]): string {
  const entries = entriesOf(list);
  if (entries.some((entry) => whole.includes(entry))) return list;
  return [...entries, ...loopback.filter((name) => !entries.includes(name))].join(",");
}

function entriesOf(list: string): string[] {
  return list.split(/[\s,]+/).filter((entry) => entry !== "");
}

/** Names of the variables that name a proxy, in either case. */
function proxiesIn(given: Environment): string[] {
  return Object.keys(given).filter((name) => proxyNames.includes(name.toLowerCase()) && given[name]);
}

/** What an environment says of proxies, as doctor tells it. */
export interface ProxyAdvice {
  /** True when a program of the user would be led astray by it; our own processes are not. */
  readonly isHarmful: boolean;
  readonly text: string;
}

/** What a `pulumi` command, run in this environment, would suffer. Credentials of a proxy are not told. */
export function adviseOnProxies(given: Environment): ProxyAdvice {
  const named = proxiesIn(given).map((name) => `${name}=${withoutUserInfo(given[name]!)}`);
  if (named.length === 0) return { isHarmful: false, text: "none" };
  const taken = ["grpc_proxy", "https_proxy", "http_proxy"].find((name) => given[name]);
  const list = given["no_grpc_proxy"] || given["no_proxy"] || "";
  if (taken === undefined || !isHttp(given[taken]!) || leavesOutLoopback(list)) {
    return { isHarmful: false, text: `${named.join(", ")}; not for connections to this machine` };
  }
  const text =
    `${taken}=${withoutUserInfo(given[taken]!)} is taken for connections to this machine too, because no_proxy (in lower ` +
    `case) does not name 127.0.0.1. Headroom's own processes go around it, but a pulumi command of yours would not reach ` +
    `its own engine: export no_proxy=${withLoopback(list || given["NO_PROXY"], [])}`;
  return { isHarmful: true, text };
}

/** As gRPC for Node reads it: whole addresses, ends of names, and ranges. */
function leavesOutLoopback(list: string): boolean {
  return (
    list.split(",").some((entry) => "127.0.0.1".endsWith(entry) && entry !== "") ||
    /(^|,)127\.[\d.]+\/8(,|$)/.test(list)
  );
}

function isHttp(proxy: string): boolean {
  return /^http:\/\//i.test(proxy);
}
