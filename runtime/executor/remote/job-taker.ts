/** Takes jobs from the queue with graphile-worker, in a worker's process. The only file that loads that library. */
import { EventEmitter } from "node:events";
import { Pool } from "pg";
import { Logger, makeWorkerUtils, run, type Runner, type TaskList, type WorkerEvents } from "graphile-worker";
import { clientConfig } from "../../store/postgres-connection";
import type { QueuedJob } from "./remote-protocol";

/** A job that nobody was told of, because the connection was gone, is found after this. Unit: milliseconds. */
const pollMs = 2_000;
/** Of the tables: its version is the library's own concern. */
const silent = new Logger(() => () => undefined);

/** Makes or upgrades the queue's tables. */
export async function prepareQueue(connectionString: string): Promise<void> {
  const pgPool = openPool(connectionString, 1);
  try {
    const utils = await makeWorkerUtils({ pgPool, logger: silent });
    try {
      await utils.migrate();
    } finally {
      await utils.release();
    }
  } finally {
    await pgPool.end();
  }
}

/** With the store's TLS and time-outs, but the values as the library reads them. */
function openPool(connectionString: string, max: number): Pool {
  const config = clientConfig(connectionString);
  delete config.types;
  const pool = new Pool({ ...config, max });
  // Of an idle connection, which is replaced; the library hears of those that it uses.
  pool.on("error", () => undefined);
  return pool;
}

export interface JobTakerOptions {
  readonly connectionString: string;
  readonly tasks: readonly string[];
  /** Jobs at the same time. */
  readonly concurrency: number;
  /** Never rejects; until it resolves no other job of the same lane is taken, here or elsewhere. */
  readonly carryOut: (job: QueuedJob) => Promise<void>;
  /** Told when it can't take jobs any more; never for a connection that comes back. */
  readonly onEnd: (error: unknown) => void;
}

export class JobTaker {
  private constructor(
    private readonly runner: Runner,
    private readonly pool: Pool,
    /** The names under which it locks jobs. */
    readonly takers: readonly string[],
  ) {}

  static async start(options: JobTakerOptions): Promise<JobTaker> {
    const { connectionString, tasks, concurrency, carryOut, onEnd } = options;
    const takers: string[] = [];
    const events = new EventEmitter() as WorkerEvents;
    events.on("worker:create", ({ worker }) => takers.push(worker.workerId));
    const taskList: TaskList = Object.fromEntries(
      tasks.map((task) => [task, (payload: unknown) => carryOut(payload as QueuedJob)]),
    );
    const pgPool = openPool(connectionString, concurrency + 2);
    try {
      const runner = await run({
        ...{ pgPool, concurrency, taskList, events },
        pollInterval: pollMs,
        noHandleSignals: true,
        logger: silent,
      });
      runner.promise.catch(onEnd);
      return new JobTaker(runner, pgPool, takers);
    } catch (error) {
      await pgPool.end();
      throw error;
    }
  }

  /** Takes no more; resolves when what it has taken has ended. */
  async stop(): Promise<void> {
    await this.runner.stop().finally(() => this.pool.end());
  }
}
