/** What the API needs of the process around it. The composition root provides it; tests provide smaller ones. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { CloudCatalog } from "../model/config";
import type { Clock, EpochMs, Rng } from "../model/clock";
import type { Plan } from "../model/plan";
import type { Broker } from "../broker/broker";
import type { SessionAccounts } from "../broker/session-accounts";
import type { Resealing } from "../store/resealing";
import type { Ledger, Store } from "../store/store";
import type { Metrics } from "../metrics/metrics";
import type { Client, TrustedProxies } from "./trusted-proxies";
import type { WorkerView } from "./worker-contracts";

/** The deciding half of the runtime, present only while this process holds the lease. */
export interface Leader {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly broker: Broker;
  readonly accounts: SessionAccounts;
  readonly clock: Clock;
  readonly catalog: CloudCatalog;
  /** Grows with every change of leadership. */
  readonly epoch: number;
  /** A plan of the present state; nothing is changed. */
  plan(): Plan;
  /** What is known of lanes and sweeps beside their rows; absent where nothing is carried out. */
  readonly work?: WorkInsight;
  /** The lane's place among those that wait for a slot to update; undefined when it waits for none. */
  readonly slotWaitOf?: (laneId: string) => SlotQueuePlace | undefined;
  /** Workers on other machines; absent where there can be none. */
  readonly workers?: () => readonly WorkerView[];
  readonly facts: RuntimeFacts;
  /** Secret from which keys with an idempotency key are derived; see `routes/api-keys.ts`. */
  readonly apiKeySecret: Uint8Array;
  /** The key with which the database's secrets are sealed. */
  readonly secrets: Pick<Resealing, "state" | "rotate">;
}

/** What the half of the runtime that carries things out knows in memory alone. */
export interface WorkInsight {
  slotUse(): { readonly slots: number; readonly inUse: number; readonly waiting: number };
  /** Until then the lane is left alone after what failed; undefined = it is not. */
  retryAtMsOf(laneId: string): EpochMs | undefined;
  sweeps(): readonly SweepView[];
  /** The logs of the lane's engines on this machine, the newest last; empty where there are none. */
  logsOf(laneId: string): Promise<readonly LaneLogFile[]>;
  /** The end of one of them, at most so many bytes. */
  endOfLog(laneId: string, name: string, bytesMax: number): Promise<string | undefined>;
}

export interface SweepView {
  readonly definition: string;
  readonly place: Readonly<Record<string, unknown>>;
  readonly sweptAtMs: EpochMs | undefined;
  readonly complaint: string | undefined;
}

export interface LaneLogFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAtMs: EpochMs;
}

/** Slots: how many updates may run at the same time. */
export interface SlotQueuePlace {
  /** From 1. */
  readonly position: number;
  readonly waiting: number;
  readonly inUse: number;
  readonly slots: number;
}

/** Constant facts of this process for `GET /api/v1/status`. */
export interface RuntimeFacts {
  readonly version: string;
  /** Name and version of the engine, e.g. `embedded 0.1.0`. */
  readonly engine: string;
  /** e.g. `embedded PostgreSQL 18.4`. Never with a password. */
  readonly store: string;
  readonly url: string;
  readonly startedAtMs: number;
}

export interface Standby {
  /** Where the leader answers, when known. */
  readonly leaderUrl?: string;
  /** One sentence: why this process does not lead. */
  readonly message: string;
  /** It neither leads nor forwards, for the reason in the message. Default false: it hears soon who leads. */
  readonly takesNoPart?: boolean;
}

/** What is to be known of a request before it is forwarded. */
export interface ForwardAbout {
  readonly client: Client;
  /** Whether doing it twice is the same as doing it once. */
  readonly isRepeatable: boolean;
}

export type ForwardOutcome =
  /** The leader's answer was passed on, or the caller has gone. */
  | { readonly kind: "answered" }
  /** This runtime leads by now: answer this request, which is the same. */
  | { readonly kind: "serveHere"; readonly request: IncomingMessage }
  | { readonly kind: "unavailable"; readonly message: string };

/** How a runtime that does not lead has requests answered by the one that does; see `forwarding.ts`. */
export interface Forwarding {
  /** Who asked the replica that forwarded this request; undefined = nobody forwarded it. Throws when that is not to be believed. */
  callerOf(request: IncomingMessage): Client | undefined;
  forward(request: IncomingMessage, response: ServerResponse, about: ForwardAbout): Promise<ForwardOutcome>;
  /** Undefined = the leader answers; else one sentence that says what hinders it. */
  probe(): Promise<string | undefined>;
}

export interface ApiBackend {
  readonly version: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
  /** Requests per minute that one address may send, and that may come with one API key. */
  readonly requestsPerMinute: number;
  /** 16 bytes that a Guacamole shares with us; absent = there is none. */
  readonly guacamoleKey?: Uint8Array | undefined;
  /** Session requests per minute for one user; default {@link requestsPerMinute}. */
  readonly requestsPerMinuteOfUser?: number;
  /** The proxies in front; absent = none, and what they would say of a caller is not believed. */
  readonly proxies?: TrustedProxies;
  /** Absent = `/metrics` has nothing to tell. */
  readonly metrics?: Pick<Metrics, "answered" | "scrape" | "contentType">;
  /** Absent = this runtime is the only one: while it does not lead it refuses. */
  readonly forwarding?: Forwarding | undefined;
  /** Read at every request: leadership comes and goes. */
  current(): Leader | Standby;
}

export function isLeader(current: Leader | Standby): current is Leader {
  return "ledger" in current;
}
