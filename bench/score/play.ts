/**
 * Plays a trace against a policy: one VM serves one session; a boot takes `bootSeconds` and costs like running; who came
 * first is served first; the VM that became free last is taken first. The policy's target for free supply (idle + booting -
 * waiting) is enforced at each event and in each minute: below it VMs are launched, above it those go that are idle for the
 * back-off or longer, the longest idle first. What happens before `warmUpSeconds` is played and not counted; the play ends
 * with the last arrival.
 */
import type { TraceSession } from "../../runtime/model/demand-trace";
import { MinHeap } from "./min-heap";

export interface Wanted {
  readonly free: number;
  /** Idle VMs of which so many stay. */
  readonly ready: number;
  readonly backoffSeconds: number;
}

export interface Policy {
  /** Asked after each event and in each minute, at this second of the trace. */
  wanted(atSeconds: number): Wanted;
  onArrival?(atSeconds: number): void;
  onStart?(atSeconds: number, waitedSeconds: number): void;
  onEnd?(atSeconds: number, session: TraceSession, waitedSeconds: number): void;
  onReady?(atSeconds: number): void;
  onMinute?(atSeconds: number): void;
}

export interface PlayOptions {
  readonly bootSeconds: number;
  readonly warmUpSeconds: number;
  /** Sessions that waited longer than this waited. */
  readonly withinSeconds: number;
}

export interface Score {
  readonly sessions: number;
  readonly waitingShare: number;
  /** VM-hours idle or booting. */
  readonly idleHours: number;
  readonly busyHours: number;
  /** Idle hours over busy hours. */
  readonly idleOverhead: number;
  readonly meanWaitSeconds: number;
}

export function play(sessions: readonly TraceSession[], policy: Policy, options: PlayOptions): Score {
  const game = new Game(sessions, policy, options);
  game.run();
  return game.score();
}

class Game {
  private nowSeconds = 0;
  private nextArrival = 0;
  private nextMinute = 0;
  /** Sessions that run, by end; who ends then. */
  private readonly ends = new MinHeap();
  private readonly ending = new Map<number, number[]>();
  private readonly startedAt = new Map<number, number>();
  private idle: number[] = [];
  private readonly booting: number[] = [];
  private bootingFirst = 0;
  private readonly queue: number[] = [];
  private queueFirst = 0;
  private busy = 0;
  private readonly sum = { sessions: 0, waited: 0, waitSeconds: 0, idleSeconds: 0, busySeconds: 0 };

  constructor(
    private readonly sessions: readonly TraceSession[],
    private readonly policy: Policy,
    private readonly options: PlayOptions,
  ) {}

  run(): void {
    const lastSeconds = this.sessions.at(-1)!.arrivalSeconds;
    for (;;) {
      const arrival = this.sessions[this.nextArrival]?.arrivalSeconds ?? Infinity;
      const ready = this.booting[this.bootingFirst] ?? Infinity;
      const end = this.ends.smallest;
      const next = Math.min(arrival, ready, end, this.nextMinute);
      if (next > lastSeconds) return;
      this.passTo(next);
      if (end === next) this.end();
      else if (ready === next) this.ready();
      else if (arrival === next) this.arrive();
      else this.minute();
      this.enforce();
    }
  }

  score(): Score {
    const { sessions, waited, waitSeconds, idleSeconds, busySeconds } = this.sum;
    return {
      sessions,
      waitingShare: sessions > 0 ? waited / sessions : 0,
      idleHours: idleSeconds / 3600,
      busyHours: busySeconds / 3600,
      idleOverhead: busySeconds > 0 ? idleSeconds / busySeconds : 0,
      meanWaitSeconds: sessions > 0 ? waitSeconds / sessions : 0,
    };
  }

  private passTo(nextSeconds: number): void {
    const seconds = nextSeconds - Math.max(this.nowSeconds, this.options.warmUpSeconds);
    this.nowSeconds = nextSeconds;
    if (seconds <= 0) return;
    this.sum.busySeconds += seconds * this.busy;
    this.sum.idleSeconds += seconds * (this.idle.length + this.booting.length - this.bootingFirst);
  }

  private arrive(): void {
    const index = this.nextArrival;
    this.nextArrival += 1;
    this.policy.onArrival?.(this.nowSeconds);
    if (this.idle.pop() !== undefined) this.start(index);
    else this.queue.push(index);
  }

  private end(): void {
    const at = this.ends.pop();
    const same = this.ending.get(at)!;
    const index = same.shift()!;
    if (same.length === 0) this.ending.delete(at);
    const session = this.sessions[index]!;
    const waited = this.startedAt.get(index)! - session.arrivalSeconds;
    this.startedAt.delete(index);
    this.busy -= 1;
    this.free();
    this.policy.onEnd?.(at, session, waited);
  }

  private ready(): void {
    this.bootingFirst += 1;
    if (this.bootingFirst > 1000) this.booting.splice(0, this.bootingFirst);
    if (this.bootingFirst > 1000) this.bootingFirst = 0;
    this.policy.onReady?.(this.nowSeconds);
    this.free();
  }

  private minute(): void {
    this.nextMinute += 60;
    this.policy.onMinute?.(this.nowSeconds);
  }

  /** One VM more, for who waits longest. */
  private free(): void {
    if (this.queueFirst === this.queue.length) {
      this.idle.push(this.nowSeconds);
      return;
    }
    this.start(this.queue[this.queueFirst]!);
    this.queueFirst += 1;
    if (this.queueFirst <= 1000) return;
    this.queue.splice(0, this.queueFirst);
    this.queueFirst = 0;
  }

  private start(index: number): void {
    const { arrivalSeconds, durationSeconds } = this.sessions[index]!;
    const now = this.nowSeconds;
    const waitSeconds = now - arrivalSeconds;
    this.busy += 1;
    const end = now + durationSeconds;
    this.ends.push(end);
    const same = this.ending.get(end);
    if (same) same.push(index);
    else this.ending.set(end, [index]);
    this.startedAt.set(index, now);
    this.policy.onStart?.(now, waitSeconds);
    if (arrivalSeconds < this.options.warmUpSeconds) return;
    this.sum.sessions += 1;
    this.sum.waitSeconds += waitSeconds;
    if (waitSeconds > this.options.withinSeconds) this.sum.waited += 1;
  }

  private enforce(): void {
    const { free, ready, backoffSeconds } = this.policy.wanted(this.nowSeconds);
    let supply = this.idle.length + this.booting.length - this.bootingFirst - this.queue.length + this.queueFirst;
    for (; supply < free; supply += 1) this.booting.push(this.nowSeconds + this.options.bootSeconds);
    let gone = 0;
    const oldest = this.nowSeconds - backoffSeconds;
    while (supply - gone > free && this.idle.length - gone > ready && this.idle[gone]! <= oldest) gone += 1;
    if (gone > 0) this.idle.splice(0, gone);
  }
}
