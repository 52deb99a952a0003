/** What is wrong now, before anything else. */
import { useSignal } from "@preact/signals";
import { useApp } from "../data/app";
import { problemsIn } from "../model/problems";

/** More are one click away. */
const shownMax = 4;

export function Problems() {
  const { live, settings } = useApp();
  const isWhole = useSignal(false);
  const status = live.status.value;
  if (!status) return null;
  const problems = problemsIn(status, settings.timeZone);
  if (problems.length === 0) {
    return <p class="all-well">Nothing is wrong that Headroom knows of.</p>;
  }
  const shown = isWhole.value ? problems : problems.slice(0, shownMax);
  return (
    <section class="problems" aria-label="What is wrong now">
      <ul>
        {shown.map(({ urgency, text, link }) => (
          <li key={text} class={urgency}>
            <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
              {urgency === "now" ? (
                <path
                  d="M8 1l7.5 13.5H.5zM7.2 6v4h1.6V6zm0 5.2v1.6h1.6v-1.6z"
                  fill="currentColor"
                  fill-rule="evenodd"
                />
              ) : (
                <circle cx="8" cy="8" r="5.5" fill="none" stroke="currentColor" stroke-width="2.5" />
              )}
            </svg>
            <span class="urgency">{urgency === "now" ? "Now" : "Soon"}</span>
            <a href={link}>{text}</a>
          </li>
        ))}
      </ul>
      {problems.length > shownMax && (
        <button type="button" onClick={() => (isWhole.value = !isWhole.value)} aria-expanded={isWhole.value}>
          {isWhole.value ? "Fewer" : `${problems.length - shownMax} more`}
        </button>
      )}
    </section>
  );
}
