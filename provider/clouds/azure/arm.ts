/**
 * Azure Resource Manager's REST API, for what the Pulumi provider has no function for: lists of VMs and sizes, and whatever
 * is named by its id. It only asks. Access tokens come from the Pulumi provider, whatever credentials it has.
 */
import type * as pulumi from "@pulumi/pulumi";
import { setTimeout as delay } from "node:timers/promises";
import { accessToken, readAccess, resourceManagerOf } from "./account";

/** One answer. */
const answerMsMax = 30_000;
/** Pages of one list; the largest, that of sizes, has a few. */
const pagesMax = 500;
/** Before a question is asked again that got no answer, or was asked too often. */
const repeatPausesMs = [1000, 4000];
/** As long as the service may tell us to wait, in seconds: a check has two minutes in all. */
const waitSecondsMax = 15;

/** Azure refused, or gave no answer. */
export class ArmError extends Error {
  constructor(
    question: string,
    /** HTTP status; 0 = there was no answer. */
    readonly status: number,
    /** As the service says it, or the network. */
    code: string,
    message: string,
    readonly waitSeconds?: number,
  ) {
    // In the form of the Pulumi provider, so that failures of both are read alike.
    super(`GET ${question}: Status=${status} Code="${code}" Message="${message}"`);
    this.name = "ArmError";
  }

  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class ArmApi {
  private readonly base: string;
  private readonly subscription: string;
  private token: Promise<string> | undefined;

  /** @param askToken Default: the Pulumi provider of these options is asked. */
  constructor(
    settings: unknown,
    options: pulumi.InvokeOptions,
    private readonly askToken: () => Promise<string> = () => accessToken(options),
  ) {
    const access = readAccess(settings);
    this.base = resourceManagerOf(access);
    this.subscription = access.subscriptionId;
  }

  /**
   * @param path Below the subscription, or a whole id; its parts are encoded by the caller.
   * @param version Of the API of the type that is asked for.
   */
  async get<Answer>(path: string, version: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return (await this.ask(this.urlOf(path, { "api-version": version, ...query }))) as Answer;
  }

  /** All pages of it. */
  async list<Item>(path: string, version: string, query: Readonly<Record<string, string>> = {}): Promise<Item[]> {
    const items: Item[] = [];
    let url: URL | undefined = this.urlOf(path, { "api-version": version, ...query });
    for (let page = 0; url !== undefined; page += 1) {
      if (page >= pagesMax) throw new Error(`${path} has more than ${pagesMax} pages`);
      const answer = (await this.ask(url)) as { readonly value?: readonly Item[]; readonly nextLink?: string | null };
      if (!Array.isArray(answer.value)) throw new ArmError(url.pathname, 200, "NoList", "the answer has no list");
      items.push(...(answer.value as readonly Item[]));
      url = answer.nextLink ? this.nextOf(answer.nextLink) : undefined;
    }
    return items;
  }

  private urlOf(path: string, query: Readonly<Record<string, string>>): URL {
    const isWhole = /^\/(?:subscriptions|communityGalleries|sharedGalleries)\//i.test(path);
    const url = new URL(`${this.base}${isWhole ? path : `/subscriptions/${this.subscription}${path}`}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  /** The token goes nowhere else than where the list began. */
  private nextOf(link: string): URL {
    const url = new URL(link, this.base);
    if (url.origin === new URL(this.base).origin) return url;
    throw new Error(`the next page of a list is at ${url.origin}, and not at ${this.base}`);
  }

  private async ask(url: URL): Promise<unknown> {
    for (const pauseMs of repeatPausesMs) {
      try {
        return await this.send(url);
      } catch (error) {
        if (!(error instanceof ArmError && error.isPassing)) throw error;
        const { waitSeconds = 0 } = error;
        if (waitSeconds > waitSecondsMax) throw error;
        await delay(Math.max(pauseMs, waitSeconds * 1000));
      }
    }
    return this.send(url);
  }

  private async send(url: URL): Promise<unknown> {
    const what = url.pathname;
    const authorization = `Bearer ${await (this.token ??= this.askToken())}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        headers: { authorization, accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(answerMsMax),
      });
      text = await response.text();
    } catch (error) {
      throw new ArmError(what, 0, "NoAnswer", networkReason(error));
    }
    const body = parseJson(text);
    if (response.ok && body !== undefined) return body;
    const { code = `HTTP ${response.status}`, message = response.ok ? "the answer is no JSON" : response.statusText } =
      (body as { readonly error?: { readonly code?: string; readonly message?: string } } | undefined)?.error ?? {};
    const waitSeconds = Number(response.headers.get("retry-after") ?? NaN);
    throw new ArmError(what, response.status, code, message, Number.isFinite(waitSeconds) ? waitSeconds : undefined);
  }
}

/** What stands in a path. */
export const part = (name: string): string => encodeURIComponent(name);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller says that it is none.
    return undefined;
  }
}

/** `fetch` itself only says that it failed. */
function networkReason(error: unknown): string {
  const { message, cause } = error as Error & { readonly cause?: Error & { readonly code?: string } };
  return cause === undefined ? message : `${message}: ${cause.message}${cause.code ? ` (${cause.code})` : ""}`;
}
