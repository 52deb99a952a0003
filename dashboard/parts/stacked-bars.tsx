/** Bars of parts beside each other, told as a table: each number stands there in words too. */
import { describeBar, layOut, sumOf, type StackedBar, type StackPart } from "../model/stacked-bars";
import { formatNumber } from "../model/clock-text";

interface Props {
  readonly caption: string;
  /** What the names of the bars are, e.g. `Day`. */
  readonly nameTitle: string;
  readonly bars: readonly StackedBar[];
  readonly parts: readonly StackPart[];
  /** Of the values, e.g. `VM-hours`. */
  readonly unit: string;
}

export function StackedBars({ caption, nameTitle, bars, parts, unit }: Props) {
  const drawn = layOut(bars, parts);
  return (
    <>
      <p class="legend">
        {parts.map(({ label, look }) => (
          <span key={label}>
            <span class={`stack-key stack-${look}`} aria-hidden="true" />
            {label}
          </span>
        ))}
      </p>
      <div class="table-frame" tabIndex={0} role="region" aria-label={caption}>
        <table class="stacks">
          <caption class="unseen">{caption}</caption>
          <thead>
            <tr>
              <th scope="col">{nameTitle}</th>
              <th scope="col" class="wide">
                {unit}
              </th>
              {parts.map(({ label }) => (
                <th key={label} scope="col" class="number">
                  {label}
                </th>
              ))}
              <th scope="col" class="number">
                all
              </th>
            </tr>
          </thead>
          <tbody>
            {bars.map((bar, index) => (
              <tr key={bar.name}>
                <th scope="row">{bar.name}</th>
                <td class="wide">
                  <div class="stack" role="img" aria-label={describeBar(bar, parts, unit)}>
                    {drawn[index]!.map(({ part, fromPercent, widthPercent }) => (
                      <span
                        key={part.label}
                        class={`stack-part stack-${part.look}`}
                        style={{ left: `${fromPercent}%`, width: `${widthPercent}%` }}
                      />
                    ))}
                  </div>
                  {bar.note !== undefined && <span class="quiet small">{bar.note}</span>}
                </td>
                {bar.values.map((value, part) => (
                  <td key={parts[part]!.label} class="number">
                    {formatNumber(value)}
                  </td>
                ))}
                <td class="number">{formatNumber(sumOf(bar.values))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
