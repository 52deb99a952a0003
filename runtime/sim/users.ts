/** People: they ask for a session, look how it stands, use it, put it aside, come back, give up, and forget to leave. */
import type { SessionRequest } from "../broker/broker";
import type { Session } from "../model/state";
import type { Change } from "../model/changes";
import type { Arrivals } from "./arrivals";
import type { Answer, Client } from "./client";
import type { CommitChecker } from "./commit-checker";
import type { Faults } from "./faults";
import type { SimLeader } from "./replica";
import type { SeededRng } from "./rng";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

/** Names in use, unless there is a crowd; the same person may come several times at once. */
const usersMax = 40;
/** Visits at the same time, unless there is a crowd; more people than this would only wait in front of the door. */
const visitsMax = 60;

export interface UserParts {
  readonly timeline: Timeline;
  readonly rng: SeededRng;
  readonly verdict: Verdict;
  readonly checker: CommitChecker;
  readonly client: Client;
  readonly arrivals: Arrivals;
  readonly workspaces: readonly string[];
  /** Asked for now and then. */
  readonly rareWorkspaces: readonly string[];
  readonly faults: Faults;
  /** So many people may be there at once; default {@link visitsMax}. */
  readonly crowd?: number | undefined;
  readonly zones: readonly string[];
}

export class Users {
  /** Visits that are not over. */
  visits = 0;
  readonly endsAsked = new Set<string>();
  private requests = 0;
  private isClosing = false;
  private readonly more: SeededRng;

  constructor(private readonly parts: UserParts) {
    this.more = parts.rng.fork("more");
  }

  async arrive(): Promise<void> {
    const { timeline, arrivals, verdict } = this.parts;
    while (!this.isClosing) {
      const { afterMs, holdMs } = arrivals.next(timeline.nowMs);
      await timeline.sleep(afterMs, "arrival");
      if (this.isClosing || this.visits >= (this.parts.crowd ?? visitsMax)) continue;
      this.visits += 1;
      this.visit(holdMs)
        .catch((error: unknown) => verdict.broken("no unexpected error", String(error)))
        .finally(() => (this.visits -= 1));
    }
  }

  /** Nobody new comes, and those that are there leave soon. */
  close(): void {
    this.isClosing = true;
  }

  /** Somebody who asks when nothing goes wrong any more, and must be served within `limitMs`. */
  async mustServe(workspace: string, limitMs: number, why: string): Promise<void> {
    const { timeline, verdict, checker } = this.parts;
    const rule = "a serviceable session is served";
    const session = await this.request({ workspace, userId: "inspector" });
    if (!session) return verdict.broken(rule, `a session of ${workspace} was refused although ${why}`);
    const { sessionId } = session;
    const untilMs = timeline.nowMs + limitMs;
    let seen: Session | undefined = session;
    while (seen?.status === "queued" && timeline.nowMs < untilMs) {
      await timeline.sleep(10_000, "user");
      seen = await this.look(sessionId);
    }
    const found = checker.durable.sessions.get(sessionId);
    const isServed = seen !== undefined && seen.status !== "queued";
    verdict.check(
      isServed,
      rule,
      () => `${sessionId} of ${workspace} is ${found?.status ?? "ended"} (${found?.reason.text}) although ${why}`,
    );
    await this.release(sessionId);
  }

  /** Sessions whose users never heard of them, or left without a word. */
  async releaseForgotten(): Promise<void> {
    const sessionIds = [...this.parts.checker.durable.sessions.keys()];
    await Promise.all(sessionIds.map((sessionId) => this.release(sessionId)));
  }

  private async visit(holdMs: number): Promise<void> {
    const { rng, timeline } = this.parts;
    const session = await this.request(this.newWish());
    if (!session) return;
    const { sessionId } = session;
    const patienceMs = rng.chance(0.1) ? rng.between(1_000, 60_000) : Infinity;
    const untilMs = timeline.nowMs + patienceMs;
    let seen: Session | undefined = session;
    while (seen?.status === "queued" && timeline.nowMs < untilMs) {
      await timeline.sleep(rng.between(5_000, 15_000), "user");
      seen = await this.look(sessionId);
    }
    if (!seen) return;
    // Whoever said that he keeps asking may also leave without a word.
    if (seen.status === "queued" && seen.keepaliveSeconds !== undefined && this.more.chance(0.5)) return;
    if (this.parts.faults.strikes("neverStarts", 0.02)) return;
    if (seen.status !== "queued") await this.use(sessionId, holdMs);
    await this.release(sessionId);
  }

  private newWish(): SessionRequest {
    const { rng, workspaces, zones } = this.parts;
    const zone = rng.chance(0.2) ? { zone: rng.pick(zones) } : {};
    const { more } = this;
    const { rareWorkspaces } = this.parts;
    return {
      workspace: rng.pick(workspaces),
      userId: `u${rng.below(this.parts.crowd ?? usersMax)}`,
      ...zone,
      ...(rareWorkspaces.length > 0 && more.chance(0.1) ? { workspace: more.pick(rareWorkspaces) } : {}),
      ...(more.chance(0.15) ? { keepalive: more.pick([30, 60]) } : {}),
    };
  }

  /** Asks again with the same key until there is an answer, as a careful client does. */
  private async request(wish: SessionRequest): Promise<Session | undefined> {
    const { rng, client, timeline } = this.parts;
    this.requests += 1;
    const key = `request ${this.requests}`;
    for (let tries = 0; tries < 200; tries += 1) {
      const answer: Answer<Session | undefined> = await client.call(
        "request",
        (leader) => requestOnce(leader, key, wish),
        (session) => session && this.checkDurable(session),
      );
      if (answer.kind === "ok") return answer.value;
      if (answer.kind === "refused") return undefined;
      await timeline.sleep(rng.between(500, 5_000), "user");
    }
    return undefined;
  }

  private checkDurable({ sessionId }: Session): void {
    const { checker, verdict } = this.parts;
    const isKept = checker.durable.sessions.has(sessionId) || checker.hasEnded(sessionId);
    verdict.check(
      isKept,
      "no acknowledged session is lost",
      () => `session ${sessionId} was promised but is not stored`,
    );
  }

  /** The session as the service sees it; undefined once it has ended. */
  private async look(sessionId: string): Promise<Session | undefined> {
    const { client } = this.parts;
    for (let tries = 0; tries < 200; tries += 1) {
      const answer = await client.call("look", ({ ledger, broker }) => {
        broker.seeRequester(sessionId);
        return Promise.resolve(ledger.state.sessions.get(sessionId));
      });
      if (answer.kind === "ok") return answer.value;
      await this.parts.timeline.sleep(5_000, "user");
    }
    return undefined;
  }

  private async use(sessionId: string, holdMs: number): Promise<void> {
    const { rng, timeline } = this.parts;
    await this.setStatus(sessionId, "running");
    await this.stay(holdMs);
    if (!rng.chance(0.15)) return;
    for (const status of rng.chance(0.5) ? (["paused", "running"] as const) : (["stopped", "running"] as const)) {
      await this.setStatus(sessionId, status);
      await this.stay(rng.between(1_000, 40_000));
    }
    if (rng.chance(0.2)) await timeline.sleep(rng.between(1_000, 300_000), "user");
  }

  /** When the doors close, people leave before they are done. */
  private async stay(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0 && !this.isClosing; leftMs -= 30_000) {
      await this.parts.timeline.sleep(Math.min(leftMs, 30_000), "user");
    }
  }

  private async setStatus(sessionId: string, status: "running" | "paused" | "stopped"): Promise<void> {
    await this.parts.client.call("set status", ({ broker }) => broker.setSessionStatus(sessionId, status));
  }

  private async release(sessionId: string): Promise<void> {
    const { client, rng, timeline } = this.parts;
    this.endsAsked.add(sessionId);
    for (let tries = 0; tries < 200; tries += 1) {
      const answer = await client.call(
        "release",
        ({ broker }) => broker.releaseSession(sessionId),
        () => this.checkEnded(sessionId),
      );
      if (answer.kind !== "unknown") return;
      await timeline.sleep(rng.between(500, 5_000), "user");
    }
  }

  private checkEnded(sessionId: string): void {
    const isEnded = this.parts.checker.hasEnded(sessionId);
    this.parts.verdict.check(isEnded, "no acknowledged release is lost", () => `session ${sessionId} goes on`);
  }
}

/** What the API does with an idempotency key: one transaction holds the session and the answer to its key. */
async function requestOnce(
  { broker, ledger }: SimLeader,
  key: string,
  wish: SessionRequest,
): Promise<Session | undefined> {
  const known = ledger.state.idempotentAnswers.get(key);
  if (known) {
    await ledger.settled();
    return known.body as Session;
  }
  const { outcome, commit } = broker.decideSession(wish);
  if (outcome.kind === "refused") {
    await commit();
    return undefined;
  }
  const { session } = outcome;
  const row = { key, bodyHash: "", status: 201, body: session, atMs: session.requestedAtMs };
  const oldest = [...ledger.state.idempotentAnswers.keys()].slice(0, ledger.state.idempotentAnswers.size > 500 ? 2 : 0);
  await commit([
    { kind: "put", table: "idempotentAnswer", row },
    ...oldest.map((id): Change => ({ kind: "delete", table: "idempotentAnswer", id })),
  ]);
  return session;
}
