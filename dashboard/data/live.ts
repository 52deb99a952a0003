/**
 * Keeps what a page shows as it is now. One event stream tells what has changed; whoever shows that asks again, at most
 * once a second. Without the stream everything is asked for at its own pace. While the page is hidden nothing is asked.
 */
import { signal } from "@preact/signals";
import type { StatusView } from "../../runtime/api/contracts";
import { readEvents } from "../../runtime/api/event-source";
import { heard, missed, neverHeard } from "../model/freshness";
import type { Answer, Backend } from "./backend";
import type { FleetEvent, Topic } from "../model/answers";

/** The status is asked for this often, whatever else comes: by it a page knows that the runtime is there. */
const statusEveryMs = 5_000;
/** A thing that changes all the time is asked for no more often. */
const gapMs = 1_000;
/** A stream that can't be had is tried again after this. */
const streamRetryMs = 10_000;

export interface WatchOptions<T> {
  /** What has to change for it to change. */
  readonly topics: readonly Topic[];
  /** Asked again after this also when nothing is told. */
  readonly everyMs: number;
  readonly take: (answer: Answer<T>, atMs: number) => void;
}

interface Watched {
  readonly path: string;
  readonly options: WatchOptions<unknown>;
  askedAtMs: number;
  isAsking: boolean;
  isDue: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Live {
  readonly freshness = signal(neverHeard);
  readonly status = signal<StatusView | undefined>(undefined);
  /** How the page learns of changes. */
  readonly way = signal<"stream" | "polling" | "hidden">("polling");
  /** The runtime's clock, told every second. */
  readonly nowMs = signal(Date.now());
  private skewMs = 0;
  private readonly watched = new Set<Watched>();
  private stopping = new AbortController();
  private hidden = new AbortController();
  private shown: (() => void) | undefined;

  constructor(private readonly backend: Backend) {}

  /** Until {@link stop}. */
  start(): void {
    this.stopping = new AbortController();
    const { signal: stopped } = this.stopping;
    const tick = setInterval(() => (this.nowMs.value = Date.now() + this.skewMs), 1000);
    stopped.addEventListener("abort", () => clearInterval(tick));
    const stopStatus = this.watch<StatusView>("/api/v1/status", {
      topics: ["node", "session", "lane", "definition", "orphan", "configState", "accountCheck"],
      everyMs: statusEveryMs,
      take: (answer) => this.takeStatus(answer),
    });
    stopped.addEventListener("abort", stopStatus);
    const onVisible = (): void => (document.hidden ? this.hide() : this.show());
    document.addEventListener("visibilitychange", onVisible, { signal: stopped });
    void this.listen(stopped);
  }

  stop(): void {
    this.stopping.abort();
    this.freshness.value = neverHeard;
    this.status.value = undefined;
  }

  /** Asks now, and whenever it is due; the function ends it. */
  watch<T>(path: string, options: WatchOptions<T>): () => void {
    const entry: Watched = {
      path,
      options: options as WatchOptions<unknown>,
      askedAtMs: 0,
      isAsking: false,
      isDue: false,
      timer: undefined,
    };
    this.watched.add(entry);
    void this.askFor(entry);
    return () => {
      this.watched.delete(entry);
      clearTimeout(entry.timer);
    };
  }

  /** Somebody here has changed something: all that is shown is asked for again. */
  refresh(): void {
    for (const entry of this.watched) this.wake(entry);
  }

  private wake(entry: Watched): void {
    entry.isDue = true;
    if (entry.isAsking || document.hidden) return;
    clearTimeout(entry.timer);
    const waitMs = Math.max(0, entry.askedAtMs + gapMs - Date.now());
    entry.timer = setTimeout(() => void this.askFor(entry), waitMs);
  }

  private async askFor(entry: Watched): Promise<void> {
    if (document.hidden || entry.isAsking) return;
    clearTimeout(entry.timer);
    [entry.isAsking, entry.isDue, entry.askedAtMs] = [true, false, Date.now()];
    const answer = await this.backend.ask(entry.path);
    entry.isAsking = false;
    if (!this.watched.has(entry)) return;
    this.note(answer);
    entry.options.take(answer, Date.now());
    if (entry.isDue) return this.wake(entry);
    entry.timer = setTimeout(() => void this.askFor(entry), entry.options.everyMs);
  }

  private note(answer: Answer<unknown>): void {
    if (answer.kind === "done" || (answer.kind === "refused" && answer.status < 500)) {
      this.freshness.value = heard(Date.now());
    } else this.freshness.value = missed(this.freshness.value, answer.message);
  }

  private takeStatus(answer: Answer<StatusView>): void {
    if (answer.kind !== "done") return;
    this.skewMs = answer.body.nowMs - Date.now();
    this.nowMs.value = answer.body.nowMs;
    this.status.value = answer.body;
  }

  private hide(): void {
    this.way.value = "hidden";
    this.hidden.abort();
  }

  private show(): void {
    this.way.value = "polling";
    this.refresh();
    this.shown?.();
  }

  /** The stream, again and again, one at a time. */
  private async listen(stopped: AbortSignal): Promise<void> {
    let lastId: string | undefined;
    while (!stopped.aborted) {
      this.hidden = new AbortController();
      const signal = AbortSignal.any([stopped, this.hidden.signal]);
      if (!document.hidden) lastId = await this.readStream(lastId, signal);
      if (!document.hidden) this.way.value = "polling";
      if (!stopped.aborted) await this.pause(document.hidden ? undefined : streamRetryMs, stopped);
    }
  }

  /** The id of the last event that was read. */
  private async readStream(after: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    let lastId = after;
    const answer = await this.backend.stream("/api/v1/events", after, signal);
    if (answer.kind !== "done") return undefined;
    try {
      this.way.value = "stream";
      const onBytes = (): void => void (this.freshness.value = heard(Date.now()));
      for await (const { id, event, data } of readEvents(answer.body, onBytes)) {
        lastId = id ?? lastId;
        this.takeChange(JSON.parse(data) as FleetEvent, event === "whole");
      }
    } catch (error) {
      // A stream ends in the middle when the network does or the page is hidden; anything else is a fault of ours.
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    }
    return lastId;
  }

  private takeChange({ changed, many }: FleetEvent, isWhole: boolean): void {
    const kinds = new Set<string>([...Object.keys(changed), ...many]);
    for (const entry of this.watched) {
      if (isWhole || entry.options.topics.some((topic) => kinds.has(topic))) this.wake(entry);
    }
  }

  /** Until the time is over, the page is shown again or all is stopped. */
  private pause(ms: number | undefined, stopped: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.shown = end;
      stopped.addEventListener("abort", end, { once: true });
    });
  }
}
