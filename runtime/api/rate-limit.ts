/**
 * How often one caller may ask: requests are counted per address, per API key and, where they ask for a session, per user
 * in windows of a minute. An address is counted before anything else of a request is looked at, a key once it is known to
 * be good, a user once the request is.
 */
import { isIPv6 } from "node:net";
import type { Clock, EpochMs } from "../model/clock";
import { RequestError } from "./error-answers";

const windowMs = 60_000;

/**
 * Callers of one kind that are counted at the same time; beyond it the counts of that kind start anew, so that many
 * addresses can't fill the memory.
 */
const callersMax = 100_000;

/** Refused with 429; the caller may ask again after `retryAfterSeconds`. */
export class RateLimitError extends RequestError {
  constructor(
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(429, "rateLimited", message, { "retry-after": String(retryAfterSeconds) });
  }
}

type CallerKind = "address" | "key" | "user";

export class RateLimiter {
  private readonly counts: Readonly<Record<CallerKind, Map<string, number>>> = {
    address: new Map<string, number>(),
    key: new Map<string, number>(),
    user: new Map<string, number>(),
  };
  private windowEndsMs: EpochMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly requestsPerMinute: number,
    private readonly requestsPerMinuteOfUser = requestsPerMinute,
  ) {}

  /** Counts one request of this caller, e.g. `address`, `10.0.0.1`; throws {@link RateLimitError} beyond the limit. */
  count(kind: CallerKind, id: string): void {
    const nowMs = this.clock.now();
    if (nowMs >= this.windowEndsMs || nowMs < this.windowEndsMs - windowMs) {
      for (const counts of Object.values(this.counts)) counts.clear();
      this.windowEndsMs = nowMs + windowMs;
    }
    const counts = this.counts[kind];
    if (counts.size >= callersMax && !counts.has(id)) counts.clear();
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    const limit = kind === "user" ? this.requestsPerMinuteOfUser : this.requestsPerMinute;
    if (count <= limit) return;
    const message = `more than ${limit} requests in a minute ${kind === "user" ? "for" : "from"} this ${kind}; slow down`;
    throw new RateLimitError(message, Math.max(1, Math.ceil((this.windowEndsMs - nowMs) / 1000)));
  }
}

/** One client has a whole IPv6 /64 to send from, and a network may give it a /56: the address without its last 72 bits. */
export function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".") || !isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  const [a, b, c, d] = groups.slice(0, 4).map((group) => Number.parseInt(group, 16));
  return [a, b, c, d! & 0xff00].map((group) => group!.toString(16)).join(":");
}
