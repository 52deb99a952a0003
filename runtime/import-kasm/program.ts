/** Drafts as a Pulumi program. */
import type { Built } from "./build";
import type { Draft, Expression } from "./draft";
import { fieldAt, typeText, type KnownFields } from "./known-fields";
import { inOneLine } from "./one-line";
import type { Secrets } from "./secrets";
import { pieceOf, statementSource, type Piece } from "./typescript-source";
import type { Field } from "../../provider/kernel/setting-fields";
import type { DefinitionKind } from "../model/config";

/** In the order in which they refer to each other, with the line above them. */
const parts: readonly (readonly [DefinitionKind, string])[] = [
  ["zone", "Where new VMs reach the runtime, and how sessions are placed."],
  ["dnsProviderConfig", "Where the records of nodes go."],
  ["ldapConfig", "Active Directories in which servers get computer records."],
  ["vmProviderConfig", "What a VM is, and how many of them there may ever be."],
  ["pool", "Sets of like nodes."],
  ["workspace", "What sessions run, and what they need."],
  ["autoscaleConfig", "How many nodes there are, and when they come and go."],
  ["schedule", "When autoscale configs are active."],
  ["stagingConfig", "Sessions that run before anybody asks for them."],
];

export function programSource({ drafts, secrets, fields: book }: Built, fileName: string): string {
  const referred = new Set(
    drafts.flatMap(({ fields }) => [...fields.values()].flatMap(({ expression }) => targetsOf(expression))),
  );
  const sections = parts.flatMap(([kind, comment]) => {
    const own = drafts.filter((draft) => draft.kind === kind);
    if (own.length === 0) return [];
    return [
      `// ${comment}\n${own.map((draft) => draftSource(draft, book.ofDraft(draft), { isReferred: referred.has(draft), secrets })).join("\n")}`,
    ];
  });
  const expressions = drafts.flatMap(({ fields }) => [...fields.values()].map(({ expression }) => expression.is));
  const usesConfig = expressions.some((is) => is === "secret" || is === "asked");
  const usesScripts = expressions.includes("script");
  const imports = [
    ...(usesScripts ? ['import { readFileSync } from "node:fs";', 'import { join } from "node:path";'] : []),
    ...(usesConfig ? ['import * as pulumi from "@pulumi/pulumi";'] : []),
    'import * as headroom from "pulumi-headroom";',
  ];
  return [
    `// Made by \`headroom import kasm\` from ${fileName}.\n// README.md tells how to run it, NOT-CARRIED.md what could not come along.\n${imports.join("\n")}`,
    ...(usesConfig ? ["const config = new pulumi.Config();"] : []),
    ...(usesScripts ? [scriptFunction] : []),
    `${sections.join("\n\n")}\n`,
  ].join("\n\n");
}

const scriptFunction = `/** A startup script of this folder. */
function script(file: string): string {
  return readFileSync(join(__dirname, file), "utf8");
}`;

function targetsOf(expression: Expression): readonly Draft[] {
  if (expression.is === "reference") return [expression.to];
  return expression.is === "references" ? expression.to : [];
}

function draftSource(
  draft: Draft,
  known: KnownFields,
  { isReferred, secrets }: { readonly isReferred: boolean; readonly secrets: Secrets },
): string {
  const nested = new Map<string, [string, Piece][]>();
  const fields: [string, Piece][] = [];
  const inOrder = [...draft.fields].sort(([a], [b]) => placeOf(known.fields, a) - placeOf(known.fields, b));
  for (const [path, { expression }] of inOrder) {
    const piece = pieceOfExpression(expression, fieldAt(known, path)!);
    const [outer, inner] = path.split(".");
    if (inner === undefined) fields.push([outer!, piece]);
    else if (nested.has(outer!)) nested.get(outer!)!.push([inner, piece]);
    else {
      const members: [string, Piece][] = [[inner, piece]];
      nested.set(outer!, members);
      fields.push([outer!, { object: members }]);
    }
  }
  const { label } = draft.row;
  const isToldApart = label !== undefined && label !== draft.name && label !== draft.row.id && !secrets.touches(label);
  const comment = isToldApart ? `// In Kasm: ${inOneLine(label).slice(0, 60).trim()}\n` : "";
  const variable = isReferred ? draft.variable : undefined;
  return `${comment}${statementSource({ variable, type: `headroom.${draft.component}`, name: draft.name, fields })}`;
}

function placeOf(fields: readonly Field[], path: string): number {
  return fields.findIndex(({ name }) => name === path.split(".")[0]);
}

function pieceOfExpression(expression: Expression, field: Field): Piece {
  switch (expression.is) {
    case "literal":
      return pieceOf(expression.value);
    case "secret":
      return {
        call: expression.isObject ? `config.requireSecretObject<${typeOf(field)}>` : "config.requireSecret",
        argument: expression.key,
      };
    case "asked":
      return { call: askingCall(field), argument: expression.key };
    case "reference": {
      const name: Piece = { code: `${expression.to.variable}.name` };
      return expression.isList ? { list: [name] } : name;
    }
    case "references":
      return { list: expression.to.map(({ variable }) => ({ code: `${variable}.name` })) };
    case "script":
      return { call: "script", argument: expression.file };
    default:
      return expression satisfies never;
  }
}

function askingCall(field: Field): string {
  switch (field.type.is) {
    case "integer":
    case "number":
      return "config.requireNumber";
    case "boolean":
      return "config.requireBoolean";
    case "string":
      return "config.require";
    case "choice":
      return `config.require<${typeOf(field)}>`;
    default:
      return `config.requireObject<${typeOf(field)}>`;
  }
}

/** By the name that programs have for it where that is shorter. */
function typeOf({ name, type }: Field): string {
  const named: Readonly<Record<string, string>> = { days: "headroom.Weekday[]" };
  if (name === "type" && type.is === "choice") return "headroom.PoolType";
  return named[name] ?? typeText(type);
}
