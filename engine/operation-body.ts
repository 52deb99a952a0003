/**
 * One operation from the reading of its state to its entry in the history: configuration, events, what runs, the result.
 * The rule kept: a listener, a terminal or a parent that is gone never costs a record.
 */
import { Display } from "./display";
import type { EnginePort } from "./engine-port";
import { openEventLog } from "./event-log";
import { Events } from "./events";
import { CommandFailure, exitCodes, messageOf } from "./failure";
import { openState } from "./open-state";
import { createMask } from "./mask";
import type { OperationRequest } from "./operation-request";
import { type PlainConfig, type Project, readConfig, type StackConfig } from "./project";
import { refuseUnknownTargets, refuseWithoutProgram } from "./refusals";
import type { Signals } from "./signals";

const titles = { update: "Updating", refresh: "Refreshing", destroy: "Destroying" } as const;
const previewTitles = {
  update: "Previewing update",
  refresh: "Previewing refresh",
  destroy: "Previewing destroy",
} as const;

/** What there is already when the rest is loaded. */
export interface Begun {
  startedMs: number;
  stackConfig: StackConfig;
  port: EnginePort;
  signals: Signals;
}

export async function runBegun(request: OperationRequest, begun: Begun): Promise<void> {
  const { backend, name, options, project } = request;
  const { startedMs, stackConfig, port, signals } = begun;
  const opening = openState(backend, name, stackConfig);
  opening.catch(() => undefined);
  const running = require("./run") as typeof import("./run");
  const inlineHost = running.connectProgram(request);
  const { state, crypter } = await opening;
  const config = await readConfig(project, stackConfig, crypter);
  addConfig(config, request.config, project);

  const mask = createMask(config.secretTexts);
  const display = new Display(options.isPreview, mask);
  display.print(`${(options.isPreview ? previewTitles : titles)[options.kind]} (${name.stack}):\n\n`);
  const log = request.eventLog === undefined ? undefined : openEventLog(request.eventLog);
  const events = new Events({
    log,
    display,
    isPreview: options.isPreview,
    isRefresh: options.kind === "refresh",
    mask,
  });
  const beginning = { port, inlineHost };
  const run = new running.Run(request, { events, display, state, crypter, config, beginning });
  signals.attach(run);
  const shown = [...config.values].map(([key, value]) => [key, config.secretKeys.includes(key) ? "[secret]" : value]);
  let failure: Error | undefined;
  let hasBegun = false;
  try {
    if (options.kind === "destroy") refuseWithoutProgram(state.resources, events);
    refuseUnknownTargets(options.targets, state.resources);
    events.prelude(Object.fromEntries(shown) as Record<string, string>);
    hasBegun = true;
    await Promise.race([run.execute(), run.terminated]);
  } catch (error) {
    failure = error as Error;
    failure.message = mask(failure.message);
  }
  signals.close();
  if (!request.suppressOutputs && options.kind === "update") display.outputs(run.stackOutputs());
  const seconds = (Date.now() - startedMs) / 1000;
  if (hasBegun) events.summary(seconds, failure ? "failed" : "succeeded");
  else events.end(seconds);
  await events.close();
  if (!options.isPreview)
    await addHistory(request, { startedMs, changes: events.changes, config: stackConfig, failure });
  if (failure) throw failure;
  const changed = Object.entries(events.changes).some(([op, count]) => op !== "same" && count > 0);
  if (request.expectNoChanges && changed) {
    throw new CommandFailure("no changes were expected but changes occurred", exitCodes.noChanges);
  }
}

function addConfig(config: PlainConfig, pairs: string[], project: Project): void {
  for (const pair of pairs) {
    const [key = "", ...rest] = pair.split("=");
    config.values.set(key.includes(":") ? key : `${project.name}:${key}`, rest.join("="));
  }
}

interface Ended {
  startedMs: number;
  changes: Events["changes"];
  config: StackConfig;
  failure: unknown;
}

async function addHistory(
  { backend, name, options, message, execKind }: OperationRequest,
  ended: Ended,
): Promise<void> {
  const config = [...ended.config.values()].map(([key, value]) => {
    return [key, value.ciphertext !== undefined ? { secure: value.ciphertext } : (value.object ?? value.text)];
  });
  const entry = {
    kind: options.kind,
    startTime: Math.floor(ended.startedMs / 1000),
    message,
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
