/** Definitions on their way into a program, and what could not come along. */
import type { DefinitionKind } from "../model/config";
import { inOneLine } from "./one-line";
import type { Row } from "./rows";

/** What stands in the program for one value. */
export type Expression =
  | { readonly is: "literal"; readonly value: unknown }
  /** `config.requireSecret(key)`; `value` is what the file has, for the checks only. Undefined: not in the file. */
  | { readonly is: "secret"; readonly key: string; readonly value: unknown; readonly isObject: boolean }
  /** `config.require(key)`: somebody has to say it. `example` is what may be said. */
  | { readonly is: "asked"; readonly key: string; readonly example: unknown }
  /** The name of another definition of the program. */
  | { readonly is: "reference"; readonly to: Draft; readonly isList: boolean }
  | { readonly is: "references"; readonly to: readonly Draft[] }
  /** A startup script in a file of its own. */
  | { readonly is: "script"; readonly file: string; readonly text: string };

export interface Field {
  readonly expression: Expression;
  /** Column that it came from; empty = it has none. */
  readonly column: string;
}

export interface Draft {
  readonly kind: DefinitionKind;
  /** Of the component, e.g. `Zone`, `AwsVmProvider`. */
  readonly component: string;
  readonly name: string;
  readonly variable: string;
  readonly row: Row;
  /** Kind of the cloud, of provider configs. */
  readonly cloud: string | undefined;
  /** By path: `standbyCores`, `permissions.audio`, `startupScript.text`. */
  readonly fields: Map<string, Field>;
}

/** Something of the file that the program does not have. */
export interface NotCarried {
  /** `zones.proxy_port`, or a whole table. */
  readonly what: string;
  /** Of the rows: their names. */
  readonly rows: string[];
  /** The different values as text; empty = they are not shown. */
  readonly values: string[];
  /** Why, and what to do: a sentence without its full stop. */
  readonly why: string;
}

/** Collects what is not carried, rows of the same thing together. */
export class NotCarriedList {
  private readonly byKey = new Map<string, NotCarried>();

  add({ what, row, value, why }: { what: string; row?: string; value?: string | undefined; why: string }): void {
    const key = `${what}\n${why}`;
    const entry = this.byKey.get(key) ?? { what: inOneLine(what), why: inOneLine(why), rows: [], values: [] };
    this.byKey.set(key, entry);
    for (const [list, text] of [
      [entry.rows, row],
      [entry.values, value],
    ] as const) {
      if (text !== undefined && !list.includes(inOneLine(text))) list.push(inOneLine(text));
    }
  }

  get all(): readonly NotCarried[] {
    return [...this.byKey.values()];
  }
}
