/**
 * Tells what happens: engine events for programs, text for people.
 * The rules kept: secrets are blinded; events come in the order things happened.
 */
import type { ResourceState } from "../state/resource";
import { encodeProperties } from "../state/stored-state";
import { isDefaultProvider } from "../state/urn";
import type { Display, Severity } from "./display";
import type { EventLog } from "./event-log";
import { type Mask, maskTexts } from "./mask";
import { type Step, type StepOp, stepState } from "./step";

const ansiCodes = /\x1b\[[0-9;]*[mK]/g;

export interface EventsOptions {
  log: EventLog | undefined;
  display: Display;
  isPreview: boolean;
  /** In a refresh each step is counted by what it found: unchanged, updated or deleted. */
  isRefresh: boolean;
  /** Hides the stack's secrets. */
  mask: Mask;
}

export class Events {
  /** Operation → how many resources it was done to. */
  readonly changes: Partial<Record<StepOp, number>> = {};
  private sequence = 0;
  private steps = 0;
  private isMaybeCorrupt = false;
  private isSilent = false;

  constructor(private readonly options: EventsOptions) {}

  prelude(config: Record<string, string>): void {
    this.write({ preludeEvent: { config } });
  }

  before(step: Step): void {
    this.write({ resourcePreEvent: { metadata: this.metadata(step, step.op), planning: this.planning } });
    this.options.display.before(step);
  }

  /** A step has ended well. */
  after(step: Step): void {
    const op = this.options.isRefresh ? (step.refreshed ?? step.op) : step.op;
    const state = stepState(step);
    const isInternal = step.op === "remove-pending-replace" || isDefaultProvider(state.urn);
    const isCounted =
      step.op === "read"
        ? isChangedRead(step)
        : step.logical || (this.options.isRefresh && step.refreshed !== undefined);
    if (isCounted && !isInternal) {
      this.steps++;
      this.changes[op] = (this.changes[op] ?? 0) + 1;
    }
    // Components report their outputs when they register them; deletions and refreshes have no later moment.
    if (state.custom || this.options.isPreview || step.op === "delete" || step.op === "refresh") this.outputs(step, op);
    this.options.display.after(step, op);
  }

  outputs(step: Step, op: StepOp = step.op): void {
    this.write({ resOutputsEvent: { metadata: this.metadata(step, op), planning: this.planning } });
  }

  failed(step: Step, status: "ok" | "partial" | "unknown"): void {
    if (status === "unknown") this.isMaybeCorrupt = true;
    const code = { ok: 0, partial: 1, unknown: 2 }[status];
    this.write({ resOpFailedEvent: { metadata: this.metadata(step, step.op), status: code, steps: this.steps } });
    this.options.display.failed(step);
  }

  diagnostic(severity: Severity, text: string, { urn, ephemeral }: { urn?: string; ephemeral?: boolean } = {}): void {
    const prefix = severity.startsWith("info") ? undefined : `${severity}: `;
    // Programs colour their messages for terminals; listeners get the words.
    const message = `${this.options.mask(text.replace(ansiCodes, ""))}\n`;
    this.write({
      diagnosticEvent: {
        urn: urn || undefined,
        prefix,
        message,
        color: "raw",
        severity,
        ephemeral: ephemeral || undefined,
      },
    });
    if (!ephemeral) this.options.display.diagnostic(severity, text, urn);
  }

  /** A message of the engine itself, such as the one after Ctrl-C. */
  stdout(message: string): void {
    this.write({ stdoutEvent: { message: this.options.mask(message), color: "raw" } });
    this.options.display.print(message);
  }

  /** Nothing but the summary is told after this: steps that end later were given up. */
  silence(): void {
    this.isSilent = true;
  }

  summary(seconds: number, result: "succeeded" | "failed"): void {
    this.isSilent = false;
    this.write({
      summaryEvent: {
        maybeCorrupt: this.isMaybeCorrupt,
        durationSeconds: Math.ceil(seconds),
        resourceChanges: this.changes,
        PolicyPacks: {},
        isPreview: this.options.isPreview,
        result,
      },
    });
    this.end(seconds);
  }

  /** The last event, also of an operation that was refused before it began. */
  end(seconds: number): void {
    this.write({ cancelEvent: {} });
    this.isSilent = true;
    this.options.display.summary(this.changes, seconds);
  }

  async close(): Promise<void> {
    await this.options.log?.close();
  }

  private get planning(): true | undefined {
    return this.options.isPreview || undefined;
  }

  private metadata(step: Step, op: StepOp): object {
    return metadata(step, op, this.options.mask);
  }

  private write(event: object): void {
    if (this.isSilent) return;
    this.options.log?.write({ sequence: this.sequence++, timestamp: Math.floor(Date.now() / 1000), ...event });
  }
}

/** Reading a resource again counts only when something about it has changed. */
function isChangedRead({ old, new: next }: Step): boolean {
  return old !== undefined && next !== undefined && JSON.stringify(old.outputs) !== JSON.stringify(next.outputs);
}

function metadata(step: Step, op: StepOp, mask: Mask): object {
  const state = stepState(step);
  return {
    op,
    urn: state.urn,
    type: state.type,
    old: stateMetadata(step.old, mask),
    new: stateMetadata(step.new, mask),
    keys: step.keys.length > 0 ? step.keys : undefined,
    diffs: step.diffs.length > 0 ? step.diffs : undefined,
    detailedDiff: step.detailed ?? null,
    logical: step.logical || undefined,
    provider: state.provider,
  };
}

function stateMetadata(state: ResourceState | undefined, mask: Mask): object | null {
  if (!state) return null;
  return {
    type: state.type,
    urn: state.urn,
    custom: state.custom || undefined,
    delete: state.delete || undefined,
    id: state.id,
    parent: state.parent,
    protect: state.protect || undefined,
    taint: state.taint || undefined,
    external: state.external || undefined,
    retainOnDelete: state.retainOnDelete || undefined,
    inputs: maskTexts(encodeProperties(state.inputs, "blinded") ?? {}, mask),
    outputs: maskTexts(encodeProperties(state.outputs, "blinded") ?? {}, mask),
    provider: state.provider,
    initErrors: state.initErrors.length > 0 ? state.initErrors : undefined,
  };
}
