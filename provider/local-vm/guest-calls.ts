/** The guest's calls to the runtime: each is repeated with growing pauses until it is answered for good. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { setTimeout as delay } from "node:timers/promises";

export interface GuestCall {
  /** Address of the runtime as the startup script has it; without a scheme it is http. */
  readonly upstream: string;
  readonly path: string;
  readonly token: string;
  readonly body: unknown;
}

/** `done`: accepted. `gone`: the node is not wanted any more. `refused`: asking again would not help. */
export type GuestAnswer = { readonly kind: "done" | "gone" | "refused"; readonly text: string };

const pauseFirstMs = 250;
/** Short, because a local runtime that restarts is back within seconds. */
const pauseMaxMs = 4000;
const callTimeoutMs = 10_000;

/** Returns only with an answer that stands: while the runtime is away, too busy or failing, it keeps trying. */
export async function callUntilAnswered(call: GuestCall, say: (line: string) => void): Promise<GuestAnswer> {
  for (let pauseMs = pauseFirstMs, tries = 1; ; tries++) {
    const answer = await callOnce(call).catch((error: Error) => ({ status: 0, text: error.message }));
    const { status, text } = answer;
    if (status >= 200 && status < 300) return { kind: "done", text };
    if (status === 410) return { kind: "gone", text };
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) return { kind: "refused", text };
    if (tries === 1) say(`${call.path}: no answer yet (${status === 0 ? text : status}), trying again`);
    // Spread over half the pause, so that a fleet does not come back in step after the runtime was away.
    await delay(pauseMs * (0.5 + Math.random() / 2));
    pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
  }
}

/** The runtime's address as a URL; throws when it is none. */
export function upstreamUrl(upstream: string): URL {
  return new URL(/^https?:\/\//.test(upstream) ? upstream : `http://${upstream}`);
}

function callOnce(call: GuestCall): Promise<{ status: number; text: string }> {
  const url = new URL(call.path, upstreamUrl(call.upstream));
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const payload = JSON.stringify(call.body);
  const headers = {
    authorization: `Bearer ${call.token}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(payload),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", headers, timeout: callTimeoutMs }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text = `${text}${chunk}`.slice(0, 2000)));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${callTimeoutMs / 1000} s`)));
    sent.on("error", reject);
    sent.end(payload);
  });
}
