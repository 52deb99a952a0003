/** What stands around every page: where one can go, who leads, how old the data is, in which zone times are told. */
import type { ComponentChildren } from "preact";
import { useApp } from "../data/app";
import { formatSpan, nameZone } from "../model/clock-text";
import { isStale } from "../model/freshness";
import { linkTo, type Page } from "../model/place";
import { Notes } from "./notes";
import { Problems } from "./problems";

const menu: readonly (readonly [Page, string])[] = [
  ["overview", "Overview"],
  ["nodes", "Nodes"],
  ["queue", "Queue"],
  ["schedules", "Schedules"],
  ["decisions", "Decisions"],
  ["lanes", "Lanes"],
  ["accounts", "Accounts"],
  ["orphans", "Orphans"],
  ["cost", "Cost"],
];

export function Frame({ children }: { children: ComponentChildren }) {
  const app = useApp();
  const { page } = app.place.value;
  const stale = isStale(app.live.freshness.value);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the page
      </a>
      <header class="top">
        <a class="brand" href={linkTo("overview")}>
          <Mark /> Headroom
        </a>
        <nav aria-label="Pages">
          {menu.map(([target, title]) => (
            <a key={target} href={linkTo(target)} aria-current={isWithin(page, target) ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <Tools />
        <Age />
      </header>
      <main id="main" tabIndex={-1} class={stale ? "stale" : ""}>
        <Problems />
        {children}
      </main>
      <Notes />
    </>
  );
}

/** Pages of one thing belong to the list they are found in. */
function isWithin(page: Page, target: Page): boolean {
  const homes: Partial<Record<Page, Page>> = {
    pools: "overview",
    configs: "overview",
    staging: "overview",
    sessions: "queue",
  };
  return (homes[page] ?? page) === target;
}

/** The hash is the place of the page; the skip link must not change it. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Mark() {
  return (
    <svg
      viewBox="0 0 32 32"
      width="26"
      height="26"
      aria-hidden="true"
      fill="none"
      stroke-linecap="round"
      stroke-width="3.5"
    >
      <rect x="2" y="2" width="28" height="28" rx="6" fill="#1b3a5c" />
      <path d="M8 8v16M24 8v16M8 19h16" stroke="#fff" />
      <path d="M12 12h8" stroke="#ffb454" />
    </svg>
  );
}

function Tools() {
  const app = useApp();
  const { settings, live } = app;
  const who = app.who.value;
  const zone = nameZone(settings.timeZone, live.nowMs.value);
  return (
    <div class="tools">
      <button type="button" onClick={() => settings.switchZone()} title="Tell times in this browser's zone or in UTC">
        Times: {zone}
      </button>
      <button type="button" onClick={() => settings.switchTheme()} title="Light, dark, or as the system">
        Look: {settings.theme.value}
      </button>
      {who.kind === "in" && (
        <button type="button" onClick={() => void app.signOut()} title={`Signed in with the key ${who.signIn.name}`}>
          Sign out{" "}
          <span class="quiet">
            ({who.signIn.name}, {who.signIn.scope})
          </span>
        </button>
      )}
    </div>
  );
}

/** Ticks, so that a page that has stopped can be told from one where nothing happens. */
function Age() {
  const { live } = useApp();
  const { heardAtMs, why } = live.freshness.value;
  const status = live.status.value;
  // Read so that this is drawn anew each second.
  void live.nowMs.value;
  const age = heardAtMs === undefined ? "nothing heard yet" : `heard ${formatSpan(Date.now() - heardAtMs)} ago`;
  const stale = isStale(live.freshness.value);
  return (
    <div class={stale ? "age stale-age" : "age"}>
      <span>{status ? `Leader: ${status.url}, term ${status.epoch}` : "Leader not known"}</span>
      <span>
        {age}
        {live.way.value === "stream" ? ", told at once" : ", asked now and then"}
      </span>
      <span role="status">{stale ? `What is shown is old: ${why ?? "no answer"}. It goes on by itself.` : ""}</span>
    </div>
  );
}
