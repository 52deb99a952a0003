/** The files around the program: what `npm install` and `pulumi up` need, and what a person reads. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Draft, NotCarried } from "./draft";
import { formatCount } from "../model/units";
import type { OtherPart } from "./rows";

export interface Asked {
  readonly key: string;
  readonly isSecret: boolean;
  /** What may be said; undefined = nothing to show. */
  readonly example: unknown;
  /** `zone default, upstreamAuthAddress`. */
  readonly what: string;
}

/** What whoever runs the program has to set, in its order. */
export function askedOf(drafts: readonly Draft[]): Asked[] {
  return drafts.flatMap((draft) =>
    [...draft.fields].flatMap(([field, { expression }]): Asked[] => {
      const what = `${draft.component} ${draft.name}, ${field}`;
      if (expression.is === "secret") return [{ key: expression.key, isSecret: true, example: undefined, what }];
      return expression.is === "asked"
        ? [{ key: expression.key, isSecret: false, example: expression.example, what }]
        : [];
    }),
  );
}

interface Manifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function packageSource(): string {
  const manifest = JSON.parse(readFileSync(join(__dirname, "..", "..", "..", "package.json"), "utf8")) as Manifest;
  const dependencies = {
    "@pulumi/pulumi": manifest.peerDependencies["@pulumi/pulumi"],
    "pulumi-headroom": manifest.version,
  };
  const devDependencies = {
    "@types/node": manifest.devDependencies["@types/node"],
    typescript: manifest.devDependencies["typescript"],
  };
  return jsonSource({ name: "from-kasm", private: true, main: "index.ts", dependencies, devDependencies });
}

export const tsconfigSource = jsonSource({
  compilerOptions: { target: "es2023", module: "node20", strict: true, skipLibCheck: true, types: ["node"] },
  include: ["index.ts"],
});

export const pulumiSource = `name: from-kasm
description: Imported from Kasm Workspaces
runtime: nodejs
main: index.ts
`;

function jsonSource(value: object): string {
  return `${JSON.stringify(value, undefined, 2).replace(/\[\s+("[^"]*")\s+\]/g, "[$1]")}\n`;
}

export function readmeSource(asked: readonly Asked[], fileName: string): string {
  const secrets = asked.filter(({ isSecret }) => isSecret);
  const open = asked.filter(({ isSecret }) => !isSecret);
  return [
    "# From Kasm",
    `A Pulumi program that declares to Headroom what \`${fileName}\` declared to Kasm. \`NOT-CARRIED.md\` lists what could not\n` +
      "come along. A field with the value that Headroom takes without it is left out.",
    "## Run it",
    "```sh\nnpm install\npulumi stack init dev\npulumi config set headroom:endpoint http://127.0.0.1:8700\npulumi config set --secret headroom:apiKey\n```",
    ...(secrets.length === 0
      ? []
      : [
          "Secrets are not in the program; each command asks for its value (one of several lines comes from a file: `< file`):",
          `\`\`\`sh\n${secrets.map(({ key, what }) => `pulumi config set --secret ${key} # ${what}`).join("\n")}\n\`\`\``,
        ]),
    ...(open.length === 0
      ? []
      : [
          "These the file does not say, or not in a way that means something here; the values are examples:",
          `\`\`\`sh\n${open.map((one) => `pulumi config set ${one.key} ${exampleOf(one)} # ${one.what}`).join("\n")}\n\`\`\``,
        ]),
    "Then `pulumi preview` says whether Headroom takes it all, and `pulumi up` declares it.\n",
  ].join("\n\n");
}

function exampleOf({ example }: Asked): string {
  const text = typeof example === "string" ? example : (JSON.stringify(example) ?? "...");
  return /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function notCarriedSource(notCarried: readonly NotCarried[], others: readonly OtherPart[]): string {
  const rows = notCarried.map(({ what, rows: names, values, why }) =>
    [`\`${what}\``, listed(names), values.length === 0 ? "" : listed(values.map((value) => `\`${value}\``)), why]
      .map(asCell)
      .join(" | "),
  );
  const parts = others.map(({ name, rowCount, columns }) => {
    const named = columns.length === 0 ? "" : `: ${columns.slice(0, 60).join(", ")}`;
    return `- \`${name}\` (${formatCount(rowCount, "entry")})${named}`.replace("entrys", "entries");
  });
  return [
    "# What could not come along",
    rows.length === 0
      ? "Everything that has to do with scaling did."
      : `| in Kasm | of | value | why, and what to do |\n| --- | --- | --- | --- |\n${rows.map((row) => `| ${row} |`).join("\n")}`,
    ...(parts.length === 0 ? [] : ["## Not about scaling", parts.join("\n")]),
    "",
  ].join("\n\n");
}

/** The first few, and how many more there are. */
function listed(texts: readonly string[]): string {
  const most = 12;
  const more = texts.length - most;
  return `${texts.slice(0, most).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function asCell(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|");
}
