/**
 * One stream of server-sent events for everything: whoever shows the fleet hears what has changed instead of asking again
 * and again. An event has the counts as they are and the ids of what to ask for anew; it leaves when its changes are
 * durable, at most four times in a second. One timer serves all streams; while nobody listens there is none.
 */
import type { ServerResponse } from "node:http";
import { UnavailableError } from "../model/errors";
import type { ApiKey } from "../model/state";
import { isGood } from "./api-keys";
import { isLeader, type ApiBackend, type Leader } from "./backend";
import { eventText, heartbeat, heartbeatMs, OpeningStreams, streamHeaders, unreadBytesMax } from "./event-stream";
import { ChangedIds, FleetChanges, waitingByConfig } from "./fleet-changes";
import type { FleetEvent } from "./fleet-event-contracts";
import type { Answer, RouteContext } from "./route";
import { viewOrphans } from "./routes/orphans";

/** Streams at the same time, of all keys and of one. A page that is shown needs one. */
const limits = { streams: 500, streamsOfKey: 10 };
const stepMs = 250;

interface Stream {
  readonly response: ServerResponse;
  /** The term that it began with: step numbers mean nothing in another. */
  readonly leader: Leader;
  readonly apiKey: ApiKey | undefined;
  /** The last step that was sent; undefined = none, and everything is to be told. */
  seen: number | undefined;
  wroteAtMs: number;
}

/** What is gathered in one term. */
interface Term {
  readonly leader: Leader;
  readonly changes: FleetChanges;
}

export interface FleetFeedOptions {
  readonly streamsMax?: number;
  readonly streamsOfKeyMax?: number;
  readonly heartbeatMs?: number;
}

export class FleetFeed {
  private readonly streams = new Set<Stream>();
  private readonly opening = new OpeningStreams();
  private term: Term | undefined;
  private stopTimer: (() => void) | undefined;
  private isSending = false;

  constructor(private readonly options: FleetFeedOptions = {}) {}

  /** Streams that are open. */
  get size(): number {
    return this.streams.size;
  }

  /** @throws UnavailableError when too many streams are open. */
  answer({ backend, leader, lastEventId, apiKey }: RouteContext): Answer {
    const current = leader();
    this.admit(current, apiKey?.name);
    const seen = seenIn(lastEventId, current, this.termOf(current).changes);
    const isOpen = this.opening.begin(current, apiKey?.name);
    const stream = (response: ServerResponse): void => {
      isOpen();
      this.open({ response, leader: current, apiKey, seen, wroteAtMs: backend.clock.now() }, backend);
    };
    return { status: 200, headers: streamHeaders, stream };
  }

  private admit(leader: Leader, key: string | undefined): void {
    const { streamsMax = limits.streams, streamsOfKeyMax = limits.streamsOfKey } = this.options;
    const names = [...[...this.streams].map(({ apiKey }) => apiKey?.name), ...this.opening.keys(leader)];
    if (names.length >= streamsMax) {
      throw new UnavailableError(
        `${streamsMax} event streams are open, which is the limit; ask again and again instead`,
      );
    }
    if (names.filter((name) => name === key).length < streamsOfKeyMax) return;
    const text = `key "${key ?? ""}" has ${streamsOfKeyMax} event streams open, which is the limit; close one of them`;
    throw new UnavailableError(text);
  }

  /** Changes are gathered from the first listener of a term on. */
  private termOf(leader: Leader): Term {
    if (this.term?.leader === leader) return this.term;
    const changes = new FleetChanges(leader.ledger.state);
    // The state goes with its term, and with it who listens to it.
    leader.ledger.state.changes.watch(changes.note);
    this.term = { leader, changes };
    return this.term;
  }

  private open(stream: Stream, backend: ApiBackend): void {
    stream.response.once("close", () => this.drop(stream));
    stream.response.write("retry: 1000\n\n");
    this.streams.add(stream);
    void this.look(backend);
    this.schedule(backend);
  }

  private schedule(backend: ApiBackend): void {
    if (this.stopTimer || this.streams.size === 0) return;
    this.stopTimer = backend.clock.after(stepMs, () => {
      this.stopTimer = undefined;
      void this.look(backend);
      this.schedule(backend);
    });
  }

  private drop(stream: Stream): void {
    if (!this.streams.delete(stream) || this.streams.size > 0) return;
    this.stopTimer?.();
    this.stopTimer = undefined;
  }

  /** Ends who may not listen any more, and tells the others what is new. Never rejects. */
  private async look(backend: ApiBackend): Promise<void> {
    const current = backend.current();
    for (const stream of this.streams) if (!this.mayGoOn(stream, current)) this.drop(stream);
    if (!isLeader(current) || this.isSending) return;
    const { changes } = this.termOf(current);
    changes.endStep();
    const due = [...this.streams].filter(({ seen }) => seen !== changes.number);
    for (const stream of this.streams) if (!due.includes(stream)) this.beat(stream, backend.clock.now());
    if (due.length === 0) return;
    this.isSending = true;
    try {
      const events = eventsFor(due, changes, current);
      await current.ledger.settled();
      for (const [stream, text] of events) this.send(stream, text, changes.number, backend);
    } catch {
      // The store is lost, and with it the term: the next look ends the streams.
    } finally {
      this.isSending = false;
    }
  }

  private mayGoOn({ response, leader, apiKey }: Stream, current: ReturnType<ApiBackend["current"]>): boolean {
    if (response.destroyed || response.writableLength > unreadBytesMax) {
      response.destroy();
      return false;
    }
    if (current === leader && (apiKey === undefined || isGood(apiKey, leader.ledger.state.apiKeys))) return true;
    response.end();
    return false;
  }

  private send(stream: Stream, text: string, number: number, backend: ApiBackend): void {
    if (!this.streams.has(stream) || !this.mayGoOn(stream, backend.current())) return this.drop(stream);
    stream.response.write(text);
    [stream.seen, stream.wroteAtMs] = [number, backend.clock.now()];
  }

  private beat(stream: Stream, nowMs: number): void {
    if (nowMs - stream.wroteAtMs < (this.options.heartbeatMs ?? heartbeatMs)) return;
    stream.wroteAtMs = nowMs;
    stream.response.write(heartbeat);
  }
}

function revisionOf({ epoch }: Leader, number: number): string {
  return `${epoch}-${number}`;
}

/** The step that a client has seen last; undefined = not one of this term, or too long ago. */
function seenIn(lastEventId: string | undefined, leader: Leader, changes: FleetChanges): number | undefined {
  const [, epoch, number] = /^(\d{1,15})-(\d{1,15})$/.exec(lastEventId ?? "") ?? [];
  if (Number(epoch) !== leader.epoch) return undefined;
  return changes.since(Number(number)) === undefined ? undefined : Number(number);
}

/** Streams that have seen the same are told the same. */
function eventsFor(due: readonly Stream[], changes: FleetChanges, leader: Leader): [Stream, string][] {
  const texts = new Map<number | undefined, string>();
  return due.map((stream) => {
    const known = texts.get(stream.seen);
    if (known !== undefined) return [stream, known];
    const changed = stream.seen === undefined ? undefined : changes.since(stream.seen);
    const revision = revisionOf(leader, changes.number);
    const data = JSON.stringify(viewChanges(changed, revision, leader));
    const text = eventText(revision, changed === undefined ? "whole" : "change", data);
    texts.set(stream.seen, text);
    return [stream, text];
  });
}

/** @param changed Undefined = all configs are told. */
function viewChanges(changed: ChangedIds | undefined, revision: string, { ledger, clock }: Leader): FleetEvent {
  const { state } = ledger;
  const waiting = waitingByConfig(state);
  const all = new Set([...state.autoscaleConfigs.keys(), ...state.configsWithNodes(), ...waiting.keys()]);
  const named = changed === undefined ? all : changed.configs;
  const lanes = [...state.lanes.values()];
  return {
    revision,
    nowMs: clock.now(),
    nodes: state.nodesByStatus.all(),
    sessions: state.sessionsByStatus.all(),
    lanes: {
      total: lanes.length,
      updating: lanes.filter((lane) => lane.openRevision !== undefined && !lane.takesNodes).length,
      behind: lanes.filter((lane) => lane.appliedRevision < lane.desiredRevision).length,
    },
    orphans: viewOrphans(state).length,
    configs: [...named].filter((name) => all.has(name)).map((name) => viewConfig(name, waiting.get(name) ?? 0, state)),
    gone: [...named].filter((name) => !all.has(name)),
    changed: changed?.byKind() ?? {},
    many: [...(changed?.many ?? [])],
  };
}

function viewConfig(name: string, waiting: number, state: Leader["ledger"]["state"]): FleetEvent["configs"][number] {
  const nodes: Record<string, number> = {};
  let sessions = 0;
  for (const { nodeId, status } of state.nodesOfConfig(name).values()) {
    nodes[status] = (nodes[status] ?? 0) + 1;
    sessions += state.sessionsOf(nodeId).size;
  }
  return { autoscaleConfig: name, nodes, sessions, waiting };
}
