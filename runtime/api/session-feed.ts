/**
 * Sessions as server-sent events: whoever waits for one is told each change at once instead of asking again and again.
 * Each event holds the whole session, so that a client which connects again has missed nothing. One timer looks at all
 * watched sessions; while nobody watches there is none.
 */
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { ApiKey, Session } from "../model/state";
import { UnavailableError } from "../model/errors";
import { ProgressReader } from "../planner/explain/progress";
import { isGood } from "./api-keys";
import { isLeader, type ApiBackend, type Leader, type Standby } from "./backend";
import { eventText, heartbeat, heartbeatMs, OpeningStreams, streamHeaders, unreadBytesMax } from "./event-stream";
import type { Answer, RouteContext } from "./route";
import { viewSession } from "./views";

/** Streams at the same time; each is a connection and a few kB. Beyond it callers poll. */
const streamsMax = 2_000;
/** Changes are noticed within this. */
const lookEveryMs = 200;
interface Stream {
  readonly sessionId: string;
  readonly response: ServerResponse;
  /** Of the leader that it began with: the next one does not know who watches. */
  readonly epoch: number | undefined;
  /** Who listens; the stream ends when that key is deleted. */
  readonly apiKey: ApiKey | undefined;
  /** What was sent last. */
  lastText: string;
  wroteAtMs: number;
  isSending: boolean;
  stopWatching(): void;
}

export interface FeedOptions {
  readonly streamsMax?: number;
  readonly heartbeatMs?: number;
}

export class SessionFeed {
  private readonly streams = new Set<Stream>();
  private readonly opening = new OpeningStreams();
  private stopLooking: (() => void) | undefined;

  constructor(private readonly options: FeedOptions = {}) {}

  /** Streams that are open. */
  get size(): number {
    return this.streams.size;
  }

  /**
   * Streams the session's changes until it runs or has ended, the client goes away or this process leads no more.
   * `lastEventId`: the last event that the client has seen, which is not sent again. 204 when it was the last of all.
   */
  answer(session: Session, { backend, leader, lastEventId, apiKey }: RouteContext): Answer {
    const current = leader();
    const text = textOf(session, current, new ProgressReader(current.ledger.state, current.clock.now()));
    const isSeen = idOf(text) === lastEventId;
    // Tells a client that connects again by itself that there is nothing to connect for.
    if (isSeen && isOver(session)) return { status: 204 };
    const limit = this.options.streamsMax ?? streamsMax;
    if (this.streams.size + this.opening.keys(current).length >= limit) {
      throw new UnavailableError(`${limit} event streams are open, which is the limit; poll the session instead`);
    }
    const isOpen = this.opening.begin(current);
    const { sessionId } = session;
    const stream = (response: ServerResponse): void => {
      isOpen();
      this.open({ response, sessionId, lastText: isSeen ? text : "", apiKey }, backend);
    };
    return { status: 200, headers: streamHeaders, stream };
  }

  private open(begun: Pick<Stream, "response" | "sessionId" | "lastText" | "apiKey">, backend: ApiBackend): void {
    const { response, sessionId } = begun;
    const current = backend.current();
    const [epoch, stopWatching] = isLeader(current)
      ? [current.epoch, current.broker.watchRequester(sessionId)]
      : [undefined, () => undefined];
    const wroteAtMs = backend.clock.now();
    const stream: Stream = { ...begun, epoch, wroteAtMs, isSending: false, stopWatching };
    response.once("close", () => this.drop(stream));
    response.write("retry: 1000\n\n");
    this.streams.add(stream);
    this.lookAt(stream, current, readerOf(current, wroteAtMs), wroteAtMs);
    this.schedule(backend);
  }

  private schedule(backend: ApiBackend): void {
    if (this.stopLooking || this.streams.size === 0) return;
    this.stopLooking = backend.clock.after(lookEveryMs, () => {
      this.stopLooking = undefined;
      this.look(backend);
      this.schedule(backend);
    });
  }

  private drop(stream: Stream): void {
    if (!this.streams.delete(stream)) return;
    stream.stopWatching();
    if (this.streams.size > 0) return;
    this.stopLooking?.();
    this.stopLooking = undefined;
  }

  private look(backend: ApiBackend): void {
    const current = backend.current();
    const reader = readerOf(current, backend.clock.now());
    for (const stream of this.streams) this.lookAt(stream, current, reader, backend.clock.now());
  }

  private lookAt(stream: Stream, current: Leader | Standby, reader: ProgressReader | undefined, nowMs: number): void {
    const { response } = stream;
    if (response.destroyed || response.writableLength > unreadBytesMax) {
      response.destroy();
      this.drop(stream);
      return;
    }
    if (!isLeader(current) || !reader || current.epoch !== stream.epoch) return void response.end();
    if (!mayListen(stream, current)) return void response.end();
    if (!stream.isSending) void this.send(stream, current, reader).catch(() => response.destroy());
    if (response.writableEnded || nowMs - stream.wroteAtMs < (this.options.heartbeatMs ?? heartbeatMs)) return;
    stream.wroteAtMs = nowMs;
    response.write(heartbeat);
  }

  /** Sends the session if it has changed; its change is durable before anybody hears of it. */
  private async send(stream: Stream, leader: Leader, reader: ProgressReader): Promise<void> {
    if (stream.response.writableEnded) return;
    const live = leader.ledger.state.sessions.get(stream.sessionId);
    if (live && textOf(live, leader, reader) === stream.lastText && !isOver(live)) return;
    stream.isSending = true;
    try {
      const session = live ?? (await findEnded(stream.sessionId, leader));
      const text = session && textOf(session, leader, reader);
      await leader.ledger.settled();
      const isOpen = mayListen(stream, leader) && !stream.response.writableEnded;
      if (!session || text === undefined || !isOpen) return void stream.response.end();
      stream.lastText = text;
      stream.wroteAtMs = leader.clock.now();
      const event = isOver(session) ? "end" : "session";
      stream.response.write(eventText(idOf(stream.lastText), event, stream.lastText));
      if (isOver(session)) stream.response.end();
    } finally {
      stream.isSending = false;
    }
  }
}

function mayListen({ apiKey }: Stream, { ledger }: Leader): boolean {
  return apiKey === undefined || isGood(apiKey, ledger.state.apiKeys);
}

/** It may have ended a moment ago: the store knows once everything committed is durable. */
async function findEnded(sessionId: string, { ledger, store }: Leader): Promise<Session | undefined> {
  await ledger.settled();
  return store.session(sessionId);
}

function readerOf(current: Leader | Standby, nowMs: number): ProgressReader | undefined {
  return isLeader(current) ? new ProgressReader(current.ledger.state, nowMs) : undefined;
}

/** The data of an event: one line. */
function textOf(session: Session, { ledger }: Leader, reader: ProgressReader): string {
  return JSON.stringify({ session: viewSession(session, ledger.state, reader.of(session)) });
}

/** Nothing more to wait for: it runs, or did, or never will. */
function isOver({ status }: Session): boolean {
  return status !== "queued" && status !== "assigned" && status !== "staged";
}

/** Made from the data alone, so that it means the same after a restart and on another replica. */
function idOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
