/**
 * One signed call of a webhook. It goes to the host that the URL names and nowhere else: no redirection is followed, and a
 * name that means this machine, its link or a cloud's metadata service is not called, unless the URL itself names loopback.
 */
import { createHmac } from "node:crypto";
import { lookup as lookUp } from "node:dns";
import { request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { isLoopback, webhookUrlProblem } from "../model/budget";
import { findNearPlace } from "../model/host-place";

export interface SignedCall {
  readonly url: string;
  readonly secret: string;
  readonly eventId: string;
  readonly body: string;
  readonly nowMs: number;
}

/** Undefined = it was taken (2xx); else why not, in words without the URL, which may hold a password. */
export type Webhook = (call: SignedCall) => Promise<string | undefined>;

/** For the whole of a call. */
const callLimitMs = 10_000;

export const callWebhook: Webhook = ({ url, secret, eventId, body, nowMs }) => {
  const problem = webhookUrlProblem(url);
  if (problem !== undefined) return Promise.resolve(`its URL can't be called: ${problem}`);
  const { hostname, protocol } = new URL(url);
  const options: RequestOptions = {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "headroom",
      "headroom-event": eventId,
      "headroom-signature": signatureOf({ secret, body, nowMs }),
    },
    signal: AbortSignal.timeout(callLimitMs),
    // A connection that was kept would have been made to what the name meant before.
    agent: false,
    ...(isLoopback(hostname) ? {} : { lookup: lookUpFar }),
  };
  return new Promise((resolve) => {
    const call = (protocol === "http:" ? requestHttp : requestHttps)(url, options, (response) => {
      // What it says beside its status is of no use to anybody here.
      response.destroy();
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 300 ? undefined : `it answered with status ${statusCode}`);
    });
    call.once("error", (error: NodeJS.ErrnoException) => resolve(describe(error)));
    call.end(body);
  });
};

/** `t=1789987650,v1=<hex>`: HMAC-SHA256 with the secret over the time in seconds, a dot and the body. */
export function signatureOf({ secret, body, nowMs }: Pick<SignedCall, "secret" | "body" | "nowMs">): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

const lookUpFar: LookupFunction = (hostname, options, done) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, "", 0);
    for (const { address } of addresses) {
      const place = findNearPlace(address);
      if (place !== undefined) return done(new Error(`its name means ${address}, which ${place}`), "", 0);
    }
    if (options.all) return done(null, addresses);
    const [{ address, family } = { address: "", family: 0 }] = addresses;
    return done(null, address, family);
  });
};

function describe({ name, code, message }: NodeJS.ErrnoException): string {
  if (name === "TimeoutError" || name === "AbortError") return `no answer within ${callLimitMs / 1000} s`;
  return code === undefined ? message : `no connection (${code})`;
}
