/** Rows become drafts: which field takes which value, what has to be asked for, and what can't come along. */
import { bareWord, meantChoice } from "../kasm/words";
import type { Column } from "../kasm/table";
import { convert, saysNothing, type DayNumbers } from "./convert";
import { type Draft, type Expression, NotCarriedList } from "./draft";
import { choicesOf, fieldAt, FieldBook, isDefault, type KnownFields } from "./known-fields";
import { Names, variableName } from "./names";
import { refused, type Cell, type Row } from "./rows";
import { addScripts } from "./scripts";
import { isSecretCell, Secrets } from "./secrets";
import { formatPath, type SourceFile } from "./source-file";

export interface Built {
  readonly drafts: readonly Draft[];
  readonly notCarried: NotCarriedList;
  readonly secrets: Secrets;
  /** Keys of the program's configuration. */
  readonly keys: Names;
  readonly fields: FieldBook;
}

interface Known {
  readonly draft: Draft;
  readonly known: KnownFields;
}

export function buildDrafts(
  rows: readonly Row[],
  source: SourceFile,
  options: { readonly dayNumbers?: DayNumbers | undefined },
): Built {
  const builder = new Builder(rows, source, options.dayNumbers);
  return builder.build();
}

const nouns: Readonly<Record<string, string>> = {
  zone: "zone",
  pool: "pool",
  workspace: "workspace",
  vmProviderConfig: "vms",
  dnsProviderConfig: "records",
  ldapConfig: "directory",
  autoscaleConfig: "config",
  schedule: "schedule",
  stagingConfig: "staging",
};

class Builder {
  private readonly notCarried = new NotCarriedList();
  private readonly secrets: Secrets;
  private readonly keys = new Names();
  private readonly fields = new FieldBook();
  private readonly variables = new Names();
  private readonly names = new Map<string, Names>();
  private readonly drafts = new Map<Row, Known>();

  constructor(
    private readonly rows: readonly Row[],
    private readonly source: SourceFile,
    private readonly dayNumbers: DayNumbers | undefined,
  ) {
    this.secrets = new Secrets(rows);
  }

  build(): Built {
    for (const row of this.rows) this.name(row);
    for (const [row, known] of this.drafts) this.fill(row, known);
    const drafts = [...this.drafts.values()].map(({ draft }) => draft);
    addScripts(drafts, this.rows, { notCarried: this.notCarried, keys: this.keys, secrets: this.secrets });
    return { drafts, notCarried: this.notCarried, secrets: this.secrets, keys: this.keys, fields: this.fields };
  }

  /** Every row that becomes something gets its name first, so that all others can refer to it. */
  private name(row: Row): void {
    const { table } = row;
    const type = this.isOfServers(row) ? "server" : "dockerAgent";
    const known = table.target === undefined ? undefined : this.fields.of(table.target, table.cloud, type);
    const link = row.cells.find(({ column, value }) => column?.field === "kind" && bareWord(String(value)) === "link");
    if (known === undefined || link !== undefined) {
      const why = link === undefined ? (table.note ?? "not a part of scaling") : "a link is no session";
      this.notCarried.add({ what: table.name, row: this.rowName(row), why });
      return;
    }
    const noun = nouns[known.kind]!;
    const label = row.label === row.id && table.label === table.id ? this.madeUpLabel(row) : row.label;
    const taken = this.names.get(known.kind) ?? new Names();
    this.names.set(known.kind, taken);
    const name = taken.legal(label ?? noun, noun);
    const variable = this.variables.unique(variableName(name, noun));
    const draft: Draft = {
      kind: known.kind,
      component: known.component,
      name,
      variable,
      row,
      cloud: table.cloud,
      fields: new Map(),
    };
    this.drafts.set(row, { draft, known });
    if (label !== undefined && label !== name && row.label === label) this.keepLabel(row, { draft, known }, label);
  }

  /** Schedules and staging configs have no names there: theirs come from what they are of. */
  private madeUpLabel(row: Row): string {
    const columns = ["image_id", "autoscale_config_id", "autoscale_config_name", "server_pool_id"];
    for (const cell of columns.flatMap((name) => row.cells.filter(({ key }) => key === name))) {
      const to = cell.column?.to;
      const found = to === undefined ? undefined : this.find(to, String(cell.value));
      if (found?.label !== undefined) return `${found.label}-${row.table.target === "schedule" ? "hours" : "staged"}`;
    }
    return row.table.target === "schedule" ? "hours" : "staged";
  }

  private keepLabel(row: Row, { draft, known }: Known, label: string): void {
    if (fieldAt(known, "displayName") !== undefined && !this.secrets.touches(label)) {
      draft.fields.set("displayName", { expression: { is: "literal", value: label }, column: row.table.label });
      return;
    }
    const why = `names are lower-case letters, digits and dashes here: it is ${draft.name}`;
    const value = this.secrets.touches(label) ? undefined : label;
    this.notCarried.add({ what: `${row.table.name}.${row.table.label}`, row: draft.name, value, why });
  }

  private isOfServers({ table, cells }: Row): boolean {
    if (table.target !== "autoscaleConfig") return false;
    const said = cells.filter(({ column, value }) => column?.field === "type" && !saysNothing(value));
    const cell = decisiveType(said);
    if (cell === undefined) return this.isPoolOfServers(cells);
    const types = ["dockerAgent", "server"] as const;
    const meant = meantChoice(String(cell.value), types);
    if (meant === undefined) throw refused(this.source, cell.path, cell.value, '"Docker Agent" or "Server Pool"');
    return meant === "server";
  }

  private isPoolOfServers(cells: readonly Cell[]): boolean {
    const pools = cells.filter(({ column, value }) => column?.field === "pool" && !saysNothing(value));
    const found = pools.flatMap(({ column, value }) => this.find(column!.to!, String(value)) ?? []);
    return found.some(isOfServers);
  }

  private fill(row: Row, { draft, known }: Known): void {
    for (const cell of row.cells) if (!(cell.column?.isAlias ?? false)) this.take(cell, row, { draft, known });
    for (const cell of row.cells) if (cell.column?.isAlias) this.take(cell, row, { draft, known });
    for (const [name, column] of Object.entries(row.table.columns))
      this.takeAbsent(name, column, row, { draft, known });
    if (draft.kind === "workspace") this.fillPlaces(row, draft);
  }

  /** What one cell says goes into a field, or onto the list. */
  private take(cell: Cell, row: Row, { draft, known }: Known): void {
    const { column, value } = cell;
    if (saysNothing(value)) return;
    if (column === undefined) return this.leave(cell, draft, "Headroom has no field for it");
    const { field } = column;
    if (field === undefined)
      return column.form === "id" ? undefined : this.leave(cell, draft, column.note ?? "not carried");
    if (isTakenElsewhere(field, known)) return this.leaveIfLost(cell, row, draft, field);
    const at = fieldAt(known, field);
    if (at === undefined) return this.leaveUnknown(cell, row, draft);
    if (draft.fields.has(field)) return this.leaveSecond(cell, draft, field);
    if (field === "zones" && !this.isRestricted(row)) return this.leave(cell, draft, "Restrict to Zone is off");
    const expression =
      column.form === "reference"
        ? this.reference(cell, draft, field, known)
        : this.expression(cell, draft, field, known);
    if (expression !== undefined) draft.fields.set(field, { expression, column: `${row.table.name}.${cell.key}` });
  }

  private expression(cell: Cell, draft: Draft, field: string, known: KnownFields): Expression | undefined {
    const column = cell.column!;
    const at = fieldAt(known, field)!;
    const isSecret = isSecretCell(cell) || at.isSecret;
    const converted = convert(column.form, cell.value, this.dayNumbers);
    switch (converted.is) {
      case "nothing":
        return undefined;
      case "wrong":
        throw refused(this.source, cell.path, cell.value, converted.allowed, isSecret);
      case "untold":
        if (isSecret) return this.secret(draft, field, undefined, column);
        return this.untold(cell, draft, field, { why: converted.why, isRequired: at.isRequired });
      default: {
        const choices = choicesOf(at);
        const { value } = converted;
        const meant = choices.length > 0 && typeof value === "string" ? (meantChoice(value, choices) ?? value) : value;
        if (isSecret || this.secrets.touches(meant)) return this.secret(draft, field, meant, column);
        return isDefault(known, field, meant) ? undefined : { is: "literal", value: meant };
      }
    }
  }

  private untold(
    cell: Cell,
    draft: Draft,
    field: string,
    { why, isRequired }: { readonly why: string; readonly isRequired: boolean },
  ): Expression | undefined {
    const asked = isRequired ? this.asked(draft, field, cell.column!) : undefined;
    this.leave(cell, draft, asked === undefined ? why : `${why}: say it by the configuration ${asked.key}`);
    return asked;
  }

  private reference(cell: Cell, draft: Draft, field: string, known: KnownFields): Expression | undefined {
    const column = cell.column!;
    const converted = convert("reference", cell.value);
    if (converted.is !== "value") throw refused(this.source, cell.path, cell.value, "the id or name of a row");
    const found = this.find(column.to!, String(converted.value));
    const target = found && this.drafts.get(found)?.draft;
    const isList = fieldAt(known, field)?.type.is === "list";
    if (target !== undefined) return { is: "reference", to: target, isList };
    const missing =
      found === undefined
        ? `no row of ${column.to} in the file is that one`
        : (found.table.note ?? "it is not carried");
    const asked = this.asked(draft, field, column, isList);
    this.leave(cell, draft, `${missing}: declare it, and say its name by the configuration ${asked.key}`);
    return asked;
  }

  private find(table: string, text: string): Row | undefined {
    const rows = this.rows.filter((row) => row.table.name === table);
    return rows.find(({ id }) => id === text) ?? rows.find(({ label }) => label === text);
  }

  private keyOf(draft: Draft, field: string): string {
    return `${draft.name}-${field.replaceAll(".", "-")}`;
  }

  private secret(draft: Draft, field: string, value: unknown, column: Column): Expression {
    const key = this.keys.unique(this.keyOf(draft, field));
    return { is: "secret", key, value, isObject: column.form === "json" || column.form === "list" };
  }

  private asked(
    draft: Draft,
    field: string,
    { example }: Column,
    isList = false,
  ): Expression & { readonly is: "asked" } {
    const shown = isList && !Array.isArray(example) && example !== undefined ? [example] : example;
    return { is: "asked", key: this.keys.unique(this.keyOf(draft, field)), example: shown };
  }

  /** What holds there without a column, where it is something else here. */
  private takeAbsent(name: string, column: Column, row: Row, { draft, known }: Known): void {
    const { field, absent } = column;
    if (field === undefined || absent === undefined || fieldAt(known, field) === undefined) return;
    if (field === "type" && known.kind === "autoscaleConfig") return;
    if (row.cells.some((cell) => cell.column?.field === field) || draft.fields.has(field)) return;
    const cell: Cell = { key: name, column, value: absent, path: row.path };
    const expression = this.expression(cell, draft, field, known);
    if (expression !== undefined) draft.fields.set(field, { expression, column: "" });
  }

  private isRestricted({ cells }: Row): boolean {
    return cells.some(({ key, value }) => {
      const flag = key === "restrict_to_zone" ? convert("flag", value) : undefined;
      return flag?.is === "value" && flag.value === true;
    });
  }

  /** A workspace without a pool of its own runs on every docker agent. */
  private fillPlaces(row: Row, draft: Draft): void {
    if (draft.fields.has("pools")) return;
    const kind = draft.fields.get("kind")?.expression;
    const wantsServers = kind?.is === "literal" && kind.value !== "container";
    const pools = [...this.drafts.values()].flatMap((one) => (one.draft.kind === "pool" ? [one.draft] : []));
    const fitting = pools.filter((pool) => isOfServers(pool.row) === wantsServers);
    if (fitting.length === 0) return;
    draft.fields.set("pools", { expression: { is: "references", to: fitting }, column: "" });
  }

  /** A field of the other type of autoscale configs, or one that this version does not have. */
  private leaveUnknown(cell: Cell, row: Row, draft: Draft): void {
    const field = cell.column!.field!;
    const types = (["dockerAgent", "server"] as const).map((type) => this.fields.of(draft.kind, row.table.cloud, type));
    const other = types.find((known) => known !== undefined && fieldAt(known, field) !== undefined);
    if (other === undefined) return this.leave(cell, draft, `Headroom has no field ${field} yet`);
    const converted = convert(cell.column!.form, cell.value);
    // Every row there has the columns of both types, with what they have by default.
    const isSet = converted.is !== "value" || !isDefault(other, field, converted.value);
    if (isSet && cell.value !== cell.column!.absent)
      this.leave(cell, draft, "it has no meaning for a config of this type");
  }

  /** Names, types of configs and scripts are read before all else, each from one of the columns that may say it. */
  private leaveIfLost(cell: Cell, row: Row, draft: Draft, field: string): void {
    const said = row.cells.filter(({ column, value }) => column?.field === field && !saysNothing(value));
    const decisive =
      field === "type"
        ? decisiveType(said)
        : field === "name"
          ? said.find(({ value }) => String(value).trim() === row.label)
          : said[0];
    if (decisive !== cell) this.leaveSecond(cell, draft, field);
  }

  private leaveSecond(cell: Cell, draft: Draft, field: string): void {
    this.leave(cell, draft, `${field} is said by another column of the row, which counts`);
  }

  private leave(cell: Cell, draft: Draft, why: string): void {
    const table = draft.row.table.name;
    this.notCarried.add({ what: `${table}.${cell.key}`, row: draft.name, value: this.secrets.shown(cell), why });
  }

  private rowName({ label, id, path }: Row): string {
    const name = label ?? id;
    return name === undefined || this.secrets.touches(name) ? formatPath(path) : name;
  }
}

/** Whether a pool's row says so. */
function isOfServers({ cells }: Row): boolean {
  const types = ["dockerAgent", "server"];
  return cells.some(({ column, value }) => column?.field === "type" && meantChoice(String(value), types) === "server");
}

function isTakenElsewhere(field: string, { kind }: KnownFields): boolean {
  if (field === "name" || field === "displayName" || field.startsWith("startupScript.")) return true;
  return field === "type" && kind === "autoscaleConfig";
}

/** The chart's `type` counts beside a column of the table itself. */
function decisiveType(said: readonly Cell[]): Cell | undefined {
  return said.find(({ column }) => column?.isAlias) ?? said[0];
}
