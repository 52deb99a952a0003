/**
 * The inside of a worker process: one job at a time. When the service goes away the worker ends at once; an engine
 * that it started goes on by itself and finishes what it has begun.
 */
import { messageOf } from "../model/errors";
import { LaneWorker } from "./lane-worker";
import type { NodeProgram } from "./node-program-port";
import type { OpenedUpdate, UpdateEvent, UpdateResult } from "./node-updater";
import { PermitQuestions } from "./permits";
import type { FromWorker, Job, ToWorker } from "./worker-protocol";

export function serveWorker(program: NodeProgram): void {
  let worker: LaneWorker | undefined;
  let questions: PermitQuestions | undefined;
  let abort = new AbortController();
  let opened: OpenedUpdate | undefined;
  process.once("disconnect", () => process.exit(0));
  // The service decides when its workers end; a Ctrl-C at its terminal reaches them too.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => undefined);
  process.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "start": {
        const { installation, limits } = message;
        questions = new PermitQuestions(limits.permitWaitMs, (id, request) => send({ kind: "permit", id, request }));
        worker = new LaneWorker({ installation, program, limits, environment: process.env, permit: questions.ask });
        void worker.warmUp().then(
          () => send({ kind: "ready" }),
          (error: unknown) => fail(error),
        );
        return;
      }
      case "job":
        abort = new AbortController();
        if (worker === undefined) return fail(new Error("a job came before the start"));
        void run(worker, message.job, abort.signal, (begun) => (opened = begun)).then((answer) => {
          opened = undefined;
          send(answer);
        });
        return;
      case "give":
        return opened?.give(message.nodes);
      case "close":
        return opened?.close();
      case "permit":
        return questions?.answer(message.id, message.permit);
      case "abort":
        return abort.abort();
      default: {
        const never: never = message;
        throw new Error(`unknown message ${JSON.stringify(never)}`);
      }
    }
  });
}

type OnOpened = (opened: OpenedUpdate) => void;

async function run(worker: LaneWorker, job: Job, abort: AbortSignal, onOpened: OnOpened): Promise<FromWorker> {
  try {
    if (job.kind === "ask") {
      const onStarted = (enginePid: number): void => {
        send({ kind: "event", event: { kind: "started", enginePid, engine: "" } });
      };
      return { kind: "answered", answer: await worker.ask(job.request, { onStarted, abort }) };
    }
    return { kind: "done", result: await carryOut(worker, job, abort, onOpened) };
  } catch (error) {
    return { kind: "failed", message: messageOf(error) };
  }
}

async function carryOut(
  worker: LaneWorker,
  job: Exclude<Job, { kind: "ask" }>,
  abort: AbortSignal,
  onOpened: OnOpened,
): Promise<UpdateResult | undefined> {
  const onEvent = (event: UpdateEvent) => send({ kind: "event", event });
  switch (job.kind) {
    case "update":
      return worker.update(job.request, onEvent, abort);
    case "open": {
      const opened = worker.openUpdate(job.request, onEvent, abort);
      onOpened(opened);
      return opened.result;
    }
    case "recover":
      return worker.recover(job.request, job.enginePid, onEvent, abort);
    case "remove":
      await worker.removeStack(job, abort);
      return undefined;
    default: {
      const never: never = job;
      throw new Error(`unknown job ${JSON.stringify(never)}`);
    }
  }
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

/** Not usable at all: the pool reads the reason and starts no job here. */
function fail(error: unknown): void {
  send({ kind: "failed", message: messageOf(error) });
  setImmediate(() => process.exit(1));
}
