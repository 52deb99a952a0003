/** The load generator of the placements benchmark: a process that is told once what to do and answers once. */
import { Agent, request } from "node:http";

export interface LoadOrder {
  readonly port: number;
  readonly key: string;
  readonly clients: number;
  readonly seconds: number;
}

export interface LoadReport {
  readonly requests: number;
  readonly failures: number;
  readonly firstFailure: string;
  readonly seconds: number;
  readonly latenciesMs: number[];
}

class Load {
  private readonly agent: Agent;
  private readonly latenciesMs: number[] = [];
  private failures = 0;
  private firstFailure = "";

  constructor(private readonly order: LoadOrder) {
    this.agent = new Agent({ keepAlive: true, maxSockets: order.clients });
  }

  async run(): Promise<LoadReport> {
    const startedMs = performance.now();
    const endMs = startedMs + this.order.seconds * 1000;
    await Promise.all(Array.from({ length: this.order.clients }, (_, client) => this.client(client, endMs)));
    const seconds = (performance.now() - startedMs) / 1000;
    this.agent.destroy();
    const { latenciesMs, failures, firstFailure } = this;
    return { requests: latenciesMs.length, failures, firstFailure, seconds, latenciesMs };
  }

  private async client(client: number, endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      const body = JSON.stringify({ workspace: "browser", userId: `user-${client}` });
      const placed = await this.call("POST", "/api/v1/sessions", 201, body);
      if (!placed) continue;
      const { session } = JSON.parse(placed) as { session: { sessionId: string } };
      await this.call("DELETE", `/api/v1/sessions/${session.sessionId}`, 200);
    }
  }

  private call(method: string, path: string, wanted: number, body?: string): Promise<string | undefined> {
    const startedMs = performance.now();
    return new Promise((done) => {
      const headers = {
        authorization: `Bearer ${this.order.key}`,
        ...(body === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
      };
      const call = request(
        { host: "127.0.0.1", port: this.order.port, method, path, headers, agent: this.agent },
        (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString()));
          response.on("end", () => {
            this.latenciesMs.push(performance.now() - startedMs);
            if (response.statusCode === wanted) return done(text);
            this.fail(`${method} ${path}: ${response.statusCode} ${text}`);
            done(undefined);
          });
        },
      );
      call.on("error", (error) => {
        this.fail(`${method} ${path}: ${error.message}`);
        done(undefined);
      });
      call.end(body);
    });
  }

  private fail(text: string): void {
    this.failures++;
    this.firstFailure ||= text;
  }
}

process.once("message", (order: LoadOrder) => {
  void new Load(order).run().then((report) => process.send!(report, () => process.exit(0)));
});
