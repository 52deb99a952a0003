/**
 * Drafts are held against the same checks that a preview makes. What can't stand is taken out and told; what is missing and
 * has to be there becomes a question to whoever runs the program.
 */
import { cloudCatalog } from "../../provider/registry";
import { findProblems } from "../model/config";
import type { Problem } from "../model/errors";
import type { Built } from "./build";
import type { Draft, Expression } from "./draft";
import { fieldAt, takes, type KnownFields } from "./known-fields";

/** Taking one field out may make another one wrong; a draft has fewer fields than this. */
const roundsMax = 60;

export function judgeDrafts({ drafts, ...context }: Built): void {
  for (const draft of drafts) {
    const judge = new Judge(draft, context);
    for (let round = 0; round < roundsMax; round += 1) if (!judge.improve()) break;
  }
}

class Judge {
  private readonly known: KnownFields;

  constructor(
    private readonly draft: Draft,
    private readonly context: Omit<Built, "drafts">,
  ) {
    this.known = context.fields.ofDraft(draft);
  }

  /** Handles the first problem that something can be done about. False: there is none. */
  improve(): boolean {
    const problems = findProblems(this.draft.kind, documentOf(this.draft, this.known), cloudCatalog());
    return problems.some((problem) => this.handle(problem));
  }

  private handle(problem: Problem): boolean {
    const path = problem.path.replace(/^settings\./, "").replace(/\[\d+\]/g, "");
    const field = [...this.draft.fields.keys()].find((name) => path === name || path.startsWith(`${name}.`));
    return field === undefined ? this.ask(path, problem) : this.correct(field, problem);
  }

  private correct(field: string, { message }: Problem): boolean {
    const { draft, known, context } = this;
    const { expression, column } = draft.fields.get(field)!;
    if (expression.is === "asked" || (expression.is === "secret" && expression.value === undefined)) return false;
    const isRequired = fieldAt(known, field)?.isRequired ?? false;
    const isSecret = expression.is === "secret";
    const why = isSecret ? "Headroom does not take it so" : message.replace(/^got .*?; /, "");
    const value = isSecret || context.secrets.touches(valueOf(expression)) ? undefined : textOf(valueOf(expression));
    const note = { what: column || field, row: draft.name, value };
    if (isSecret && !takes(known, field, expression.value)) {
      draft.fields.set(field, { column, expression: { ...expression, value: undefined } });
      context.notCarried.add({ ...note, why: `${why}: set a good one by the configuration ${expression.key}` });
      return true;
    }
    draft.fields.delete(field);
    context.notCarried.add({ ...note, why: column === "" ? `what holds there without it: ${why}` : why });
    return isRequired ? this.ask(field, { path: field, message }) : true;
  }

  /** A field that has to be there: the program asks for it. */
  private ask(path: string, { message }: Problem): boolean {
    const { draft, known, context } = this;
    const field = path.split(".")[0]!;
    const at = fieldAt(known, field);
    if (at === undefined || draft.fields.has(field) || (!at.isRequired && !/required|is missing/.test(message)))
      return false;
    const columns = Object.entries(draft.row.table.columns).filter(([, column]) => column.field === field);
    const example = columns.find(([, column]) => column.example !== undefined)?.[1].example;
    const key = context.keys.unique(`${draft.name}-${field}`);
    const expression: Expression = at.isSecret
      ? { is: "secret", key, value: undefined, isObject: false }
      : { is: "asked", key, example: Array.isArray(example) || at.type.is !== "list" ? example : [example] };
    draft.fields.set(field, { expression, column: "" });
    const what = columns[0] === undefined ? field : `${draft.row.table.name}.${columns[0][0]}`;
    context.notCarried.add({
      what,
      row: draft.name,
      why: `${field} is needed here: say it by the configuration ${key}`,
    });
    return true;
  }
}

/** The document that the program will declare, as far as it is known; asked values by their examples. */
export function documentOf(draft: Draft, known: KnownFields): Record<string, unknown> {
  const doc: Record<string, unknown> = { name: draft.name };
  if (draft.kind === "autoscaleConfig")
    doc["type"] = draft.component === "ServerAutoscaleConfig" ? "server" : "dockerAgent";
  const settings: Record<string, unknown> = {};
  const isSetting = (field: string): boolean =>
    draft.cloud !== undefined && !Object.hasOwn(ownShape(known), field.split(".")[0]!);
  if (draft.cloud !== undefined) Object.assign(doc, { kind: draft.cloud, settings });
  for (const [field, { expression }] of draft.fields) {
    const value = valueOf(expression);
    if (value !== undefined) put(isSetting(field) ? settings : doc, field.split("."), value);
  }
  return doc;
}

function ownShape({ schemas }: KnownFields): object {
  return (schemas[0] as { readonly shape?: object }).shape ?? {};
}

function put(into: Record<string, unknown>, [step, ...rest]: readonly string[], value: unknown): void {
  if (step === undefined) return;
  if (rest.length === 0) {
    into[step] = value;
    return;
  }
  const inner = (into[step] ?? {}) as Record<string, unknown>;
  into[step] = inner;
  put(inner, rest, value);
}

function valueOf(expression: Expression): unknown {
  switch (expression.is) {
    case "literal":
      return expression.value;
    case "secret":
      return expression.value;
    case "asked":
      return expression.example;
    case "reference":
      return expression.isList ? [expression.to.name] : expression.to.name;
    case "references":
      return expression.to.map(({ name }) => name);
    case "script":
      return expression.text;
    default:
      return expression satisfies never;
  }
}

function textOf(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
