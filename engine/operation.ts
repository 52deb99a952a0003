/**
 * Puts one operation together: lock, state, configuration, program, providers, events; and takes it apart again.
 * The rules kept:
 *  - the lock is taken before the state is read and released after the last write, however the operation ends;
 *  - the first SIGINT, SIGTERM or SIGHUP lets what runs finish, the second ends at once with the pending operations in the state;
 *  - a listener, a terminal or a parent that is gone never costs a record.
 */
import { type FileBackend, qualifiedName, type StackName } from "./backend";
import { Deployment, type DeploymentOptions, type ProgramEnd } from "./deployment";
import { Display } from "./display";
import { Events, openEventLog } from "./events";
import { CommandFailure, exitCodes, messageOf, NotSupported } from "./failure";
import { type ProgramOptions, runInline, runNodeProgram } from "./language-host";
import { Monitor } from "./monitor";
import { PluginHost } from "./plugin-host";
import { type PlainConfig, type Project, readConfig, StackConfig } from "./project";
import type { Provider } from "./provider";
import { ProviderRegistry } from "./provider-registry";
import { openState } from "./open-state";
import type { Crypter } from "./secrets";
import { Snapshot } from "./snapshot";
import type { Deployment as State } from "./state";
import { rootStackType } from "./urn";

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

/** Time the program has to end after the operation has. */
const programEndMs = 5000;

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
  const { backend, name, options, project } = request;
  const startedMs = Date.now();
  const stackConfig = StackConfig.read(project, name.stack, request.configFile);
  const { state, crypter } = await openState(backend, name, stackConfig);
  const config = await readConfig(project, stackConfig, crypter);
  addConfig(config, request.config, project);

  const display = new Display(options.isPreview);
  display.print(`${(options.isPreview ? previewTitles : titles)[options.kind]} (${name.stack}):\n\n`);
  const log = request.eventLog === undefined ? undefined : openEventLog(request.eventLog);
  const events = new Events({ log, display, isPreview: options.isPreview, isRefresh: options.kind === "refresh" });
  const run = new Run(request, { events, display, state, crypter, config });
  const stopListening = listenForSignals(run);
  const shown = [...config.values].map(([key, value]) => [key, config.secretKeys.includes(key) ? "[secret]" : value]);
  events.prelude(Object.fromEntries(shown) as Record<string, string>);
  let failure: Error | undefined;
  try {
    await Promise.race([run.execute(), run.terminated]);
  } catch (error) {
    failure = error as Error;
  }
  stopListening();
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

function addConfig(config: PlainConfig, pairs: string[], project: Project): void {
  for (const pair of pairs) {
    const [key = "", ...rest] = pair.split("=");
    config.values.set(key.includes(":") ? key : `${project.name}:${key}`, rest.join("="));
  }
}

interface RunParts {
  events: Events;
  display: Display;
  state: State;
  crypter: Crypter;
  config: PlainConfig;
}

/** The running parts of one operation. */
class Run {
  private readonly monitor = new Monitor();
  private readonly host: PluginHost;
  private readonly deployment: Deployment;
  private readonly snapshot: Snapshot | undefined;
  private programEnded: Promise<ProgramEnd> | undefined;
  private killProgram: () => void = () => undefined;
  private giveUp: (error: Error) => void = () => undefined;
  /** Rejects when the user does not want to wait any longer. */
  readonly terminated = new Promise<never>((_resolve, reject) => (this.giveUp = reject));

  constructor(
    private readonly request: OperationRequest,
    private readonly parts: RunParts,
  ) {
    const { events, state, crypter, config } = parts;
    const { backend, name, options, project } = request;
    this.host = new PluginHost({
      project,
      config: config.values,
      engineAddress: () => this.monitor.address,
      warn: (message) => events.diagnostic("warning", message),
      output: (line) => events.diagnostic("info", line),
    });
    const stack = qualifiedName(name);
    const write = (text: string): Promise<void> =>
      backend.write(name, `{"version":3,"checkpoint":{"stack":${JSON.stringify(stack)},"latest":${text}}}`);
    this.snapshot = options.isPreview ? undefined : new Snapshot({ base: state, crypter, write });
    if (request.clearPendingCreates) {
      this.snapshot?.clearPending();
      state.pendingOperations = [];
    }
    this.deployment = new Deployment({
      options: { ...options, project: project.name, stack: name.stack },
      state,
      snapshot: this.snapshot,
      providers: new ProviderRegistry(
        (packageName, version) => this.loadProvider(packageName, version),
        options.isPreview,
      ),
      events,
      closeProgram: () => this.closeProgram(),
    });
  }

  async execute(): Promise<void> {
    const { options } = this.request;
    await this.monitor.listen();
    this.monitor.attach({ deployment: this.deployment, project: this.request.project, config: this.parts.config });
    try {
      await this.deployment.run(options.kind === "update" ? () => this.startProgram() : undefined);
    } finally {
      this.monitor.release();
      await this.host.close();
      this.monitor.close();
    }
  }

  /** First signal: nothing new, providers are asked to stop. */
  cancel(): void {
    this.parts.events.stdout(
      "^C received; cancelling. If you would like to terminate immediately, press ^C again.\n" +
        "Note that terminating immediately may lead to orphaned resources and other inconsistencies.\n\n",
    );
    this.deployment.stop("canceled");
    void this.host.cancel();
  }

  /** Something broke: nothing new begins, what runs is finished and recorded. */
  fail(error: unknown): void {
    this.deployment.failNow(error);
  }

  /** Second signal: nothing is waited for; what runs stays in the state as pending. */
  async terminate(): Promise<void> {
    const { events } = this.parts;
    events.stdout("^C received; terminating\n");
    events.silence();
    this.snapshot?.freeze();
    await this.snapshot?.close();
    this.monitor.release();
    await this.host.close();
    this.giveUp(new CommandFailure("update cancelled", exitCodes.canceled));
  }

  stackOutputs(): State["resources"][number]["outputs"] {
    const states = [...this.deployment.news.values()];
    return states.find(({ type }) => type === rootStackType)?.outputs ?? {};
  }

  private async loadProvider(packageName: string, version: string | undefined): Promise<Provider> {
    if (packageName !== "pulumi") return this.host.load(packageName, version);
    const { BuiltinProvider } = require("./builtin-provider") as typeof import("./builtin-provider");
    return new BuiltinProvider(this.deployment, this.request.backend, this.request.project);
  }

  private startProgram(): Promise<ProgramEnd> {
    const { project, client, options, name } = this.request;
    const { events, config } = this.parts;
    const program: ProgramOptions = {
      project,
      stack: name.stack,
      config,
      parallel: options.parallel,
      isPreview: options.isPreview,
      engineAddress: this.monitor.address,
      output: (line, isError) => events.diagnostic(isError ? "info#err" : "info", line),
    };
    if (client !== undefined) this.programEnded = runInline(client, program);
    else if (project.runtime === "nodejs") {
      const { ended, kill } = runNodeProgram(program);
      this.programEnded = ended;
      this.killProgram = kill;
    } else throw new NotSupported(`programs with the runtime "${project.runtime}"`);
    return Promise.race([this.monitor.signalled, this.programEnded]);
  }

  /** Answers what the program still waits for and lets it end. */
  private async closeProgram(): Promise<ProgramEnd> {
    this.monitor.release();
    if (!this.programEnded) return {};
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ProgramEnd>((resolve) => {
      timer = setTimeout(() => {
        this.killProgram();
        resolve({});
      }, programEndMs);
    });
    const end = await Promise.race([this.programEnded, late]);
    clearTimeout(timer);
    return end;
  }
}

/** A terminal that closes asks for the same as Ctrl-C. */
const cancelSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function listenForSignals(run: Run): () => void {
  let signals = 0;
  const onSignal = (): void => {
    signals++;
    if (signals === 1) run.cancel();
    if (signals === 2) void run.terminate();
  };
  // A defect of ours must not cost the record of what is running: it ends the operation like any other failure.
  const onDefect = (error: unknown): void => run.fail(error);
  process.on("uncaughtException", onDefect).on("unhandledRejection", onDefect);
  for (const signal of cancelSignals) process.on(signal, onSignal);
  return () => {
    process.off("uncaughtException", onDefect).off("unhandledRejection", onDefect);
    for (const signal of cancelSignals) process.off(signal, onSignal);
  };
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
