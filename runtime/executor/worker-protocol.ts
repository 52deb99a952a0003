/** Messages between the service and a worker process. Plain data, by Node's IPC channel. */
import type { AccountAnswer, AskRequest } from "../model/account-questions";
import type { DesiredNode } from "../model/state";
import type { Installation } from "./installation";
import type { OpenRequest, RecoverRequest, UpdateEvent, UpdateRequest, UpdateResult } from "./node-updater";
import type { Permit, PermitRequest } from "../store/permit";
import type { RecoveryLimits } from "./recovery";

export type Job =
  | { readonly kind: "update"; readonly request: UpdateRequest }
  | { readonly kind: "open"; readonly request: OpenRequest }
  | { readonly kind: "recover"; readonly request: RecoverRequest; readonly enginePid: number | undefined }
  | { readonly kind: "ask"; readonly request: AskRequest }
  | { readonly kind: "remove"; readonly laneId: string; readonly stack: string; readonly epoch: number };

export type ToWorker =
  /** The first message. */
  | { readonly kind: "start"; readonly installation: Installation; readonly limits: RecoveryLimits }
  | { readonly kind: "job"; readonly job: Job }
  /** More nodes for the update that the present job has opened; ignored when that has ended. */
  | { readonly kind: "give"; readonly nodes: readonly DesiredNode[] }
  | { readonly kind: "close" }
  /** Answers the question of that id. */
  | { readonly kind: "permit"; readonly id: number; readonly permit: Permit }
  /** Interrupts the engine of the present job, which then ends with a result. */
  | { readonly kind: "abort" };

export type FromWorker =
  /** Everything is loaded; a job starts at once. */
  | { readonly kind: "ready" }
  | { readonly kind: "event"; readonly event: UpdateEvent }
  /** May this be done? Answered by the id. */
  | { readonly kind: "permit"; readonly id: number; readonly request: PermitRequest }
  | { readonly kind: "done"; readonly result: UpdateResult | undefined }
  /** Ends a job that asked. */
  | { readonly kind: "answered"; readonly answer: AccountAnswer }
  /** The job could not be done; the worker goes on. */
  | { readonly kind: "failed"; readonly message: string };
