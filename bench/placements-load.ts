/**
 * The load generator of the placements benchmark: a process that is told once what to do and answers once. It shares the
 * machine with the service, so it writes plain HTTP/1.1 on sockets that stay open, one for each client; every request
 * carries the API key and every answer is parsed and checked.
 */
import { connect, type Socket } from "node:net";

export interface LoadOrder {
  readonly port: number;
  readonly key: string;
  readonly clients: number;
  readonly seconds: number;
  /** Sessions that one node has room for. */
  readonly slotsPerNode: number;
}

export interface LoadReport {
  readonly requests: number;
  readonly failures: number;
  readonly firstFailure: string;
  /** Placements on a node whose slots were all taken by sessions that nobody had asked to release yet. */
  readonly doublePlaced: number;
  readonly seconds: number;
  readonly latenciesMs: number[];
}

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** One request at a time on one connection. */
class Connection {
  private received = "";
  private settle: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    // The API answers in ASCII here, so that characters are bytes.
    socket.setEncoding("latin1").setNoDelay(true);
    socket.on("data", (text: string) => this.take(text));
    socket.on("close", () => this.settle?.reject(new Error("the connection was closed")));
    socket.on("error", (error) => this.settle?.reject(error));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Connection(socket.off("error", reject))));
    });
  }

  ask(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.settle = undefined;
    this.socket.destroy();
  }

  private take(text: string): void {
    this.received += text;
    const head = this.received.indexOf("\r\n\r\n");
    if (head === -1) return;
    const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(this.received)?.[1] ?? Number.NaN);
    const end = head + 4 + length;
    if (this.received.length < end) return;
    const { settle, received } = this;
    this.settle = undefined;
    this.received = "";
    if (!settle || received.length !== end || !received.startsWith("HTTP/1.1 ")) {
      settle?.reject(new Error(`not one HTTP answer: ${received.slice(0, 200)}`));
      return;
    }
    settle.resolve({ status: Number(received.slice(9, 12)), text: received.slice(head + 4) });
  }
}

interface PlacedSession {
  readonly sessionId: string;
  readonly status: string;
  readonly userId: string;
  readonly node?: { readonly nodeId: string };
}

interface HeldSession {
  readonly sessionId: string;
  readonly nodeId: string;
}

/**
 * Each client always holds one session, and asks for the next before it gives that one back: so while sessions are placed,
 * as many as there are clients are held, and a slot given away twice shows.
 */
class Load {
  private readonly latenciesMs: number[] = [];
  /** Sessions on each node whose release was not sent yet. */
  private readonly held = new Map<string, number>();
  private doublePlaced = 0;
  private failures = 0;
  private firstFailure = "";

  constructor(private readonly order: LoadOrder) {}

  async run(): Promise<LoadReport> {
    const { clients, port, seconds } = this.order;
    const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(port)));
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1000;
    await Promise.all(connections.map((connection, client) => this.client(connection, `user-${client}`, endMs)));
    const ranSeconds = (performance.now() - startedMs) / 1000;
    for (const connection of connections) connection.close();
    const { latenciesMs, failures, firstFailure, doublePlaced } = this;
    return { requests: latenciesMs.length, failures, firstFailure, doublePlaced, seconds: ranSeconds, latenciesMs };
  }

  private async client(connection: Connection, userId: string, endMs: number): Promise<void> {
    const head = `host: 127.0.0.1:${this.order.port}\r\nauthorization: Bearer ${this.order.key}\r\n`;
    const body = JSON.stringify({ workspace: "browser", userId });
    const place = `POST /api/v1/sessions HTTP/1.1\r\n${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    try {
      let held = await this.place(connection, place, userId);
      while (performance.now() < endMs) {
        const next = await this.place(connection, place, userId);
        await this.release(connection, held, head);
        held = next;
      }
      await this.release(connection, held, head);
    } catch (error) {
      this.failures += 1;
      this.firstFailure ||= error instanceof Error ? error.message : String(error);
    }
  }

  private async timed(connection: Connection, request: string, wanted: number): Promise<PlacedSession> {
    const startedMs = performance.now();
    const { status, text } = await connection.ask(request);
    this.latenciesMs.push(performance.now() - startedMs);
    if (status !== wanted) throw new Error(`${request.slice(0, request.indexOf("\r"))}: ${status} ${text}`);
    return (JSON.parse(text) as { session: PlacedSession }).session;
  }

  private async place(connection: Connection, request: string, userId: string): Promise<HeldSession> {
    const { sessionId, node, status, ...rest } = await this.timed(connection, request, 201);
    if (rest.userId !== userId || status !== "assigned" || !node) throw new Error(`not placed: ${status} ${sessionId}`);
    const held = (this.held.get(node.nodeId) ?? 0) + 1;
    this.held.set(node.nodeId, held);
    if (held > this.order.slotsPerNode) this.doublePlaced += 1;
    return { sessionId, nodeId: node.nodeId };
  }

  private async release(connection: Connection, { sessionId, nodeId }: HeldSession, head: string): Promise<void> {
    this.held.set(nodeId, this.held.get(nodeId)! - 1);
    const released = await this.timed(connection, `DELETE /api/v1/sessions/${sessionId} HTTP/1.1\r\n${head}\r\n`, 200);
    if (released.sessionId !== sessionId || released.status !== "ended") throw new Error(`not released: ${sessionId}`);
  }
}

process.once("message", (order: LoadOrder) => {
  void new Load(order).run().then((report) => process.send!(report, () => process.exit(0)));
});
