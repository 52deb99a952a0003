/** Which part of a long list is drawn: only what can be seen, and a little around it. */

export interface WindowInput {
  readonly items: number;
  /** Items beside each other. */
  readonly columns: number;
  /** Pixels. */
  readonly rowHeight: number;
  readonly scrolled: number;
  readonly height: number;
}

export interface RowWindow {
  readonly firstRow: number;
  /** Behind the last one drawn. */
  readonly endRow: number;
  readonly rows: number;
  /** Pixels above the first row drawn, and of the whole list. */
  readonly offset: number;
  readonly fullHeight: number;
}

/** Rows drawn above and below what can be seen, so that scrolling shows no white. */
const spareRows = 6;

export function windowOf({ items, columns, rowHeight, scrolled, height }: WindowInput): RowWindow {
  const rows = Math.ceil(items / Math.max(1, columns));
  const top = Math.floor(Math.max(0, scrolled) / rowHeight) - spareRows;
  const firstRow = Math.min(Math.max(0, top), Math.max(0, rows - 1));
  const seen = Math.ceil(height / rowHeight) + 2 * spareRows + 1;
  const endRow = Math.min(rows, firstRow + seen);
  return { firstRow, endRow, rows, offset: firstRow * rowHeight, fullHeight: rows * rowHeight };
}

/** How many tiles of at least this width stand beside each other. */
export function columnsIn(width: number, tileWidth: number): number {
  return Math.max(1, Math.floor(width / tileWidth));
}

/** Where the arrow keys lead from an item; undefined = the key moves nothing. */
export function moveFocus(
  key: string,
  at: number,
  { items, columns, rowsSeen }: { items: number; columns: number; rowsSeen: number },
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: columns * rowsSeen,
    PageUp: -columns * rowsSeen,
    Home: -items,
    End: items,
  };
  const step = Object.hasOwn(steps, key) ? steps[key]! : undefined;
  if (step === undefined || items === 0) return undefined;
  const next = at + step;
  // One row further is only where there is one; the others stop at the ends.
  if ((key === "ArrowDown" || key === "ArrowUp") && (next < 0 || next >= items)) return at;
  return Math.min(items - 1, Math.max(0, next));
}
