/** A small HTTP server on a loopback address that notes what it is asked and answers as the test says. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { SelfSigned } from "../support/self-signed";

export interface Asked {
  readonly method: string;
  /** With its query string; with scheme and host where a proxy is asked. */
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Undefined = the connection is cut without an answer. */
export type Reply =
  { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> } | undefined;

export class LoopbackServer {
  readonly asked: Asked[] = [];
  private constructor(
    private readonly server: Server,
    private readonly scheme: "http" | "https",
  ) {}

  static async start(
    answer: (asked: Asked, count: number) => Reply | Promise<Reply>,
    tls?: SelfSigned,
  ): Promise<LoopbackServer> {
    const listener: RequestListener = async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { method = "", url: target = "", headers } = request;
      const asked = { method, target, headers, body };
      started.asked.push(asked);
      const reply = await answer(asked, started.asked.length);
      if (!reply) return request.socket.destroy();
      response
        .writeHead(reply.status, { "content-type": "application/json", ...reply.headers })
        .end(reply.body ?? "{}");
    };
    const server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }, listener) : createServer(listener);
    const started = new LoopbackServer(server, tls ? "https" : "http");
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
