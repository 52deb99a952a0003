/**
 * A replica that does not lead has requests answered by the one that does. While there is no leader, as after its death,
 * a request is held for a time; it is sent again where that does no harm: when the leader certainly did nothing with it,
 * or when doing it twice is the same as doing it once. A replica that has come to lead answers what it held itself.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../model/clock";
import { isLeader, type ForwardAbout, type Forwarding, type ForwardOutcome } from "./backend";
import { forwardedHeader, type ForwardedCalls } from "./forwarded-call";
import { HeldRequest } from "./held-request";
import { networkMessageOf, sendRequest } from "./http-call";
import { askLeader, placeOf, type Attempt, type LeaderPlace } from "./leader-attempt";
import type { PeerAgents } from "./peer-agents";
import type { Role } from "./role";
import { splitTarget } from "./target";
import type { Client } from "./trusted-proxies";

/** A frozen leader is followed by another after its lease of 10 s. Unit: milliseconds. */
const holdMsDefault = 15_000;

/** Requests that wait for a leader at the same time; each may hold 64 KiB. Others are told at once to come again. */
const heldMaxDefault = 2_000;

/** Between two attempts while nothing is heard of another leader. */
const retryMs = 100;

/** In which the leader must answer whether it is one. */
const probeMs = 1_000;

export interface ForwarderOptions {
  readonly role: Role;
  readonly calls: ForwardedCalls;
  readonly agents: PeerAgents;
  readonly clock: Clock;
  /** Called when the leader does not answer: maybe there is another. */
  readonly lookForLeader?: () => void;
  /** How long a request waits for a leader. Default 15,000. */
  readonly holdMs?: number;
  /** Default 2,000. */
  readonly heldMax?: number;
}

export class Forwarder implements Forwarding {
  private held = 0;
  private place: LeaderPlace | undefined;

  constructor(private readonly options: ForwarderOptions) {}

  callerOf({ headers, method = "", url = "" }: IncomingMessage): Client | undefined {
    const claim = headers[forwardedHeader];
    if (claim === undefined) return undefined;
    return this.options.calls.read(String(claim), { method, target: targetOf(url) });
  }

  async forward(request: IncomingMessage, response: ServerResponse, about: ForwardAbout): Promise<ForwardOutcome> {
    const { clock, holdMs = holdMsDefault, heldMax = heldMaxDefault } = this.options;
    const held = await HeldRequest.read(request);
    const endMs = clock.now() + holdMs;
    for (;;) {
      const attempt = await this.attempt(held, response, about);
      if (attempt.kind === "serveHere") return attempt;
      const isLast = attempt.kind !== "later" || clock.now() >= endMs || this.held >= heldMax;
      if (isLast) held.release();
      if (attempt.kind !== "later") return attempt;
      if (isLast) return unavailable(`${attempt.why}; try again soon`);
      this.options.lookForLeader?.();
      await this.changeOrTime(attempt.isMissing ? endMs - clock.now() : retryMs, response);
    }
  }

  async probe(): Promise<string | undefined> {
    const { current } = this.options.role;
    if (isLeader(current)) return undefined;
    const { leaderUrl, message } = current;
    if (leaderUrl === undefined) return message;
    try {
      const { calls, agents } = this.options;
      const target = "/healthz";
      const answer = await sendRequest({
        ...{ url: leaderUrl + target, method: "GET", signal: AbortSignal.timeout(probeMs) },
        headers: { [forwardedHeader]: calls.sign({ method: "GET", target }, { address: "127.0.0.1", isHttps: false }) },
        agent: leaderUrl.startsWith("https:") ? agents.tls : agents.plain,
      });
      const { status, message: refusal } = JSON.parse(await answer.text()) as { status?: string; message?: string };
      return status === "leader" ? undefined : `${leaderUrl} should lead and says: ${refusal ?? "nothing"}`;
    } catch (error) {
      return `the leader ${leaderUrl} can't be reached: ${networkMessageOf(error)}`;
    }
  }

  /** `later`: not answered, and it may be tried again; `isMissing` when nobody is known who leads. */
  private async attempt(
    held: HeldRequest,
    response: ServerResponse,
    { client, isRepeatable }: ForwardAbout,
  ): Promise<ForwardOutcome | { readonly kind: "later"; readonly why: string; readonly isMissing: boolean }> {
    const { current } = this.options.role;
    if (response.destroyed) return { kind: "answered" };
    if (isLeader(current)) return { kind: "serveHere", request: held.asRequest() };
    const { leaderUrl, message, takesNoPart = false } = current;
    if (takesNoPart) return unavailable(message);
    if (leaderUrl === undefined) return { kind: "later", why: message, isMissing: true };
    const outcome = await this.send(leaderUrl, held, response, client);
    if (outcome.kind === "answered" || response.destroyed) return { kind: "answered" };
    const isDone = outcome.kind === "unknown" && !isRepeatable;
    if (isDone || !held.canBeSent) {
      const what = `the leader ${leaderUrl} went away while it had this request (${outcome.why})`;
      return unavailable(`${what}; it may have been done: look before you send it again, or send an Idempotency-Key`);
    }
    return { kind: "later", why: `the leader ${leaderUrl} does not answer: ${outcome.why}`, isMissing: false };
  }

  /** Given up when another replica leads. */
  private send(leaderUrl: string, held: HeldRequest, response: ServerResponse, client: Client): Promise<Attempt> {
    const { role, calls, agents } = this.options;
    const { method = "", url = "" } = held.request;
    const target = targetOf(url);
    if (this.place?.leaderUrl !== leaderUrl) this.place = placeOf(leaderUrl);
    const { place } = this;
    const claim = calls.sign({ method, target }, client);
    const watch = (giveUp: (why: Error) => void): (() => void) =>
      role.onChange(() => {
        const { current } = role;
        const isSame = !isLeader(current) && (current.leaderUrl === undefined || current.leaderUrl === leaderUrl);
        if (!isSame) giveUp(new Error("another runtime leads by now"));
      });
    return askLeader({ place, held, method, target, claim, response, agents, watch });
  }

  /** Ends at the next change of the role, after `ms`, or when the caller has gone. */
  private async changeOrTime(ms: number, response: ServerResponse): Promise<void> {
    const { role, clock } = this.options;
    this.held += 1;
    const ends: (() => void)[] = [];
    await new Promise<void>((resolve) => {
      const cancel = clock.after(Math.max(1, ms), resolve);
      response.once("close", resolve);
      ends.push(cancel, role.onChange(resolve), () => response.off("close", resolve));
    });
    for (const end of ends) end();
    this.held -= 1;
  }
}

function unavailable(message: string): ForwardOutcome {
  return { kind: "unavailable", message };
}

/** Path and query of a target that may name scheme and host. */
function targetOf(url: string): string {
  const { path, query } = splitTarget(url);
  return query === "" ? path : `${path}?${query}`;
}
