/** A state as a shape and a word. */
import type { ComponentChildren } from "preact";
import { lookOf, type Shape } from "../model/states";

const line = { fill: "none", stroke: "currentColor", "stroke-width": "2.5", "stroke-linecap": "round" } as const;

const drawings: Readonly<Record<Shape, ComponentChildren>> = {
  disc: <circle cx="8" cy="8" r="6" fill="currentColor" />,
  ring: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2.5" />,
  half: (
    <>
      <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2.5" />
      <path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor" />
    </>
  ),
  play: <path d="M4 2.5v11l9.5-5.5z" fill="currentColor" />,
  query: <path d="M5 5.5a3 3 0 1 1 4.5 2.6C8.3 8.8 8 9.3 8 10.5M8 13.3v.2" {...line} />,
  cross: <path d="M3.5 3.5l9 9M12.5 3.5l-9 9" {...line} />,
  down: <path d="M2.5 4h11L8 13.5z" fill="currentColor" />,
  square: <rect x="3" y="3" width="10" height="10" rx="1.5" fill="none" stroke="currentColor" stroke-width="2.5" />,
  alert: (
    <>
      <path d="M8 1.5l7 12.5H1z" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
      <path d="M8 6v3.5M8 11.6v.3" {...line} stroke-width="2" />
    </>
  ),
  bars: <path d="M5.5 3v10M10.5 3v10" {...line} />,
  clock: (
    <>
      <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2" />
      <path d="M8 5v3.2l2.2 1.3" {...line} stroke-width="1.8" />
    </>
  ),
  star: <path d="M8 1.5l2 4.3 4.7.5-3.5 3.1 1 4.6L8 11.7 3.8 14l1-4.6L1.3 6.3 6 5.8z" fill="currentColor" />,
};

export function StateMark({ state, isBare = false }: { state: string; isBare?: boolean }) {
  const { shape, word, tone } = lookOf(state);
  return (
    <span class={`state tone-${tone}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        {drawings[shape]}
      </svg>
      {isBare ? <span class="unseen">{word}</span> : <span>{word}</span>}
    </span>
  );
}
