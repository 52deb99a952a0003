/** The journal: what was decided, why, with the numbers. Filters stand in the URL. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { DecisionView } from "../../runtime/api/contracts";
import { useApp } from "../data/app";
import { useAnswer } from "../data/use-answer";
import { linkTo } from "../model/place";
import { Answered } from "../parts/answered";
import { Journal } from "../parts/journal";
import { CountBars } from "../parts/count-bars";
import { PageFrame } from "../parts/page";

const fields = ["subject", "event", "code", "config", "node", "session", "lane", "text"] as const;
const subjects = ["node", "session", "config", "staging", "lane", "budget", "runtime"];

interface Page {
  readonly decisions: readonly DecisionView[];
  readonly next?: string;
}

export function DecisionsPage({ filters }: { filters: Readonly<Record<string, string>> }) {
  const asked = Object.fromEntries(
    fields.flatMap((field) => (filters[field] ? [[field, filters[field]] as [string, string]] : [])),
  );
  const query = new URLSearchParams(asked).toString();
  return (
    <PageFrame title="Decisions" question="What was decided, and why?">
      <Filters filters={asked} />
      <CountBars query={query} />
      <Entries key={query} query={query} />
    </PageFrame>
  );
}

/** The newest page is kept as it is now; older ones are added by hand and stay. */
function Entries({ query }: { query: string }) {
  const { backend } = useApp();
  const path = `/api/v1/decisions?${query}${query === "" ? "" : "&"}order=newest&limit=100`;
  const reading = useAnswer<Page>(path, { topics: ["decision"], everyMs: 10_000 });
  const older = useSignal<readonly DecisionView[]>([]);
  const next = useSignal<string | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const newest = reading.body;
  // What has slipped out of the newest page since older ones were added must not be lost between them.
  const seen = useSignal<readonly DecisionView[]>([]);
  useEffect(() => {
    if (newest) seen.value = merge(newest.decisions, seen.peek());
  }, [newest]);
  const more = async (): Promise<void> => {
    const before = next.value ?? newest?.next;
    if (before === undefined) return;
    const answer = await backend.ask<Page>(`${path}&before=${encodeURIComponent(before)}`);
    if (answer.kind !== "done") return void (trouble.value = answer.message);
    older.value = [...older.value, ...answer.body.decisions];
    [next.value, trouble.value] = [answer.body.next ?? "", undefined];
  };
  return (
    <section class="card">
      <Answered reading={reading}>
        {(page) => (
          <>
            <Journal newestFirst={merge(seen.value.length > 0 ? seen.value : page.decisions, older.value)} />
            {(next.value ?? page.next ?? "") !== "" && (
              <button type="button" onClick={() => void more()}>
                Older ones
              </button>
            )}
            {trouble.value && <p class="refusal">{trouble.value}</p>}
          </>
        )}
      </Answered>
    </section>
  );
}

/** Each once, newest first. */
function merge(a: readonly DecisionView[], b: readonly DecisionView[]): DecisionView[] {
  const known = new Map([...a, ...b].map((decision) => [decision.decisionId, decision]));
  return [...known.values()].sort((x, y) => y.atMs - x.atMs || (x.decisionId < y.decisionId ? 1 : -1));
}

function Filters({ filters }: { filters: Readonly<Record<string, string>> }) {
  return (
    <form
      class="fields"
      key={JSON.stringify(filters)}
      onSubmit={(event) => {
        event.preventDefault();
        const given = Object.fromEntries(
          [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value).trim()]),
        );
        location.hash = linkTo("decisions", undefined, given);
      }}
    >
      <label>
        About{" "}
        <select name="subject" defaultValue={filters["subject"] ?? ""}>
          <option value="">anything</option>
          {subjects.map((subject) => (
            <option key={subject} selected={subject === filters["subject"]}>
              {subject}
            </option>
          ))}
        </select>
      </label>
      {fields.slice(1).map((field) => (
        <label key={field}>
          {labels[field]} <input name={field} defaultValue={filters[field] ?? ""} size={field === "text" ? 18 : 10} />
        </label>
      ))}
      <button type="submit">Filter</button>
      <a class="chip" href={linkTo("decisions")}>
        All
      </a>
    </form>
  );
}

const labels: Readonly<Record<string, string>> = {
  event: "Event",
  code: "Code",
  config: "Config",
  node: "Node",
  session: "Session",
  lane: "Lane",
  text: "Words",
};
