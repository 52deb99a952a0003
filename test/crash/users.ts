/**
 * Users of a crash run: they request sessions, hold them, release them, and write down every answer that the runtime
 * acknowledged. They repeat a call with the same idempotency key until it is answered, as a client should.
 */
import { setTimeout as delay } from "node:timers/promises";

export interface Acknowledged {
  readonly sessionId: string;
  readonly workspace: string;
  /** Set when the release was acknowledged. */
  isReleased: boolean;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export class Users {
  readonly acknowledged: Acknowledged[] = [];
  /** Requests the runtime refused for a reason of its own: none is expected. */
  readonly refused: string[] = [];
  /** Sessions whose user saw them placed. */
  served = 0;
  repeats = 0;
  private isOver = false;

  constructor(
    private readonly endpoint: string,
    private readonly key: string,
    private readonly random: () => number,
  ) {}

  /** One user after another until {@link stop}; run several side by side. */
  async live(name: string, workspaces: readonly string[]): Promise<void> {
    for (let visit = 0; !this.isOver; visit++) {
      const workspace = workspaces[Math.floor(this.random() * workspaces.length)]!;
      const answer = await this.repeat("POST", "/api/v1/sessions", `${name}-${visit}`, { workspace, userId: name });
      if (answer.status !== 201 && answer.status !== 202) {
        this.refused.push(`${answer.status} ${JSON.stringify(answer.body)}`);
        await delay(500);
        continue;
      }
      const session = (answer.body["session"] ?? answer.body) as { sessionId: string };
      const mine: Acknowledged = { sessionId: session.sessionId, workspace, isReleased: false };
      this.acknowledged.push(mine);
      // Most users wait until they are served, some give up early.
      if (this.random() < 0.8) await this.untilServed(session.sessionId);
      await delay(300 + this.random() * 3000);
      await this.release(mine);
      await delay(this.random() * 1500);
    }
  }

  private async untilServed(sessionId: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!this.isOver && Date.now() < deadline) {
      const { body } = await this.repeat("GET", `/api/v1/sessions/${sessionId}`);
      const session = body["session"] as { status?: string } | undefined;
      if (session?.status !== "queued") {
        this.served++;
        return;
      }
      await delay(300);
    }
  }

  stop(): void {
    this.isOver = true;
  }

  async release(session: Acknowledged): Promise<void> {
    const answer = await this.repeat("DELETE", `/api/v1/sessions/${session.sessionId}`);
    if (answer.status >= 400) this.refused.push(`release ${session.sessionId}: ${answer.status}`);
    else session.isReleased = true;
  }

  /** Calls until the runtime answers with anything but "not now". */
  async repeat(method: string, path: string, idempotencyKey?: string, body?: unknown): Promise<Answer> {
    const deadline = Date.now() + 120_000;
    for (;;) {
      try {
        const answer = await this.call(method, path, idempotencyKey, body);
        if (answer.status !== 503 && answer.status !== 429) return answer;
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`${method} ${path} got no answer in 120 s`, { cause: error });
      }
      if (Date.now() > deadline) throw new Error(`${method} ${path} got only "unavailable" for 120 s`);
      this.repeats++;
      await delay(100 + this.random() * 200);
    }
  }

  async call(method: string, path: string, idempotencyKey?: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.endpoint}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    return { status: response.status, body: text ? (JSON.parse(text) as Record<string, unknown>) : {} };
  }
}
