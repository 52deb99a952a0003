/** The target of a request: path, segments and query, decoded without guessing. */
import { ConfigError } from "../model/errors";
import { RequestError } from "./error-answers";

/** Parameters of a query; no route has as many. */
const parametersMax = 50;

/** Path and query string of a request target, which proxies may send with scheme and host. Still escaped. */
export function splitTarget(target: string): { path: string; query: string } {
  const local = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?#]*/i, "");
  const mark = local.indexOf("?");
  return mark === -1 ? { path: local, query: "" } : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}

/** Refuses what no URL contains: bytes that are not ASCII must be escaped, else nobody knows in which encoding they are. */
export function assertPlainTarget(target: string): void {
  if (/^[\x21-\x7e]*$/.test(target)) return;
  throw new RequestError(400, "config", "the target has characters that must be escaped, as UTF-8 and in percent form");
}

/** One segment of a path. */
export function decodeSegment(segment: string): string {
  return decode(segment, "path");
}

/** Each parameter by name. One that comes twice is refused: of two readers each might take another. */
export function readQuery(query: string): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  for (const part of query.split("&")) {
    if (part === "") continue;
    const mark = part.indexOf("=");
    const name = decodeParameter(mark === -1 ? part : part.slice(0, mark));
    if (parameters.has(name))
      throw ConfigError.of([{ path: name, message: "stands twice in the query; send it once" }]);
    if (parameters.size >= parametersMax) {
      throw new RequestError(400, "config", `the query has more than ${parametersMax} parameters`);
    }
    parameters.set(name, mark === -1 ? "" : decodeParameter(part.slice(mark + 1)));
  }
  return Object.fromEntries(parameters);
}

function decodeParameter(text: string): string {
  return decode(text.replaceAll("+", " "), "query");
}

/** Escapes that are no UTF-8 are refused, not replaced: two different names would become one. */
function decode(text: string, where: "path" | "query"): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RequestError(400, "config", `the ${where} has a malformed escape; escape the bytes of UTF-8`);
  }
}
