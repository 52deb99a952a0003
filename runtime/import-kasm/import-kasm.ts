/** `headroom import kasm`: what an administrator exported from Kasm, or wrote for it, as a Pulumi program for Headroom. */
import { basename } from "node:path";
import { buildDrafts } from "./build";
import type { DayNumbers } from "./convert";
import type { NotCarried } from "./draft";
import { judgeDrafts } from "./judge";
import { programSource } from "./program";
import {
  askedOf,
  notCarriedSource,
  packageSource,
  pulumiSource,
  readmeSource,
  tsconfigSource,
  type Asked,
} from "./project";
import { readRows, type OtherPart } from "./rows";
import { parseSource } from "./source-file";

export interface Import {
  /** Text by path within the program's folder. */
  readonly files: ReadonlyMap<string, string>;
  /** How many definitions of each kind of component. */
  readonly counts: Readonly<Record<string, number>>;
  readonly notCarried: readonly NotCarried[];
  /** Parts of the file that have nothing to do with scaling. */
  readonly others: readonly OtherPart[];
  readonly asked: readonly Asked[];
}

export interface ImportOptions {
  /** Its name, for what people read. */
  readonly file: string;
  /** Default: numbers of days are not understood. */
  readonly dayNumbers?: DayNumbers | undefined;
}

/** Throws a {@link ConfigError} with line and path for what can't be read. Writes nothing. */
export function importKasm(bytes: Uint8Array, { file, dayNumbers }: ImportOptions): Import {
  const source = parseSource(bytes, file);
  const { rows, others } = readRows(source);
  const built = buildDrafts(rows, source, { dayNumbers });
  judgeDrafts(built);
  const asked = askedOf(built.drafts);
  const notCarried = built.notCarried.all;
  const fileName = basename(file).replace(/[^\w. -]/g, "_");
  const files = new Map([
    ["index.ts", programSource(built, fileName)],
    ["Pulumi.yaml", pulumiSource],
    ["package.json", packageSource()],
    ["tsconfig.json", tsconfigSource],
    ["README.md", readmeSource(asked, fileName)],
    ["NOT-CARRIED.md", notCarriedSource(notCarried, others)],
  ]);
  const counts: Record<string, number> = {};
  for (const { component, fields } of built.drafts) {
    counts[component] = (counts[component] ?? 0) + 1;
    for (const { expression } of fields.values())
      if (expression.is === "script") files.set(expression.file, expression.text);
  }
  return { files, counts, notCarried, others, asked };
}
