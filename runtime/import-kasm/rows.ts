/**
 * The rows of a file, whichever of the three shapes it has: tables by their names (an export), `kasmZones` and
 * `kasmConfig.config` (values of the Helm chart), or sections that are keyed by the rows' names (older preseeds).
 */
import { tables } from "../kasm/tables";
import type { Column, Table } from "../kasm/table";
import { bareWord } from "../kasm/words";
import { ConfigError } from "../model/errors";
import { inOneLine } from "./one-line";
import { formatPath, type Path, type SourceFile } from "./source-file";

export interface Cell {
  /** As the file writes it. */
  readonly key: string;
  /** Undefined: Headroom does not know the column. */
  readonly column: Column | undefined;
  readonly value: unknown;
  readonly path: Path;
}

export interface Row {
  readonly table: Table;
  readonly path: Path;
  readonly cells: readonly Cell[];
  /** By which others refer to it. */
  readonly id: string | undefined;
  readonly label: string | undefined;
}

/** A part of the file that has nothing to do with scaling. */
export interface OtherPart {
  readonly name: string;
  readonly rowCount: number;
  readonly columns: readonly string[];
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly others: readonly OtherPart[];
}

/** More rows of one table than a program that people read may have. */
const rowsMax = 5_000;

/** What the sections of the Helm chart are called, where it is not the name of the table. */
const sections: Readonly<Record<string, string>> = {
  kasmzones: "zones",
  autoscale: "autoscale_configs",
  autoscaleconfig: "autoscale_configs",
  pools: "server_pools",
  workspaces: "images",
  staging: "staging_configs",
  schedule: "schedules",
};

export function readRows(source: SourceFile): Rows {
  const rows: Row[] = [];
  const others: OtherPart[] = [];
  for (const { name, content, path } of partsOf(source.root)) {
    const table = tableOf(name);
    if (table !== undefined) rows.push(...rowsOf({ table, content, path }, source));
    else if (name !== "alembic_version") others.push({ name: inOneLine(formatPath(path)), ...sizeOf(content) });
  }
  if (rows.length === 0) {
    const known = tables.filter(({ target }) => target !== undefined).map(({ name }) => name);
    const message = `there is nothing to import: none of the tables ${known.join(", ")}, and no kasmZones or kasmConfig.config`;
    throw ConfigError.of([{ path: "", message }]);
  }
  return { rows, others };
}

interface Part {
  readonly name: string;
  readonly content: unknown;
  readonly path: Path;
}

function partsOf(root: Readonly<Record<string, unknown>>): Part[] {
  return Object.entries(root).flatMap(([name, content]): Part[] => {
    const config = name === "kasmConfig" ? (content as { readonly config?: unknown } | null)?.config : undefined;
    if (typeof config !== "object" || config === null) return [{ name, content, path: [name] }];
    const inner = Object.entries(config).map(([section, of]) => ({
      name: section,
      content: of as unknown,
      path: [name, "config", section],
    }));
    const rest = Object.keys(content as object).filter((key) => key !== "config");
    return [...inner, ...rest.map((key) => ({ name: `${name}.${key}`, content: undefined, path: [name, key] }))];
  });
}

function tableOf(name: string): Table | undefined {
  const word = bareWord(name);
  const meant = bareWord((Object.hasOwn(sections, word) ? sections[word] : undefined) ?? name);
  return tables.find((table) => bareWord(table.name) === meant);
}

function sizeOf(content: unknown): { rowCount: number; columns: string[] } {
  const items = Array.isArray(content) ? content : [content];
  const columns = items.flatMap((item: unknown) => (isRecord(item) ? Object.keys(item) : []));
  return { rowCount: Array.isArray(content) ? content.length : 1, columns: [...new Set(columns.map(inOneLine))] };
}

function rowsOf({ table, content, path }: { table: Table; content: unknown; path: Path }, source: SourceFile): Row[] {
  if (content === null || content === undefined) return [];
  const items = Array.isArray(content)
    ? content.map((item: unknown, index): [Path, unknown] => [[...path, index], item])
    : isRecord(content)
      ? Object.entries(content).map(([name, item]): [Path, unknown] => [[...path, name], named(item, name, table)])
      : [];
  if (!Array.isArray(content) && !isRecord(content)) throw refused(source, path, content, "a list of rows");
  if (items.length > rowsMax) {
    throw refused(source, path, `${items.length} rows`, `at most ${rowsMax} rows of one table`);
  }
  return items.map(([at, item]) => {
    if (!isRecord(item)) throw refused(source, at, item, `a row: a map of the columns of ${table.name}`);
    return rowOf(table, at, item);
  });
}

/** In sections that are keyed by name the key is the name of a row that does not say one itself. */
function named(item: unknown, name: string, table: Table): unknown {
  if (!isRecord(item) || table.columns[table.label] === undefined) return item;
  return Object.hasOwn(item, table.label) || Object.hasOwn(item, "name") ? item : { [table.label]: name, ...item };
}

function rowOf(table: Table, path: Path, item: Readonly<Record<string, unknown>>): Row {
  const byWord = new Map(Object.entries(table.columns).map(([name, column]) => [bareWord(name), { name, column }]));
  const cells = Object.entries(item).map(([key, value]): Cell & { readonly name: string } => {
    const found = byWord.get(bareWord(key)) ?? (secretColumns.has(bareWord(key)) ? secretColumn : undefined);
    return { key, name: found?.name ?? "", column: found?.column, value, path: [...path, key] };
  });
  const textOf = (...names: string[]): string | undefined => {
    const cell = names.map((name) => cells.find((one) => one.name === name)).find((one) => isTextual(one?.value));
    return cell === undefined ? undefined : String(cell.value).trim() || undefined;
  };
  return { table, path, cells, id: textOf(table.id), label: textOf(table.label, "name") };
}

/** Items of the chart whose values stand in a secret of Kubernetes. */
const secretColumns = new Set(["existingsecret", "existingsecretkey"]);
const secretColumn: { readonly name: string; readonly column: Column } = {
  name: "",
  column: {
    label: "",
    form: "text",
    note: "what stands in a secret of Kubernetes is not in the file: put it in, or set it by `pulumi config set --secret`",
  },
};

/** Refuses a value where it stands. */
export function refused(
  source: SourceFile,
  path: Path,
  value: unknown,
  allowed: string,
  isSecret = false,
): ConfigError {
  const line = source.lineOf(path);
  const seen = isSecret ? "a secret" : shown(value);
  const message = `${line === undefined ? "" : `line ${line}: `}got ${seen}; use ${allowed}`;
  return ConfigError.of([{ path: formatPath(path), message }]);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextual(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}
