/** Nodes as tiles: state, age, load and sessions of each. Only what can be seen is drawn; the arrow keys go from tile to tile. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { NodeListView } from "../model/answers";
import { formatSpan } from "../model/clock-text";
import { linkTo } from "../model/place";
import { lookOf } from "../model/states";
import { columnsIn, moveFocus, windowOf } from "../model/window";
import { StateMark } from "./state-mark";
import { useScrolled } from "./use-scrolled";

const tile = { width: 176, height: 62 };

export function NodeGrid({ list, label }: { list: NodeListView; label: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const at = useSignal(0);
  const wantsFocus = useRef(false);
  const { scrolled, height, width } = useScrolled(frame);
  const items = list.nodes.nodeId.length;
  const columns = columnsIn(width, tile.width);
  const { firstRow, endRow, rows, offset, fullHeight } = windowOf({
    items,
    columns,
    rowHeight: tile.height,
    scrolled,
    height,
  });
  const focused = Math.min(at.value, Math.max(0, items - 1));
  useEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    frame.current?.querySelector<HTMLElement>("a[tabindex='0']")?.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = moveFocus(event.key, focused, {
      items,
      columns,
      rowsSeen: Math.max(1, Math.floor(height / tile.height)),
    });
    if (next === undefined) return;
    event.preventDefault();
    at.value = next;
    wantsFocus.current = true;
    show(frame.current, Math.floor(next / columns));
  };
  const drawn = Array.from({ length: endRow - firstRow }, (_, index) => firstRow + index);
  return (
    <div class="grid-frame" ref={frame} onKeyDown={onKeyDown}>
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={rows}
        aria-colcount={columns}
        style={{ height: `${fullHeight}px` }}
      >
        {drawn.map((row) => (
          <div
            key={row}
            role="row"
            class="grid-row"
            aria-rowindex={row + 1}
            style={{ top: `${offset + (row - firstRow) * tile.height}px` }}
          >
            {Array.from({ length: Math.min(columns, items - row * columns) }, (_, column) => {
              const index = row * columns + column;
              return (
                <div key={list.nodes.nodeId[index]} role="gridcell" class="grid-cell" aria-colindex={column + 1}>
                  <Tile list={list} index={index} isFocused={index === focused} onFocus={() => (at.value = index)} />
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

interface TileProps {
  readonly list: NodeListView;
  readonly index: number;
  readonly isFocused: boolean;
  readonly onFocus: () => void;
}

function Tile({ list: { nodes, statuses }, index, isFocused, onFocus }: TileProps) {
  const nodeId = nodes.nodeId[index]!;
  const status = statuses[nodes.status[index]!]!;
  const sessions = nodes.sessions[index]!;
  const load = nodes.loadPercent[index] ?? undefined;
  return (
    <a
      class={`tile tone-edge-${lookOf(status).tone}`}
      href={linkTo("nodes", nodeId)}
      tabIndex={isFocused ? 0 : -1}
      onFocus={onFocus}
    >
      <span class="tile-line">
        <StateMark state={status} />
        <span class="quiet">{formatSpan(nodes.statusSeconds[index]! * 1000)}</span>
      </span>
      <span class="tile-name">{nodeId}</span>
      <span class="tile-line quiet">
        <span>{sessions === 1 ? "1 session" : `${sessions} sessions`}</span>
        <span>{load === undefined ? "load not known" : `${load} %`}</span>
      </span>
      <span class="tile-load" style={{ width: `${load ?? 0}%` }} />
    </a>
  );
}

/** Scrolls no further than it must. */
function show(frame: HTMLElement | null, row: number): void {
  if (!frame) return;
  const top = row * tile.height;
  if (top < frame.scrollTop) frame.scrollTop = top;
  else if (top + tile.height > frame.scrollTop + frame.clientHeight)
    frame.scrollTop = top + tile.height - frame.clientHeight;
}
