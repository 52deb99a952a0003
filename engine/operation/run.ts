/**
 * The running parts of one operation: program, monitor, providers, state.
 * The rule kept: a Ctrl-C lets what runs finish; a second one leaves it in the state as pending.
 */
import { DeploymentContext } from "../deployment/context";
import { Deployment, type ProgramEnd } from "../deployment/deployment";
import { HookRegistry } from "../deployment/hooks";
import { Snapshot } from "../deployment/snapshot";
import { CommandFailure, exitCodes, NotSupported } from "../failure";
import { type ProgramOptions, runInline, runNodeProgram } from "../program/language-host";
import { Monitor } from "../program/monitor";
import { PluginHost } from "../providers/plugin-host";
import { ProviderRegistry } from "../providers/registry";
import { qualifiedName } from "../stack/backend";
import type { PlainConfig } from "../stack/project";
import type { Crypter } from "../stack/secrets";
import type { ResourceState, StackState } from "../state/resource";
import { stateFormat } from "../state/stored-state";
import { rootStackType } from "../state/urn";
import type { PropertyMap } from "../state/values";
import type { Events } from "../steps/events";
import type { OperationRequest } from "./request";
import type { Interruptible } from "./signals";

/** Time the program has to end after the operation has. */
const programEndMs = 5000;

export interface RunParts {
  events: Events;
  state: StackState;
  crypter: Crypter;
  config: PlainConfig;
}

export class Run implements Interruptible {
  private readonly hooks = new HookRegistry();
  private readonly host: PluginHost;
  private readonly context: DeploymentContext;
  private readonly deployment: Deployment;
  private readonly monitor: Monitor;
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
    const write = (text: string, resources: readonly ResourceState[]): Promise<void> => {
      const head = JSON.stringify(stateFormat(resources)).slice(0, -1);
      return backend.write(name, `${head},"checkpoint":{"stack":${JSON.stringify(stack)},"latest":${text}}}`);
    };
    this.snapshot = options.isPreview ? undefined : new Snapshot({ base: state, crypter, write });
    if (request.clearPendingCreates) {
      this.snapshot?.clearPending();
      state.pendingOperations = [];
    }
    this.context = new DeploymentContext({
      options: { ...options, project: project.name, stack: name.stack },
      state,
      snapshot: this.snapshot,
      providers: new ProviderRegistry((name, version) => this.host.load(name, version), options.isPreview),
      hooks: this.hooks,
      events,
    });
    this.deployment = new Deployment(this.context, () => this.closeProgram());
    this.monitor = new Monitor({ hooks: this.hooks, deployment: this.deployment, project, config });
  }

  async execute(): Promise<void> {
    try {
      await this.monitor.listen();
      await this.deployment.run(this.request.options.kind === "update" ? () => this.startProgram() : undefined);
    } finally {
      this.monitor.release();
      await this.host.close();
      this.monitor.close();
      this.hooks.close();
    }
  }

  /** First signal: nothing new, providers are asked to stop. */
  cancel(): void {
    this.parts.events.stdout(
      "^C received; cancelling. If you would like to terminate immediately, press ^C again.\n" +
        "Note that terminating immediately may lead to orphaned resources and other inconsistencies.\n\n",
    );
    this.context.stop("canceled");
    void this.host.cancel();
  }

  /** Something broke: nothing new begins, what runs is finished and recorded. */
  fail(error: unknown): void {
    this.context.failNow(error);
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

  stackOutputs(): PropertyMap {
    const states = [...this.context.news.values()];
    return states.find(({ type }) => type === rootStackType)?.outputs ?? {};
  }

  private startProgram(): Promise<ProgramEnd> {
    const { project, options, name, client } = this.request;
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
