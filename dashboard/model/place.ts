/** Where in the dashboard somebody is: a page, the name of what it shows, and filters. All of it stands in the URL. */

export const pages = [
  "overview",
  "pools",
  "nodes",
  "configs",
  "sessions",
  "staging",
  "queue",
  "schedules",
  "decisions",
  "lanes",
  "accounts",
  "orphans",
  "cost",
] as const;
export type Page = (typeof pages)[number];

export interface Place {
  readonly page: Page;
  /** Of what the page shows; absent = the page of all. */
  readonly id?: string;
  readonly filters: Readonly<Record<string, string>>;
}

/** `#/pools/agents?status=failed`. What names no page is the overview. */
export function readPlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [name = "", ...rest] = path.split("/");
  const filters = Object.fromEntries(new URLSearchParams(query));
  const page = pages.find((known) => known === name) ?? "overview";
  const id = decode(rest.join("/"));
  return { page, ...(id === "" || page === "overview" ? {} : { id }), filters };
}

export function linkTo(page: Page, id?: string, filters: Readonly<Record<string, string | undefined>> = {}): string {
  const path = page === "overview" ? "#/" : `#/${page}${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
  const set = Object.entries(filters).flatMap(([name, value]) => (value ? [[name, value] as [string, string]] : []));
  const query = new URLSearchParams(set.sort(([a], [b]) => (a < b ? -1 : 1))).toString();
  return query === "" ? path : `${path}?${query}`;
}

/** Where a journal entry about something leads; undefined = nowhere. */
export function linkToSubject(subject: string, id: string): string | undefined {
  const subjects: Readonly<Record<string, Page>> = {
    node: "nodes",
    session: "sessions",
    config: "configs",
    staging: "staging",
    lane: "lanes",
  };
  const page = Object.hasOwn(subjects, subject) ? subjects[subject] : undefined;
  return page && linkTo(page, id);
}

/** An escape that is none stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
