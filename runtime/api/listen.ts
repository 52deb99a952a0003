/** Opens and closes the port, and keeps those who open connections from holding more of them than they use. */
import { createServer as createPlainServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { SetupError } from "../model/errors";
import { tlsVersionMin, type TlsCertificate } from "./tls-certificate";

export interface Listening {
  readonly url: string;
  readonly port: number;
  /** Takes no new request, lets running ones end, and cuts off what is left after `limitMs`. */
  close(limitMs: number): Promise<void>;
}

const unexpected = JSON.stringify({ code: "config", message: "the only Expect is 100-continue", path: "Expect" });

/** Milliseconds in which head and whole request must have arrived, and how often that is looked at. */
export interface TimeOuts {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
}

/** A caller that sends its request slower than this is cut off, so that many of them can't hold all connections. */
const defaultTimeOuts: TimeOuts = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
};

/** A connection on which nothing moves in either direction for so long is cut off: its other end reads nothing. */
const stalledMs = 120_000;

/** In which a caller must have shown that it speaks TLS. */
const handshakeMs = 10_000;

/** How long a refused caller may take to read why, before its connection is destroyed. */
const lingerMs = 1_000;

/** Connections at the same time, of some 30 kB each; beyond it new ones are closed at once. */
const defaultConnectionsMax = 10_000;

export async function listen(options: {
  readonly host: string;
  readonly port: number;
  readonly app: RequestListener;
  /** Serves https with it, and with each one that takes its place. Absent = plain http. */
  readonly certificate?: TlsCertificate;
  /** Default 10,000. */
  readonly connectionsMax?: number;
  readonly timeOuts?: TimeOuts;
}): Promise<Listening> {
  const { host, port, app, certificate, connectionsMax = defaultConnectionsMax, timeOuts = defaultTimeOuts } = options;
  const limits = { keepAliveTimeout: 65_000, ...timeOuts };
  const secured = certificate && createTlsServer({ ...limits, ...tlsOptions(certificate) }, app);
  const server = secured ?? createPlainServer(limits, app);
  server.maxConnections = connectionsMax;
  server.setTimeout(stalledMs, (socket) => socket.destroy());
  server.on("checkExpectation", (_request, response) => {
    response.writeHead(417, { "content-type": "application/json; charset=utf-8" }).end(unexpected);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuse(socket as Socket, error.code));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const stopWatching = certificate?.watch(() => secured?.setSecureContext(tlsOptions(certificate)));
  const bound = (server.address() as AddressInfo).port;
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `${secured ? "https" : "http"}://${shown}:${bound}`,
    port: bound,
    close(limitMs) {
      stopWatching?.();
      return close(server, limitMs);
    },
  };
}

function tlsOptions({ pair }: TlsCertificate) {
  return { ...pair, minVersion: tlsVersionMin, handshakeTimeout: handshakeMs } as const;
}

/** Says why, and does not wait for the other end to close: it may never. */
function refuse(socket: Socket, errorCode: string | undefined): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(answerToNoRequest(errorCode));
  setTimeout(() => socket.destroy(), lingerMs).unref();
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
