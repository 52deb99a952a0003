/** The secrets of a file: never written, never shown, wherever else they turn up. */
import type { Cell, Row } from "./rows";

/** Shorter ones would be found by chance in any text. */
const tellingLength = 6;

/** Columns that Headroom does not know, and whose names say enough. */
const secretName = /pass|secret|token|private|credential|key|cert|salt|hash/i;

export class Secrets {
  private readonly values: ReadonlySet<string>;

  constructor(rows: readonly Row[]) {
    const cells = rows.flatMap((row) => row.cells);
    this.values = new Set(
      cells
        .filter(isSecretCell)
        .flatMap(({ value }) => textsIn(value))
        .filter(isTelling),
    );
  }

  /** Whether some secret of the file is in it. */
  touches(value: unknown): boolean {
    const texts = textsIn(value);
    return [...this.values].some((secret) => texts.some((text) => text.includes(secret)));
  }

  /** The value as others may see it, in a line; undefined = not at all. */
  shown(cell: Cell): string | undefined {
    if (cell.column === undefined || isSecretCell(cell) || this.touches(cell.value)) return undefined;
    const text = typeof cell.value === "string" ? cell.value : JSON.stringify(cell.value);
    const line = text.replace(/\s+/g, " ").trim();
    return line.length > 80 ? `${line.slice(0, 77)}...` : line;
  }
}

export function isSecretCell({ key, column }: Cell): boolean {
  return column === undefined ? secretName.test(key) : column.isSecret === true;
}

function isTelling(text: string): boolean {
  return text.trim().length >= tellingLength && !/^\$\{[^}]*\}$/.test(text.trim());
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value === value.trim() ? [value] : [value, value.trim()];
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
