/** What a runtime is started with, and what whoever started it has of it. */
import type { DestinationStream } from "pino";
import type { LogLevel } from "../api/log";
import type { Engine, EngineWish } from "../executor/engine-choice";
import type { Clock } from "../model/clock";
import type { LeaseTiming } from "../store/lease";
import type { Acceptable } from "./own-installation";

export interface RuntimeOptions {
  /** Everything durable of this runtime. Default `.headroom` in the working folder. */
  readonly dataFolder?: string;
  /** Default 8700; 0 = any free one. */
  readonly port?: number;
  /** Address to listen on. Default 127.0.0.1: this machine only. Others need TLS or a trusted proxy. */
  readonly host?: string;
  /** File with the certificate, in PEM; read again when it changes. Absent = plain http. */
  readonly tlsCert?: string;
  /** File with its private key. */
  readonly tlsKey?: string;
  /** Proxies in front: how many, or their addresses and networks, e.g. `10.0.0.5,192.168.0.0/16`. Default none. */
  readonly trustProxy?: string | number;
  /**
   * Where other replicas on the same database reach this one. Default: the address that it listens on; where that is
   * every address of the machine, the first of them that others may reach.
   */
  readonly advertiseUrl?: string;
  /** File with certificates in PEM of whoever signed those of other replicas. Default: those that Node knows, and its own. */
  readonly replicaCa?: string;
  /** `postgresql://...`; absent = the embedded PostgreSQL in the data folder. */
  readonly databaseUrl?: string;
  /** Default `auto`: the official Pulumi CLI when it is there, else the embedded engine. */
  readonly engine?: EngineWish;
  /** Pulumi backend of the lane stacks. Default `file://<data folder>/state`. */
  readonly backendUrl?: string;
  /**
   * Updates that run at the same time on this machine, each in a process of its own. Default: what memory and cores allow;
   * 0 = none here, only workers on other machines run them.
   */
  readonly workers?: number;
  /** Updates that may be open ahead of their nodes; default by memory, see `executor/worker-pool.ts`. */
  readonly openAhead?: number;
  /** Planning happens at every change and at least this often. Default: the reconciler's. */
  readonly tickSeconds?: number;
  /** How long the decision journal and ended sessions are kept. Unit: seconds. Default 14 days. */
  readonly journalRetentionSeconds?: number;
  /** Default `warn`. */
  readonly logLevel?: LogLevel;
  /** Default standard error. */
  readonly logDestination?: DestinationStream;
  /** The admin key to use instead of the one in the data folder. */
  readonly adminKey?: string;
  /** Per address and per API key. Default 600,000: one client may send 10,000 in a second. */
  readonly requestsPerMinute?: number;
  /** Sessions of one user that may wait at the same time; 0 = no limit but that of the whole queue. Default 20. */
  readonly queuePerUser?: number;
  /** Session requests for one user. Default 6,000. */
  readonly requestsPerMinuteOfUser?: number;
  /** How long {@link Runtime.stop} waits for running updates. Default 60; they go on without us after it. */
  readonly stopSeconds?: number;
  readonly leaseTiming?: LeaseTiming;
  /**
   * What this runtime may change about the installation when its own differs: the old one is given up. Default nothing:
   * a runtime whose backend, passphrase or token secret is another one does not lead.
   */
  readonly accept?: readonly Acceptable[];
  /**
   * Take definitions of the VM and DNS provider `local`. Whoever may declare them runs programs on this machine.
   * Default false.
   */
  readonly allowLocal?: boolean;
  /** File with the key of a Guacamole: 32 hexadecimal digits. Default none: there is no `?as=guacamole`. */
  readonly guacamoleKeyFile?: string;
  /** Default: that of this machine. */
  readonly clock?: Clock;
  /** Collector of OpenTelemetry traces, e.g. `http://127.0.0.1:4318`. Default none: then nothing of them is loaded. */
  readonly otlpEndpoint?: string;
  /** Added to the environment of engine processes. */
  readonly engineEnvironment?: Readonly<Record<string, string>>;
}

export interface Runtime {
  readonly url: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly adminKey: string;
  readonly engine: Engine;
  /** One line for people: engine and version, store, URL. */
  readonly startLine: string;
  /** Process of the embedded PostgreSQL; undefined with a database of one's own. */
  readonly postgresPid: number | undefined;
  readonly isLeader: boolean;
  /** Why it does not lead, in one sentence; undefined while it leads. */
  readonly standbyReason: string | undefined;
  /** Resolves when this runtime leads; at once if it does. */
  whenLeader(): Promise<void>;
  /** Safe to call again. */
  stop(): Promise<void>;
}
