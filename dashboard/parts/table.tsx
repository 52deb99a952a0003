/** A table of which only the rows that can be seen are drawn. Every row is as high as the others. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { windowOf } from "../model/window";
import { useScrolled } from "./use-scrolled";

export interface Column<T> {
  readonly title: string;
  readonly cell: (item: T) => ComponentChildren;
  readonly isNumber?: boolean;
  /** Takes what is left of the width. */
  readonly isWide?: boolean;
}

interface Props<T> {
  /** For whoever does not see it. */
  readonly caption: string;
  readonly items: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (item: T) => string;
}

const rowHeight = 34;
/** Short tables are drawn whole: their rows may be as high as they need. */
const wholeMax = 60;

export function Table<T>(props: Props<T>) {
  return props.items.length <= wholeMax ? <WholeTable {...props} /> : <LongTable {...props} />;
}

function WholeTable<T>({ caption, items, columns, keyOf }: Props<T>) {
  return (
    <div class="table-frame" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="unseen">{caption}</caption>
        <Head columns={columns} />
        <tbody>
          {items.map((item) => (
            <Row key={keyOf(item)} item={item} columns={columns} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LongTable<T>({ caption, items, columns, keyOf }: Props<T>) {
  const frame = useRef<HTMLDivElement>(null);
  const { scrolled, height } = useScrolled(frame);
  const { firstRow, endRow, offset, fullHeight } = windowOf({
    items: items.length,
    columns: 1,
    rowHeight,
    scrolled,
    height,
  });
  const below = fullHeight - offset - (endRow - firstRow) * rowHeight;
  return (
    <div class="table-frame long" tabIndex={0} role="region" aria-label={caption} ref={frame}>
      <table aria-rowcount={items.length + 1}>
        <caption class="unseen">{caption}</caption>
        <Head columns={columns} />
        <tbody>
          <Gap height={offset} columns={columns.length} />
          {items.slice(firstRow, endRow).map((item, index) => (
            <Row key={keyOf(item)} item={item} columns={columns} index={firstRow + index + 2} />
          ))}
          <Gap height={below} columns={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

function Head<T>({ columns }: { columns: readonly Column<T>[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ title, isNumber, isWide }) => (
          <th key={title} scope="col" class={classOf(isNumber, isWide)}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Row<T>({ item, columns, index }: { item: T; columns: readonly Column<T>[]; index?: number }) {
  return (
    <tr {...(index === undefined ? {} : { "aria-rowindex": index })}>
      {columns.map(({ title, cell, isNumber, isWide }) => (
        <td key={title} class={classOf(isNumber, isWide)}>
          {cell(item)}
        </td>
      ))}
    </tr>
  );
}

function Gap({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" class="gap">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

function classOf(isNumber = false, isWide = false): string {
  return `${isNumber ? "number" : ""} ${isWide ? "wide" : ""}`.trim();
}
