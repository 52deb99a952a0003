/** The endpoint that a client is given, and why it can't be reached. */
import { ConfigError } from "../model/errors";
import { withoutUserInfo } from "../model/shown-value";

/** Without a slash at the end; a {@link ConfigError} when it is no http or https URL. */
export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isGood = url !== undefined && (url.protocol === "http:" || url.protocol === "https:") && !url.username;
  if (isGood) return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
  const message = `"${withoutUserInfo(text)}" is not an endpoint; use a URL such as http://127.0.0.1:8700`;
  throw ConfigError.of([{ path: "endpoint", message }]);
}
