/**
 * What a person reads: one line per step that changes something, the messages, the totals.
 * The rule kept: output is a courtesy; when nobody reads it (a broken pipe) the operation goes on.
 */
import { encodeValue, hideSecrets } from "../state/stored-state";
import { isDefaultProvider, urnName } from "../state/urn";
import type { PropertyMap } from "../state/values";
import type { Mask } from "./mask";
import { type Step, type StepOp, stepState } from "./step";

/** How serious a message is; `info#err` is a line that the program wrote to its error output. */
export type Severity = "debug" | "info" | "info#err" | "warning" | "error";

const words: Partial<Record<StepOp, { sign: string; doing: string; done: string }>> = {
  create: { sign: "+", doing: "creating", done: "created" },
  update: { sign: "~", doing: "updating", done: "updated" },
  delete: { sign: "-", doing: "deleting", done: "deleted" },
  "create-replacement": { sign: "++", doing: "creating replacement", done: "created replacement" },
  "delete-replaced": { sign: "--", doing: "deleting original", done: "deleted original" },
  read: { sign: ">", doing: "reading", done: "read" },
  refresh: { sign: "~", doing: "refreshing", done: "refreshed" },
};
const totals: Partial<Record<StepOp, string>> = {
  create: "+ %d created",
  update: "~ %d updated",
  delete: "- %d deleted",
  replace: "+-%d replaced",
  same: "%d unchanged",
};

export class Display {
  private readonly messages = new Map<string, string[]>();
  private errors = 0;

  constructor(
    private readonly isPreview: boolean,
    private readonly mask: Mask,
  ) {}

  before(step: Step): void {
    if (!this.isPreview) this.line(step, step.op, "doing");
  }

  after(step: Step, op: StepOp): void {
    this.line(step, op, "done");
  }

  failed(step: Step): void {
    const { type, urn } = stepState(step);
    this.errors++;
    this.print(
      ` ${words[step.op]?.sign ?? " "}  ${type} ${urnName(urn)} **${words[step.op]?.doing ?? step.op} failed**\n`,
    );
  }

  private line(step: Step, op: StepOp, word: "doing" | "done"): void {
    const shown = words[op];
    const { type, urn } = stepState(step);
    if (!shown || isDefaultProvider(urn)) return;
    const diff = step.diffs.length > 0 ? ` [diff: ${step.diffs.map((key) => `~${key}`).join("")}]` : "";
    this.print(` ${shown.sign}  ${type} ${urnName(urn)} ${this.isPreview ? op : shown[word]}${diff}\n`);
  }

  diagnostic(severity: Severity, text: string, urn: string | undefined): void {
    if (severity === "debug") return;
    const place = urn ? `${urn.split("::")[2] ?? ""} (${urnName(urn)})` : "pulumi:pulumi:Stack";
    const label = severity.startsWith("info") ? "" : `${severity}: `;
    const message = `${label}${text.trimEnd()}`;
    this.messages.set(place, [...(this.messages.get(place) ?? []), message]);
    this.print(`    ${message.split("\n")[0]}\n`);
  }

  summary(changes: Partial<Record<StepOp, number>>, seconds: number): void {
    if (this.messages.size > 0) {
      this.print("Diagnostics:\n");
      for (const [place, messages] of this.messages) {
        this.print(`  ${place}:\n${messages.map((text) => `    ${text.replaceAll("\n", "\n    ")}\n`).join("")}\n`);
      }
    }
    this.print("Resources:\n");
    for (const [op, text] of Object.entries(totals)) {
      const count = changes[op as StepOp] ?? 0;
      const told = this.isPreview ? text.replace(/(create|update|delete|replace)d$/, "to $1") : text;
      if (count > 0) this.print(`    ${told.replace("%d", String(count))}\n`);
    }
    if (this.errors > 0) this.print(`    ${this.errors} errored\n`);
    if (!this.isPreview) this.print(`\nDuration: ${Math.ceil(seconds)}s\n`);
  }

  outputs(outputs: PropertyMap): void {
    const names = Object.keys(outputs).sort();
    if (names.length === 0) return;
    this.print("Outputs:\n");
    for (const name of names) this.print(`    ${name}: ${JSON.stringify(shownValue(outputs, name))}\n`);
    this.print("\n");
  }

  print(text: string): void {
    process.stdout.write(this.mask(text));
  }
}

function shownValue(outputs: PropertyMap, name: string): unknown {
  return hideSecrets(encodeValue(outputs[name] ?? null, "blinded"));
}
