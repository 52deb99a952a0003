/**
 * Jobs of one term on workers of other machines, as who leads sees them: put into the queue, followed by what their workers
 * tell, and given up with their worker.
 *
 * Job: queued ──a worker takes it──▶ taken ──it tells the end──▶ over
 *        └────────── its worker has ended, or nobody is left who could take it ──────────▶ given up
 *
 * A worker has ended when no engine of it lives: it said so, or it was silent for so long that it has killed them. Only then
 * may somebody else touch its lanes.
 */
import type { Client } from "pg";
import type { Clock, Rng } from "../../model/clock";
import { messageOf, UnavailableError } from "../../model/errors";
import { connect } from "../../store/postgres-connection";
import type { Sealer } from "../../store/sealer";
import {
  dropEarlierEvents,
  dropEvents,
  eventsChannel,
  readEvents,
  type WorkerEventRow,
} from "../../store/worker-events";
import { readWorkers, workersChannel, type WorkerRow } from "../../store/worker-rows";
import type { LaneLog } from "../lane-runner";
import { dropTaken, enqueue, withdraw, type Place } from "./job-queue";
import { openNews, remoteProtocol, sealJob, type JobEnd, type JobNews, type RemoteJob } from "./remote-protocol";

export interface RemoteJobsOptions {
  readonly connectionString: string;
  readonly sealer: Sealer;
  readonly epoch: number;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: LaneLog;
  /** Workers came, went, or fell silent. */
  readonly onWorkers: () => void;
}

/** Rows of workers are read this often; what workers tell wakes us. */
const lookMs = 1_000;
const reconnectMs = 500;
/** A worker that missed so large a part of the time after which it is dead gets no jobs. */
const silentShare = 1 / 3;

interface OpenJob {
  readonly job: string;
  /** The queue's own id; undefined until it is there. */
  queueId?: string | undefined;
  readonly place: Place;
  /** The only worker that may take it; absent = any. */
  readonly onlyFor?: string | undefined;
  readonly onNews: (news: JobNews, worker: string) => void;
  readonly resolve: (end: JobEnd) => void;
  readonly reject: (error: Error) => void;
  worker?: string | undefined;
}

export class RemoteJobs {
  /** By our own id. */
  private readonly open = new Map<string, OpenJob>();
  /** Events that were acted upon and may still have a row. */
  private readonly done = new Set<number>();
  /** Workers that have ended, of which nothing is left in the queue. */
  private readonly freed = new Set<string>();
  /** Lanes of which a job may be in the queue, although its enqueuing failed. */
  private readonly unsure = new Set<string>();
  private rows: readonly WorkerRow[] = [];
  private client: Client | undefined;
  private isStopped = false;
  private isWoken = false;
  private wake = (): void => undefined;

  constructor(private readonly options: RemoteJobsOptions) {}

  /** Resolves when the workers are known. */
  async start(): Promise<void> {
    await this.connect();
    await this.look();
    void this.lookAgainAndAgain();
  }

  /** All that are known, also those that have ended. */
  workers(): readonly WorkerRow[] {
    return this.rows;
  }

  /** Those that can be given jobs. */
  usable(): WorkerRow[] {
    return this.rows.filter(
      ({ hasEnded, protocol, silentMs, deadAfterSeconds }) =>
        !hasEnded && protocol === remoteProtocol && silentMs < deadAfterSeconds * 1000 * silentShare,
    );
  }

  /** Jobs on lanes that are not over. */
  get laneJobs(): number {
    return [...this.open.values()].filter(({ place }) => place.laneId !== undefined).length;
  }

  /** Rejects when its worker was lost, or nobody is there to take it. */
  async submit(
    content: RemoteJob,
    { place, onlyFor, onNews }: Pick<OpenJob, "place" | "onlyFor" | "onNews">,
  ): Promise<JobEnd> {
    const { sealer, epoch, rng } = this.options;
    if (this.isStopped) throw new UnavailableError("the executor is stopping");
    if (this.client === undefined) throw new UnavailableError("the queue of the workers can't be reached");
    const { client } = this;
    const job = rng.id(16);
    return new Promise<JobEnd>((resolve, reject) => {
      const open: OpenJob = { job, place, onlyFor, onNews, resolve, reject };
      // Known before it is in the queue: a worker may be quicker than the answer.
      this.open.set(job, open);
      enqueue(client, { job, epoch, content: sealJob(sealer, job, content) }, place).then(
        (queueId) => (open.queueId = queueId),
        (error: unknown) => {
          this.giveUp(open, `the queue of the workers can't be reached: ${messageOf(error)}`);
          if (place.laneId !== undefined) this.unsure.add(place.laneId);
        },
      );
    });
  }

  /** A job of this lane may be in the queue, although nobody follows it. A later one has taken its place, or comes after it. */
  isUnsure(laneId: string): boolean {
    return this.unsure.has(laneId);
  }

  /** Jobs that nobody has taken are withdrawn; the others go on without us, and whoever leads next recovers their lanes. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const left = [...this.open.values()];
    this.open.clear();
    for (const { reject } of left) reject(new UnavailableError("the executor is stopping"));
    this.wake();
    const { client } = this;
    if (client === undefined) return;
    for (const { worker, queueId } of left) {
      if (worker === undefined && queueId !== undefined) await withdraw(client, queueId).catch(() => false);
    }
    await client.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = await connect(this.options.connectionString, () => {
      if (this.client === client) this.client = undefined;
      this.wake();
    });
    client.on("notification", () => this.lookSoon());
    await client.query(`listen ${eventsChannel}`);
    await client.query(`listen ${workersChannel}`);
    await dropEarlierEvents(client, this.options.epoch);
    if (this.isStopped) return client.end();
    this.client = client;
  }

  private lookSoon(): void {
    this.isWoken = true;
    this.wake();
  }

  /** Never rejects. */
  private async lookAgainAndAgain(): Promise<void> {
    while (!this.isStopped) {
      try {
        if (this.client === undefined) await this.connect();
        await this.look();
        if (!this.isWoken && !this.isStopped) await this.pause(lookMs);
      } catch (error) {
        if (this.isStopped) return;
        this.options.log.warn({ error: messageOf(error) }, "what workers tell could not be read; trying again");
        await this.pause(reconnectMs);
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(ms, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }

  private async look(): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    this.isWoken = false;
    const events = await readEvents(client, this.options.epoch);
    // Nothing may come between reading a job's last word and looking whether its worker is gone.
    for (const event of events) this.hear(event);
    if (events.length > 0) {
      await dropEvents(
        client,
        events.map(({ seq }) => seq),
      );
      for (const { seq } of events) this.done.delete(seq);
    }
    const before = signature(this.usable());
    this.rows = await readWorkers(client);
    await this.free(client);
    await this.giveUpUntaken(client);
    if (signature(this.usable()) !== before) this.options.onWorkers();
  }

  private hear(row: WorkerEventRow): void {
    if (this.done.has(row.seq)) return;
    this.done.add(row.seq);
    const open = this.open.get(row.job);
    if (open === undefined) return;
    const news = openNews(this.options.sealer, row);
    switch (news.kind) {
      case "taken":
        open.worker = news.worker;
        return;
      case "event":
        return open.onNews(news, open.worker ?? "");
      case "done":
      case "answered":
      case "failed":
        this.end(open);
        return open.resolve(news);
      default: {
        const never: never = news;
        throw new Error(`unknown news ${JSON.stringify(never)}`);
      }
    }
  }

  /** Gives up what workers that have ended had taken. Their last words were told before. */
  private async free(client: Client): Promise<void> {
    const ended = this.rows.filter(({ workerId, hasEnded }) => hasEnded && !this.freed.has(workerId));
    if (ended.length === 0) return;
    for (const event of await readEvents(client, this.options.epoch)) this.hear(event);
    const takersOf = (rows: readonly WorkerRow[]): string[] => rows.flatMap(({ takers }) => takers);
    const living = takersOf(this.rows.filter(({ hasEnded }) => !hasEnded));
    const queueIds = new Set(await dropTaken(client, { ended: takersOf(ended), living }));
    for (const { workerId, host } of ended) {
      this.freed.add(workerId);
      this.options.log.info({ worker: workerId, host }, "a worker has ended");
    }
    const gone = new Set(ended.map(({ workerId }) => workerId));
    for (const open of [...this.open.values()]) {
      if (gone.has(open.worker ?? "") || queueIds.has(open.queueId ?? "")) {
        this.giveUp(open, `its worker ${open.worker ?? ""} is gone, and its engines with it`);
      }
    }
  }

  private async giveUpUntaken(client: Client): Promise<void> {
    const living = new Set(this.rows.filter(({ hasEnded }) => !hasEnded).map(({ workerId }) => workerId));
    for (const open of [...this.open.values()]) {
      const mayBeTaken = open.onlyFor === undefined ? living.size > 0 : living.has(open.onlyFor);
      if (open.worker !== undefined || open.queueId === undefined || mayBeTaken) continue;
      if (!(await withdraw(client, open.queueId))) continue;
      this.giveUp(open, "no worker is there to take it");
    }
  }

  private giveUp(open: OpenJob, why: string): void {
    if (this.end(open)) open.reject(new UnavailableError(why));
  }

  private end({ job, place }: OpenJob): boolean {
    if (place.laneId !== undefined) this.unsure.delete(place.laneId);
    return this.open.delete(job);
  }
}

function signature(rows: readonly WorkerRow[]): string {
  return rows.map(({ workerId, slots }) => `${workerId} ${slots}`).join("\n");
}
