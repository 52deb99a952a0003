/**
 * The load generator of the placements benchmark: a process that is told once what to do and answers once. It shares the
 * machine with the service, so it writes plain requests, one connection for each client; every request carries the API key
 * and every answer is checked.
 */
import { Connection } from "./connection";

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
