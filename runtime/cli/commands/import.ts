/** `headroom import kasm`: a Pulumi program from what an administrator exported from Kasm. Needs no runtime. */
import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import type { Import } from "../../import-kasm/import-kasm";
import { messageOf, SetupError } from "../../model/errors";
import { formatCount } from "../../model/units";
import { globalOptions } from "../connection";
import { formatCounts, formatTable, print } from "../output";

interface ImportCommandOptions {
  readonly out: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly dayNumbers?: "monday-0" | "sunday-0" | "monday-1";
}

export function addImport(program: Command): void {
  program
    .command("import")
    .summary("make a Pulumi program from the settings of another product")
    .description("Makes a Pulumi program from the settings of another product. Needs no runtime.")
    .addHelpText("after", "\nExample:\n  $ headroom import kasm export_data.yaml\n")
    .command("kasm")
    .summary("from Kasm Workspaces")
    .description(
      "Reads a configuration of Kasm Workspaces: the export_data.yaml of an export, values of its Helm chart, or an older " +
        "preseed. Writes a Pulumi program in TypeScript and a list of what could not come along. Secrets are not written: " +
        "the program asks for them.",
    )
    .argument("<file>", "YAML of an export (unpacked), of Helm values, or of a preseed")
    .option("--out <folder>", "where the program goes", "from-kasm")
    .option("--dry-run", "print what would be written, and write nothing")
    .option("--force", "replace files that are there")
    .addOption(
      new Option("--day-numbers <meaning>", "which day a number means; Kasm does not say").choices([
        ...["monday-0", "sunday-0", "monday-1"],
      ]),
    )
    .addHelpText("after", "\nExample:\n  $ headroom import kasm export_data.yaml --out school\n")
    .action((file: string, options: ImportCommandOptions, command: Command) => {
      const { importKasm } = require("../../import-kasm/import-kasm") as typeof import("../../import-kasm/import-kasm");
      const { writeFiles } = require("../../import-kasm/write-files") as typeof import("../../import-kasm/write-files");
      const found = importKasm(readSource(file), { file, dayNumbers: options.dayNumbers });
      const isDry = options.dryRun ?? false;
      if (!isDry) writeFiles(found.files, { folder: options.out, force: options.force ?? false });
      print(globalOptions(command).json ? jsonOf(found, options) : formatImport(found, options));
    });
}

function readSource(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new SetupError(`${file} can't be read: ${messageOf(cause)}`, { cause });
  }
}

function jsonOf(
  { files, counts, notCarried, others, asked }: Import,
  { out, dryRun = false }: ImportCommandOptions,
): string {
  return JSON.stringify({ out, written: !dryRun, files: Object.fromEntries(files), counts, notCarried, others, asked });
}

function formatImport(found: Import, { out, dryRun }: ImportCommandOptions): string {
  const { files, counts, notCarried, others, asked } = found;
  const texts = [...files].map(([file, text]) => `--- ${file}\n${text}`);
  const rows = notCarried.map(({ what, rows: names, values, why }) => [what, shortList(names), shortList(values), why]);
  const toSet =
    asked.length === 0 ? [] : [`${formatCount(asked.length, "value")} to set first: README.md has the commands`];
  return [
    ...(dryRun ? texts : []),
    `${dryRun ? "would write" : "wrote"} ${formatCount(files.size, "file")} to ${out}: ${formatCounts(counts)}`,
    ...toSet,
    ...(rows.length === 0
      ? []
      : ["", "not carried:", formatTable(["IN KASM", "OF", "VALUE", "WHY, AND WHAT TO DO"], rows)]),
    ...(others.length === 0 ? [] : ["", `not about scaling: ${others.map(({ name }) => name).join(", ")}`]),
  ].join("\n");
}

function shortList(texts: readonly string[]): string {
  const text = texts.join(", ");
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
