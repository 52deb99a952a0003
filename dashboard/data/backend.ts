/** Asks the API of this address. What it answers is a value; only a fault of this program is an exception. */
import type { ErrorBody } from "../../runtime/api/contracts";

/** Of `runtime/api/sign-in.ts`: shows that our own page asks. */
const browserHeader = { "headroom-browser": "1" };

/** An answer that takes longer is a miss. */
const answerLimitMs = 15_000;

export type Answer<T> =
  | { readonly kind: "done"; readonly body: T }
  | { readonly kind: "refused"; readonly status: number; readonly message: string; readonly leader?: string }
  | { readonly kind: "unreachable"; readonly message: string };

export interface Asking {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  /** Shown once, to sign in; afterwards the cookie stands for it. */
  readonly apiKey?: string;
}

export class Backend {
  /** @param onSignedOut told whenever the runtime does not know the cookie any more */
  constructor(private readonly onSignedOut: (message: string) => void) {}

  async ask<T>(path: string, { method = "GET", body, apiKey }: Asking = {}): Promise<Answer<T>> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(path, {
        method,
        headers: {
          ...browserHeader,
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(answerLimitMs),
      });
      text = await response.text();
    } catch (error) {
      return { kind: "unreachable", message: reasonOf(error) };
    }
    const answer = read<T>(response.status, text);
    if (answer.kind === "refused" && answer.status === 401 && apiKey === undefined) this.onSignedOut(answer.message);
    return answer;
  }

  /** A stream of server-sent events; its bytes until it ends. */
  async stream(
    path: string,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer<AsyncIterable<Uint8Array>>> {
    try {
      const headers = { ...browserHeader, ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) };
      const response = await fetch(path, { headers, signal });
      if (response.ok && response.body) return { kind: "done", body: bytesOf(response.body) };
      return read(response.status, await response.text());
    } catch (error) {
      return { kind: "unreachable", message: reasonOf(error) };
    }
  }
}

function read<T>(status: number, text: string): Answer<T> {
  const body: unknown = parse(text);
  if (status < 400) return { kind: "done", body: body as T };
  const { message, leader } = (body ?? {}) as Partial<ErrorBody>;
  return { kind: "refused", status, message: message ?? `the answer was ${status}`, ...(leader ? { leader } : {}) };
}

/** Proxies in front answer with pages of their own. */
function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `the runtime has not answered within ${answerLimitMs / 1000} s`;
  }
  return "the runtime can't be reached";
}

/** Not every browser can iterate over a stream. */
async function* bytesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
