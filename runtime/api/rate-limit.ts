/**
 * How often one caller may ask: requests are counted per address and per API key in windows of a minute. An address is
 * counted before anything else of a request is looked at, a key once it is known to be good.
 */
import { isIPv6 } from "node:net";
import type { Clock, EpochMs } from "../model/clock";
import { RequestError } from "./error-answers";

const windowMs = 60_000;

/** Callers counted at the same time; beyond it the counts start anew, so that many addresses can't fill the memory. */
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

export class RateLimiter {
  private readonly counts = new Map<string, number>();
  private windowEndsMs: EpochMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly requestsPerMinute: number,
  ) {}

  /** Counts one request of this caller, e.g. `address 10.0.0.1`; throws {@link RateLimitError} beyond the limit. */
  count(kind: "address" | "key", id: string): void {
    const nowMs = this.clock.now();
    const isOver = nowMs >= this.windowEndsMs || nowMs < this.windowEndsMs - windowMs;
    if (isOver || this.counts.size >= callersMax) {
      this.counts.clear();
      this.windowEndsMs = nowMs + windowMs;
    }
    const caller = `${kind} ${id}`;
    const count = (this.counts.get(caller) ?? 0) + 1;
    this.counts.set(caller, count);
    if (count <= this.requestsPerMinute) return;
    const message = `more than ${this.requestsPerMinute} requests in a minute from this ${kind}; slow down`;
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
