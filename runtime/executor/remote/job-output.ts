/**
 * What the engine of a job printed, on its way from the machine of its worker to that of who leads: the end of it, with the
 * job's own end, and there a log of the lane like any other.
 */
import { writeFile } from "node:fs/promises";
import { messageOf } from "../../model/errors";
import type { Installation } from "../installation";
import { LaneFolder } from "../lane-folder";
import { endOfLog, logsIn } from "../lane-logs";
import type { LaneLog } from "../lane-runner";

export interface JobOutput {
  /** What the engine did last, e.g. `update`. */
  readonly operation: string;
  readonly text: string;
}

/** Enough for the diagnostics of a full lane. Unit: bytes. */
const bytesMax = 32 * 1024;

/** Looks at a lane's folder before a job, and tells afterwards what its last engine printed. */
export class OutputWatch {
  private constructor(
    private readonly folder: string,
    private readonly before: string | undefined,
  ) {}

  static async begin(folder: string): Promise<OutputWatch> {
    return new OutputWatch(folder, (await logsIn(folder)).at(-1)?.name);
  }

  /** Undefined when no engine ran, and for a lane that is gone. */
  async end(): Promise<JobOutput | undefined> {
    const newest = (await logsIn(this.folder)).at(-1)?.name;
    if (newest === undefined || newest === this.before) return undefined;
    const text = await endOfLog(this.folder, newest, bytesMax);
    const operation = /^\d+-r\d+-([a-z-]+)\.log$/.exec(newest)?.[1];
    return text === undefined || operation === undefined ? undefined : { operation, text };
  }
}

interface LaneOfJob {
  readonly laneId: string;
  readonly stack: string;
  readonly revision: number;
}

/** The logs of who leads. What can't be kept is told and missed by nobody but people. */
export class KeptOutputs {
  constructor(
    private readonly installation: Installation,
    private readonly log: LaneLog,
  ) {}

  async keep({ laneId, stack, revision }: LaneOfJob, { operation, text }: JobOutput): Promise<void> {
    try {
      const file = await new LaneFolder(this.installation, laneId, stack).newLogFile(operation, revision);
      await writeFile(file, text, { mode: 0o600 });
    } catch (error) {
      this.log.warn({ lane: laneId, error: messageOf(error) }, "a worker's output could not be kept");
    }
  }

  /** Its stack was removed. */
  async forget({ laneId, stack }: Omit<LaneOfJob, "revision">): Promise<void> {
    await new LaneFolder(this.installation, laneId, stack).remove().catch((error: unknown) => {
      this.log.warn({ lane: laneId, error: messageOf(error) }, "a removed lane's logs could not be removed");
    });
  }
}
