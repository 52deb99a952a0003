/**
 * What Kasm Workspaces calls things: its tables with their columns, and where the value of each goes here. Plain data, read
 * by three: the hints that refusals give, `headroom import kasm`, and the tables of `docs/from-kasm.md`. So they can't disagree.
 */

/** How a value is written there: what it is converted from. */
export type Form =
  | "id"
  | "name"
  | "text"
  | "choice"
  | "flag"
  | "count"
  | "bytes"
  | "mib"
  | "gib"
  | "seconds"
  | "minutes"
  | "hours"
  | "days"
  | "time"
  | "weekdays"
  | "list"
  | "json"
  | "entries"
  | "origin"
  | "host"
  | "tokenName"
  | "reference";

export interface Column {
  /** What the administration pages call it. */
  readonly label: string;
  readonly form: Form;
  /** Field here that takes the value, with dots into nested ones. Absent: none does, and `note` says why. */
  readonly field?: string;
  /** What differs, or why it is not carried and what to do about it: sentences without the last full stop. */
  readonly note?: string;
  /** What holds there without the column. Default: as here. */
  readonly absent?: unknown;
  /** Its value is never shown. */
  readonly isSecret?: true;
  /** Of the table that the value is an id, or a name, of. */
  readonly to?: string;
  /** What may stand here, for whoever has to add it because the file does not say it. */
  readonly example?: unknown;
  /** Only there so that older files and hand-written ones are understood; `docs/from-kasm.md` does not list it. */
  readonly isAlias?: true;
}

/** The kinds of definitions here that a row may become. */
export type Target =
  | "zone"
  | "pool"
  | "workspace"
  | "autoscaleConfig"
  | "schedule"
  | "stagingConfig"
  | "vmProviderConfig"
  | "dnsProviderConfig"
  | "ldapConfig";

export interface Table {
  readonly name: string;
  /** What the administration pages call a row of it. */
  readonly title: string;
  /** What a row becomes. Absent: nothing, and `note` says why. */
  readonly target?: Target;
  /** Kind of the cloud or DNS service whose settings the columns are. */
  readonly cloud?: string;
  readonly note?: string;
  /** Columns that hold what other rows refer to: the id, and the name. */
  readonly id: string;
  readonly label: string;
  readonly columns: Readonly<Record<string, Column>>;
}

type More = Omit<Column, "label" | "form" | "field">;

/** A column that a field here takes. */
export function to(field: string, form: Form, label: string, more: More = {}): Column {
  return { label, form, field, ...more };
}

/** A column that no field here takes. */
export function not(note: string, label: string, more: Omit<More, "note"> & { readonly form?: Form } = {}): Column {
  return { label, form: "text", note, ...more };
}

/** An older or hand-written name of what another column holds. */
export function alias(field: string, form: Form, more: More = {}): Column {
  return { label: "", form, field, isAlias: true, ...more };
}
