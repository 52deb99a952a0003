/**
 * REST APIs of Google Cloud, for what the Pulumi provider has no function for: lists of all VMs of a project, the records under a
 * name, and what it leaves out of its answers, such as the architecture of an image. It only asks.
 */
import { setTimeout as delay } from "node:timers/promises";

const answerMsMax = 30_000;
/** Before each time that a question is asked again which got no answer. */
const defaultPausesMs: readonly number[] = [500, 2_000];
/** Of one list; the API gives at most 500 of all zones in each. */
const pagesMax = 200;

export type Parameters = Readonly<Record<string, string>>;

/** The API refused, or gave no answer. */
export class GoogleError extends Error {
  /**
   * @param status HTTP status; 0 = there was no answer.
   */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "GoogleError";
  }

  /** Asked again it may be answered. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Parts of answers that stand in every one. */
interface Answer {
  readonly nextPageToken?: string;
  readonly error?: {
    readonly message?: string;
    readonly errors?: readonly { readonly reason?: string; readonly message?: string }[];
  };
}

export class GoogleApi {
  /** @param endpoint With the slash at its end. */
  constructor(
    private readonly accessToken: string,
    private readonly endpoint: string,
    private readonly repeatPausesMs = defaultPausesMs,
  ) {}

  /** @param path Below the endpoint: `projects/labs`. */
  async get<Data>(path: string, parameters: Parameters = {}): Promise<Data> {
    for (const pauseMs of this.repeatPausesMs) {
      try {
        return await this.send<Data>(path, parameters);
      } catch (error) {
        if (!(error instanceof GoogleError && error.isPassing)) throw error;
        await delay(pauseMs);
      }
    }
    return this.send<Data>(path, parameters);
  }

  /** Every page of a list. */
  async pages<Page extends object>(path: string, parameters: Parameters): Promise<Page[]> {
    const pages: Page[] = [];
    let pageToken: string | undefined;
    do {
      if (pages.length === pagesMax) throw new Error(`the list ${path} has more than ${pagesMax} pages`);
      const page: Page & Answer = await this.get(path, { ...parameters, ...(pageToken && { pageToken }) });
      pages.push(page);
      pageToken = page.nextPageToken;
    } while (pageToken);
    return pages;
  }

  private async send<Data>(path: string, parameters: Parameters): Promise<Data> {
    const query = new URLSearchParams({ ...parameters, prettyPrint: "false" });
    const url = new URL(`${path}?${query.toString()}`, this.endpoint);
    const { status, text } = await this.exchange(url, path);
    const answer = parseAnswer(text);
    if (status === 200 && answer !== undefined) return answer as Data;
    throw new GoogleError(status, sentenceOf(status, answer?.error, path));
  }

  private async exchange(url: URL, path: string): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${this.accessToken}`, accept: "application/json" },
        // A redirect would take the token elsewhere.
        redirect: "error",
        signal: AbortSignal.timeout(answerMsMax),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new GoogleError(0, `no answer from Google Cloud to GET ${path}: ${reasonIn(error)}`);
    }
  }
}

/** As the Pulumi provider prints the API's refusals, so that both are read alike. */
function sentenceOf(status: number, error: Answer["error"], path: string): string {
  const reason = error?.errors?.[0]?.reason;
  const message = error?.message ?? `GET ${path} was answered without a sentence`;
  return `googleapi: Error ${status}: ${message}${reason === undefined ? "" : `, ${reason}`}`;
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** What `fetch` says itself is "fetch failed"; why stands in its cause. */
function reasonIn(error: unknown): string {
  const { message, cause } = error as Error & {
    readonly cause?: { readonly code?: string; readonly message?: string };
  };
  return cause?.message ? `${cause.message}${cause.code ? ` (${cause.code})` : ""}` : message;
}
