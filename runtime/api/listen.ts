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

const malformed = JSON.stringify({ code: "config", message: "the request is not valid HTTP", path: "" });

export async function listen(options: { host: string; port: number; app: RequestListener }): Promise<Listening> {
  const { host, port, app } = options;
  const server = createServer({ keepAliveTimeout: 65_000 }, app);
  server.on("clientError", (_error, socket) => {
    if (!socket.writable) return socket.destroy();
    const head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n";
    socket.end(`${head}content-length: ${malformed.length}\r\n\r\n${malformed}`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const shown = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${shown}:${bound}`, port: bound, close: (limitMs) => close(server, limitMs) };
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
