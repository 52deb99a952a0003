/**
 * What goes through the database between who leads and workers on other machines. Jobs hold credentials and startup scripts,
 * and what is told of them may hold passwords: both are sealed with a key that follows from the passphrase of the stacks,
 * which every worker has, and are bound to their job.
 */
import type { AccountAnswer } from "../../model/account-questions";
import { BugError } from "../../model/errors";
import type { Sealer } from "../../store/sealer";
import type { UpdateEvent, UpdateResult } from "../node-updater";
import type { Job } from "../worker-protocol";
import type { JobOutput } from "./job-output";

/** Raised with each change of what follows here: workers of another version of it get no jobs. */
export const remoteProtocol = 1;

/** An update that is opened ahead stays with the workers of the service: it is given nodes by message while it runs. */
export type RemoteJob = Exclude<Job, { kind: "open" }>;

/** As it stands in the queue. */
export interface QueuedJob {
  readonly job: string;
  readonly epoch: number;
  /** A {@link RemoteJob}, sealed. */
  readonly content: string;
}

/** What a worker tells of a job. */
export type JobNews =
  | { readonly kind: "taken"; readonly worker: string }
  | { readonly kind: "event"; readonly event: UpdateEvent }
  | JobEnd;

export type JobEnd = JobOutcome & {
  /** Absent when no engine ran, and from workers of older versions. */
  readonly output?: JobOutput | undefined;
};

export type JobOutcome =
  | { readonly kind: "done"; readonly result?: UpdateResult | undefined }
  | { readonly kind: "answered"; readonly answer: AccountAnswer }
  /** It could not be done; nothing is known of how far it got. */
  | { readonly kind: "failed"; readonly message: string };

export function sealJob(sealer: Sealer, job: string, content: RemoteJob): string {
  return sealer.seal(JSON.stringify(content), `lane job ${job}`);
}

export function openJob(sealer: Sealer, { job, content }: QueuedJob): RemoteJob {
  return opened<RemoteJob>(sealer.open(content, `lane job ${job}`), job);
}

export function sealNews(sealer: Sealer, job: string, news: JobNews): string {
  return sealer.seal(JSON.stringify(news), `news of job ${job}`);
}

export function openNews(sealer: Sealer, { job, content }: { job: string; content: string }): JobNews {
  return opened<JobNews>(sealer.open(content, `news of job ${job}`), job);
}

function opened<Content>(text: string | undefined, job: string): Content {
  // Who has another passphrase does not get so far.
  if (text === undefined) throw new BugError(`what belongs to job ${job} was sealed with another passphrase`);
  return JSON.parse(text) as Content;
}
