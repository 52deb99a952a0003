/** The tables of `docs/from-kasm.md`: each column of Kasm's, and the field here that takes what it holds. */
import type { Field } from "../provider/kernel/setting-fields";
import { fieldAt, knownFields } from "../runtime/import-kasm/known-fields";
import type { Column, Table } from "../runtime/kasm/table";
import { tables } from "../runtime/kasm/tables";

export const begin = "<!-- npm run generate: from here -->";
export const end = "<!-- npm run generate: to here -->";

/** The page with its tables as Kasm's columns and the schemas are. */
export function withKasmTables(page: string, file: string): string {
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(
      `${file} needs the lines "${begin}" and "${end}", once each: the tables of columns go between them`,
    );
  }
  return `${before}${begin}\n\n${tables.filter(hasColumns).map(tableOf).join("\n\n")}\n\n${end}${after}`;
}

function hasColumns({ columns }: Table): boolean {
  return Object.keys(columns).length > 0;
}

function tableOf(table: Table): string {
  const rows = Object.entries(table.columns).filter(([, column]) => !(column.isAlias ?? false) && column.label !== "");
  const of =
    table.target === "dnsProviderConfig"
      ? "DNS provider config: "
      : table.target === "vmProviderConfig"
        ? "VM provider config: "
        : "";
  return [
    `### ${of}${table.title} (\`${table.name}\`)\n`,
    ...(isHere(table) ? [] : [`**Not yet**: ${table.note ?? "it is not in Headroom yet"}.\n`]),
    "| in Kasm | column | here | without it | differs |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map(([name, column]) => rowOf(table, name, column)),
  ].join("\n");
}

function rowOf(table: Table, name: string, column: Column): string {
  const found = column.field === undefined ? undefined : fieldOf(table, column.field);
  const here =
    found !== undefined
      ? `\`${found.owner}.${column.field}\``
      : column.field === undefined || !isHere(table)
        ? "none"
        : "not yet";
  const absence =
    found === undefined ? "" : found.field?.isRequired ? "**required**" : asPhrase(found.field?.absence ?? "");
  const note = isHere(table) ? (column.note ?? "") : "";
  const cells = [column.label, `\`${name}\``, isHere(table) ? here : "not yet", absence, note].map((cell) =>
    cell.replaceAll("|", "\\|"),
  );
  return `| ${cells.join(" | ")} |`;
}

/** Whether rows of the table become something in this version. */
function isHere({ target, cloud }: Table): boolean {
  return target !== undefined && knownFields(target, cloud, "dockerAgent") !== undefined;
}

interface Found {
  /** Definition, or component of the cloud. */
  readonly owner: string;
  /** Undefined for what programs say by the component they take. */
  readonly field: Field | undefined;
}

function fieldOf({ target, cloud }: Table, path: string): Found | undefined {
  if (target === undefined) return undefined;
  // A startup script is a part of the autoscale config here.
  const kind = path.startsWith("startupScript.") ? "autoscaleConfig" : target;
  for (const type of ["dockerAgent", "server"] as const) {
    const known = knownFields(kind, kind === target ? cloud : undefined, type);
    const field = known && fieldAt(known, path);
    if (field !== undefined) return { owner: kind === target && cloud !== undefined ? known!.component : kind, field };
  }
  return undefined;
}

/** `Default: as the image has it.` → `as the image has it` */
function asPhrase(absence: string): string {
  return absence.replace(/^Default:? */, "").replace(/\.$/, "");
}
