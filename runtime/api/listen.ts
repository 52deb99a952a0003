/** Opens and closes the port. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SetupError } from "../model/errors";

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Takes no new request, lets running ones end, and cuts off what is left after `limitMs`. */
  close(limitMs: number): Promise<void>;
}

const unexpected = JSON.stringify({ code: "config", message: "the only Expect is 100-continue", path: "Expect" });

/** A caller that sends its request slower than this is cut off, so that many of them can't hold all connections. */
const defaultTimeOuts = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 };

export async function listen(options: {
  readonly host: string;
  readonly port: number;
  readonly app: RequestListener;
  /** Milliseconds in which head and whole request must have arrived, and how often that is looked at. */
  readonly timeOuts?: typeof defaultTimeOuts;
}): Promise<Listening> {
  const { host, port, app, timeOuts = defaultTimeOuts } = options;
  const server = createServer({ keepAliveTimeout: 65_000, ...timeOuts }, app);
  server.on("checkExpectation", (_request, response) => {
    response.writeHead(417, { "content-type": "application/json; charset=utf-8" }).end(unexpected);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable) socket.end(answerToNoRequest(error.code));
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const shown = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${shown}:${bound}`, port: bound, close: (limitMs) => close(server, limitMs) };
}

/** Whole answers for what did not become a request. */
function answerToNoRequest(errorCode: string | undefined): string {
  const answers: Readonly<Record<string, readonly [string, string, string]>> = {
    HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "tooLarge", "the headers are larger than 16 KiB"],
    ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "timeout", "the request did not arrive in time"],
  };
  const malformed = ["400 Bad Request", "config", "the request is not valid HTTP"] as const;
  const [status, code, message] = answers[errorCode ?? ""] ?? malformed;
  const body = JSON.stringify({ code, message, path: "" });
  const type = "content-type: application/json; charset=utf-8";
  return `HTTP/1.1 ${status}\r\n${type}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): SetupError {
  const what: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken; stop the process that has it or choose another with --port`,
    EACCES: `port ${port} on ${host} needs more rights than this user has; choose one above 1023 with --port`,
    EADDRNOTAVAIL: `this machine has no address ${host}; choose one of its own with --host`,
    ENOTFOUND: `this machine has no address ${host}; choose one of its own with --host`,
  };
  return new SetupError(what[error.code ?? ""] ?? `port ${port} on ${host} can't be opened: ${error.message}`, {
    cause: error,
  });
}

async function close(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearTimeout(cut);
}
