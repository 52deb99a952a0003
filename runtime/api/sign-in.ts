/**
 * Sign-in of browsers: an API key is exchanged for a cookie, so that no script of a page ever holds the key again. The
 * cookie is made of the installation's secret, so every runtime of the installation takes it, and it is kept nowhere. It
 * opens nothing alone: a request shows besides that a page of ours has sent it, which no page of another site can.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import type { EpochMs } from "../model/clock";
import { ForbiddenError, UnauthorizedError } from "../model/errors";
import type { ApiKey } from "../model/state";
import { allows } from "./api-keys";
import { deriveKey } from "./server-secret";

/** A day's work; then the key is asked for again. */
export const signInHours = 12;

/** Sign-outs that are remembered by key until their cookie has ended; with one more, all older cookies of the key end. */
export const signOutsMax = 50;

/** The header that shows that a page of ours asks; another site's page may not set it, see `cors.ts`. */
export const browserHeader = "headroom-browser";

/** Who signed in, as the cookie says. */
export interface SignIn {
  readonly id: string;
  readonly sinceMs: EpochMs;
  readonly untilMs: EpochMs;
}

const cookieSchema = z.strictObject({
  key: z.string(),
  /** The key's hash: another key of the same name is another one. */
  hash: z.string(),
  id: z.string(),
  sinceMs: z.int(),
  untilMs: z.int(),
});
type CookieContent = z.output<typeof cookieSchema>;

interface Known {
  readonly apiKeys: ReadonlyMap<string, ApiKey>;
  readonly secret: Uint8Array;
  readonly nowMs: EpochMs;
}

/** A new sign-in with a key, and the `set-cookie` header that gives it to the browser. */
export function signIn(
  { name, hash }: ApiKey,
  { secret, nowMs, isHttps }: { secret: Uint8Array; nowMs: EpochMs; isHttps: boolean },
): { readonly signIn: SignIn; readonly cookie: string } {
  const made = { id: randomBytes(16).toString("base64url"), sinceMs: nowMs, untilMs: nowMs + signInHours * 3_600_000 };
  const text = Buffer.from(JSON.stringify({ key: name, hash, ...made } satisfies CookieContent)).toString("base64url");
  const cookie = formatCookie(`${text}.${sealOf(text, secret)}`, { isHttps, seconds: signInHours * 3600 });
  return { signIn: made, cookie };
}

/** The `set-cookie` header that takes the cookie away. */
export function clearedCookie(isHttps: boolean): string {
  return formatCookie("", { isHttps, seconds: 0 });
}

/** The key's row with this sign-in ended for good. */
export function signOut(key: ApiKey, { id, untilMs }: SignIn, nowMs: EpochMs): ApiKey {
  const kept = (key.signOuts ?? []).filter((signedOut) => signedOut.untilMs > nowMs && signedOut.id !== id);
  if (kept.length < signOutsMax) return { ...key, signOuts: [...kept, { id, untilMs }] };
  return { ...key, signOuts: [], signInsFromMs: nowMs + 1 };
}

/**
 * Who asks by cookie; undefined = there is no cookie. What a browser may do ends at `operator`: keys and secrets of the
 * installation are for whoever holds an admin key in hand. Throws when the cookie is not good, or comes without the proof
 * that our own page sent it.
 */
export function findSignedIn(
  headers: IncomingHttpHeaders,
  { isHttps, ...known }: Known & { isHttps: boolean },
): { readonly apiKey: ApiKey; readonly signIn: SignIn } | undefined {
  // Where another runtime has passed the request on, it may have come to that one by https.
  const value = cookieOf(headers, cookieName(true)) ?? (isHttps ? undefined : cookieOf(headers, cookieName(false)));
  if (value === undefined) return undefined;
  assertOwnPage(headers);
  const found = readCookie(value, known);
  if (!found) throw new UnauthorizedError("this sign-in has ended; sign in again with an API key");
  const { apiKey, signIn } = found;
  return { signIn, apiKey: allows(apiKey.scope, "operator") ? { ...apiKey, scope: "operator" } : apiKey };
}

/** Browsers say themselves where a request comes from; older ones do not, but ask before they send the header elsewhere. */
function assertOwnPage(headers: IncomingHttpHeaders): void {
  const site = headers["sec-fetch-site"];
  if (headers[browserHeader] !== undefined && (site === undefined || site === "same-origin")) return;
  throw new ForbiddenError(
    `a signed-in browser is answered only when a page of this address asks, with the header ${browserHeader}; programs send an API key`,
  );
}

function readCookie(value: string, { apiKeys, secret, nowMs }: Known): ReturnType<typeof findSignedIn> {
  const [text = "", seal = "", ...more] = value.split(".");
  const [shown, made] = [Buffer.from(seal), Buffer.from(sealOf(text, secret))];
  if (shown.length !== made.length || !timingSafeEqual(shown, made) || more.length > 0) return undefined;
  const { key, hash, ...signedIn } = cookieSchema.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  const apiKey = apiKeys.get(key);
  if (apiKey?.hash !== hash || nowMs >= signedIn.untilMs) return undefined;
  const isOver = apiKey.signOuts?.some(({ id }) => id === signedIn.id) ?? false;
  return isOver || signedIn.sinceMs < (apiKey.signInsFromMs ?? 0) ? undefined : { apiKey, signIn: signedIn };
}

function sealOf(text: string, secret: Uint8Array): string {
  return createHmac("sha256", deriveKey(secret, "browser sign-ins")).update(text).digest("base64url");
}

/** By https a browser takes a cookie of this name only from this very host, and never shows it by http. */
function cookieName(isHttps: boolean): string {
  return isHttps ? "__Host-headroom" : "headroom";
}

function formatCookie(value: string, { isHttps, seconds }: { isHttps: boolean; seconds: number }): string {
  const secure = isHttps ? "; Secure" : "";
  return `${cookieName(isHttps)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

function cookieOf({ cookie = "" }: IncomingHttpHeaders, name: string): string | undefined {
  const found = cookie.split(";").find((part) => part.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}
