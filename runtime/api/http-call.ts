/** One HTTP request of a client. Not by `fetch`, which can't be told whose certificates to trust. */
import { request as plainRequest, type Agent, type IncomingMessage } from "node:http";
import { request as tlsRequest } from "node:https";

export interface HttpCall {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Certificates in PEM of whoever may have signed the server's; absent = those that Node knows. */
  readonly tlsCa?: string;
  /** Its connections are used; default: Node's own. */
  readonly agent?: Agent;
}

export interface HttpAnswer {
  readonly status: number;
  /** As it arrives; may be read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body. */
  text(): Promise<string>;
}

/** Rejects when there is no answer; any status is one. Redirections are not followed: a key goes where it is meant to. */
export function sendRequest({ url, method, headers, body, signal, tlsCa, agent }: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...headers, ...length }, signal, ...(agent ? { agent } : {}) };
    const take = (response: IncomingMessage): void =>
      resolve({ status: response.statusCode ?? 0, body: response, text: () => readText(response) });
    const sent = url.startsWith("https:")
      ? tlsRequest(url, { ...options, ...(tlsCa === undefined ? {} : { ca: tlsCa }) }, take)
      : plainRequest(url, options, take);
    sent.on("error", reject);
    sent.end(body);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

const certificateRefusals: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** What went wrong in the network; it has only a code when several addresses failed. */
export function networkMessageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : error.name;
  const message = error.message || code;
  return certificateRefusals.has(code)
    ? `${message}; name a file with the certificate of who signed it by --tls-ca or HEADROOM_TLS_CA`
    : message;
}
