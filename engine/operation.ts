/**
 * Puts one operation together: lock, state, configuration, program, providers, events; and takes it apart again.
 * The rules kept:
 *  - the lock is taken before the state is read and released after the last write, however the operation ends;
 *  - nothing waits for what it does not need: plugins start while modules load and the key of the secrets is derived;
 *  - the first SIGINT, SIGTERM or SIGHUP lets what runs finish, the second ends at once with the pending operations in the state;
 *  - a listener, a terminal or a parent that is gone never costs a record.
 */
import { type FileBackend, type StackName } from "./backend";
import type { DeploymentOptions } from "./deployment";
import { Display } from "./display";
import { EnginePort } from "./engine-port";
import { Events, openEventLog } from "./events";
import { CommandFailure, exitCodes, messageOf } from "./failure";
import { openState } from "./open-state";
import { PluginStarter } from "./plugin-process";
import { type PlainConfig, type Project, readConfig, StackConfig } from "./project";
import type { Run } from "./run";

export interface OperationRequest {
  backend: FileBackend;
  project: Project;
  name: StackName;
  options: Omit<DeploymentOptions, "project" | "stack">;
  /** Address of an inline program's host. */
  client: string | undefined;
  eventLog: string | undefined;
  configFile: string | undefined;
  /** Configuration given on the command line, `KEY=VALUE`. */
  config: string[];
  message: string;
  execKind: string;
  clearPendingCreates: boolean;
  suppressOutputs: boolean;
  expectNoChanges: boolean;
}

const titles = { update: "Updating", refresh: "Refreshing", destroy: "Destroying" } as const;
const previewTitles = {
  update: "Previewing update",
  refresh: "Previewing refresh",
  destroy: "Previewing destroy",
} as const;

export async function runOperation(request: OperationRequest): Promise<void> {
  const { backend, name, options } = request;
  backend.read(name);
  if (options.isPreview) return runUnlocked(request);
  await backend.lock(name);
  try {
    await runUnlocked(request);
  } finally {
    backend.unlock(name);
  }
}

async function runUnlocked(request: OperationRequest): Promise<void> {
  const port = new EnginePort();
  await port.listen();
  const starter = new PluginStarter(request.project, port.address);
  const signals = new Signals();
  try {
    await runBegun(request, port, starter, signals);
  } finally {
    signals.close();
    await starter.close();
    port.close();
  }
}

async function runBegun(
  request: OperationRequest,
  port: EnginePort,
  starter: PluginStarter,
  signals: Signals,
): Promise<void> {
  const { backend, name, options, project } = request;
  const startedMs = Date.now();
  const stackConfig = StackConfig.read(project, name.stack, request.configFile);
  for (const packageName of likelyPackages(request, stackConfig)) starter.startEarly(packageName);
  const opening = openState(backend, name, stackConfig);
  opening.catch(() => undefined);
  const running = require("./run") as typeof import("./run");
  const inlineHost = running.connectProgram(request);
  const { state, crypter } = await opening;
  const config = await readConfig(project, stackConfig, crypter);
  addConfig(config, request.config, project);

  const display = new Display(options.isPreview);
  display.print(`${(options.isPreview ? previewTitles : titles)[options.kind]} (${name.stack}):\n\n`);
  const log = request.eventLog === undefined ? undefined : openEventLog(request.eventLog);
  const events = new Events({ log, display, isPreview: options.isPreview, isRefresh: options.kind === "refresh" });
  const beginning = { port, starter, inlineHost };
  const run = new running.Run(request, { events, display, state, crypter, config, beginning });
  signals.attach(run);
  const shown = [...config.values].map(([key, value]) => [key, config.secretKeys.includes(key) ? "[secret]" : value]);
  events.prelude(Object.fromEntries(shown) as Record<string, string>);
  let failure: Error | undefined;
  try {
    await Promise.race([run.execute(), run.terminated]);
  } catch (error) {
    failure = error as Error;
  }
  signals.close();
  if (!request.suppressOutputs && options.kind === "update") display.outputs(run.stackOutputs());
  events.summary((Date.now() - startedMs) / 1000, failure ? "failed" : "succeeded");
  await events.close();
  if (!options.isPreview)
    await addHistory(request, { startedMs, changes: events.changes, config: stackConfig, failure });
  if (failure) throw failure;
  const changed = Object.entries(events.changes).some(([op, count]) => op !== "same" && count > 0);
  if (request.expectNoChanges && changed) {
    throw new CommandFailure("no changes were expected but changes occurred", exitCodes.noChanges);
  }
}

/**
 * Packages whose plugins will surely be asked for: those of the resources there are; without any, those the project
 * brings along. A plugin with configuration of its own has to wait for the key that opens it.
 */
function likelyPackages({ backend, name, options, project, config }: OperationRequest, stack: StackConfig): string[] {
  const types = backend.read(name).matchAll(/"type":\s*"pulumi:providers:([^"]+)"/g);
  const used = new Set([...types].map(([, packageName = ""]) => packageName));
  const isNew = used.size === 0 && options.kind === "update";
  const packages = isNew ? project.plugins.map((plugin) => plugin.name) : [...used];
  const keys = [...Object.keys(project.config), ...stack.values().keys(), ...config];
  const isConfigured = (packageName: string): boolean => keys.some((key) => key.startsWith(`${packageName}:`));
  return packages.filter((packageName) => packageName !== "pulumi" && !isConfigured(packageName));
}

function addConfig(config: PlainConfig, pairs: string[], project: Project): void {
  for (const pair of pairs) {
    const [key = "", ...rest] = pair.split("=");
    config.values.set(key.includes(":") ? key : `${project.name}:${key}`, rest.join("="));
  }
}

/** A terminal that closes asks for the same as Ctrl-C. */
const cancelSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Tells the operation of signals; those that come before it can run wait for it. */
class Signals {
  private count = 0;
  private run: Run | undefined;

  constructor() {
    for (const signal of cancelSignals) process.on(signal, this.onSignal);
  }

  attach(run: Run): void {
    this.run = run;
    // A defect of ours must not cost the record of what is running: it ends the operation like any other failure.
    process.on("uncaughtException", this.onDefect).on("unhandledRejection", this.onDefect);
    if (this.count > 0) run.cancel();
    if (this.count > 1) void run.terminate();
  }

  close(): void {
    process.off("uncaughtException", this.onDefect).off("unhandledRejection", this.onDefect);
    for (const signal of cancelSignals) process.off(signal, this.onSignal);
  }

  private readonly onSignal = (): void => {
    this.count++;
    if (this.count === 1) this.run?.cancel();
    if (this.count === 2) void this.run?.terminate();
  };

  private readonly onDefect = (error: unknown): void => this.run?.fail(error);
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
