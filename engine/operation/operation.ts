/**
 * One operation from the lock to the entry in the history: state, configuration, events, what runs, the result.
 * The rules kept:
 *  - the lock is taken before the state is read and released after the last write, however the operation ends;
 *  - the first SIGINT, SIGTERM or SIGHUP lets what runs finish, the second ends at once with the pending operations in the state;
 *  - a listener, a terminal or a parent that is gone never costs a record.
 */
import { CommandFailure, messageOf } from "../failure";
import { openState } from "../stack/open-state";
import { readConfig, StackConfig } from "../stack/project";
import { Display } from "../steps/display";
import { openEventLog } from "../steps/event-log";
import { Events } from "../steps/events";
import { createMask } from "../steps/mask";
import { refuseUnknownTargets, refuseWithoutProgram } from "./refusals";
import type { OperationRequest } from "./request";
import { Run } from "./run";
import { Signals } from "./signals";

const titles = { update: "Updating", refresh: "Refreshing", destroy: "Destroying" } as const;
const previewTitle = "Previewing update";

export async function runOperation(request: OperationRequest): Promise<void> {
  const { backend, name, options } = request;
  const signals = new Signals();
  try {
    const work = (): Promise<void> => runUnlocked(request, signals);
    await (options.isPreview ? work() : backend.withLock(name, work));
  } finally {
    signals.close();
  }
}

async function runUnlocked(request: OperationRequest, signals: Signals): Promise<void> {
  const startedMs = Date.now();
  const { backend, name, options, project } = request;
  const { isPreview, kind } = options;
  const stackConfig = StackConfig.read(project, name.stack, request.configFile);
  const { state, crypter } = await openState(backend, name, stackConfig);
  const config = await readConfig(project, stackConfig, crypter);
  const mask = createMask(config.secretTexts);
  const display = new Display(isPreview, mask);
  display.print(`${isPreview ? previewTitle : titles[kind]} (${name.stack}):\n\n`);
  const log = request.eventLog === undefined ? undefined : openEventLog(request.eventLog);
  const events = new Events({ log, display, isPreview, isRefresh: kind === "refresh", mask });
  const run = new Run(request, { events, state, crypter, config });
  const told = [...config.values].map(([key, value]) => [key, config.secretKeys.includes(key) ? "[secret]" : value]);
  let failure: Error | undefined;
  let hasBegun = false;
  signals.attach(run);
  try {
    if (kind === "destroy") refuseWithoutProgram(state.resources, events);
    refuseUnknownTargets(options.targets, state.resources);
    events.prelude(Object.fromEntries(told) as Record<string, string>);
    hasBegun = true;
    await Promise.race([run.execute(), run.terminated]);
  } catch (error) {
    failure = error as Error;
    failure.message = mask(failure.message);
  }
  signals.detach();
  if (!request.suppressOutputs && kind === "update") display.outputs(run.stackOutputs());
  const seconds = (Date.now() - startedMs) / 1000;
  if (hasBegun) events.summary(seconds, failure ? "failed" : "succeeded");
  else events.end(seconds);
  await events.close();
  if (!isPreview) await addHistory(request, { startedMs, changes: events.changes, config: stackConfig, failure });
  if (failure) throw failure;
}

interface Ended {
  startedMs: number;
  changes: Events["changes"];
  config: StackConfig;
  failure: unknown;
}

async function addHistory({ backend, name, options, execKind }: OperationRequest, ended: Ended): Promise<void> {
  const config = [...ended.config.values()].map(([key, value]) => {
    return [key, value.ciphertext !== undefined ? { secure: value.ciphertext } : (value.object ?? value.text)];
  });
  const entry = {
    kind: options.kind,
    startTime: Math.floor(ended.startedMs / 1000),
    message: "",
    environment: { "exec.kind": execKind },
    config: Object.fromEntries(config) as object,
    version: 0,
    result: ended.failure ? "failed" : "succeeded",
    endTime: Math.floor(Date.now() / 1000),
    resourceChanges: ended.changes,
  };
  try {
    await backend.addHistory(name, entry);
  } catch (error) {
    // The operation itself is recorded; a failed one has its own message.
    if (!ended.failure) throw new CommandFailure(`saving update info: ${messageOf(error)}`);
  }
}
