/** A node's life: one part per state, long ones longer; the words stand below. */
import { useApp } from "../data/app";
import { formatClock, formatSpan } from "../model/clock-text";
import { widthsOf, type LifePart } from "../model/node-life";
import { lookOf } from "../model/states";
import { StateMark } from "./state-mark";

export function LifeBar({ life }: { life: readonly LifePart[] }) {
  const { live, settings } = useApp();
  const nowMs = live.nowMs.value;
  if (life.length === 0) return null;
  const widths = widthsOf(life, nowMs);
  return (
    <div class="life">
      <div class="life-bar" aria-hidden="true">
        {life.map(({ status, fromMs }, index) => (
          <span
            key={fromMs}
            class={`life-part tone-ground-${lookOf(status).tone}`}
            style={{ width: `${widths[index]! * 100}%` }}
          />
        ))}
      </div>
      <ol>
        {life.map(({ status, fromMs, toMs }) => (
          <li key={fromMs}>
            <StateMark state={status} />{" "}
            <span class="quiet">
              {formatSpan((toMs ?? nowMs) - fromMs)}, from {formatClock(fromMs, nowMs, settings.timeZone)}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
