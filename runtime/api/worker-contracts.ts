/** Workers on other machines as the HTTP API shows them. */
import { z } from "zod";

export const workerSchema = z.strictObject({
  workerId: z.string(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  /** Name and version of its engine. */
  engine: z.string(),
  /** Updates that it runs at the same time. */
  slots: z.int(),
  /**
   * `ready` takes updates; `silent` gave no sign of life for a while; `other version` understands other jobs; `ended` has no
   * engine any more.
   */
  state: z.enum(["ready", "silent", "other version", "ended"]),
  /** Milliseconds since its last sign of life. */
  silentMs: z.int().min(0),
  startedAtMs: z.int().min(0),
  /** Ids of the lanes that it has. */
  lanes: z.array(z.string()),
});
export const workersSchema = z.strictObject({ workers: z.array(workerSchema) });

export type WorkerView = z.output<typeof workerSchema>;
