/** Somebody who looks at the dashboard in a browser, and notes whatever a page must never do. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
  readonly passes: readonly unknown[];
}

export class Visitor {
  /** Errors of scripts, breaches of the page's own policy, requests to anybody else: each is one sentence. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly url: string,
  ) {}

  static async come(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ timezoneId: "Europe/Berlin", locale: "en-GB", ...options });
    const page = await context.newPage();
    const visitor = new Visitor(page, url);
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => visitor.complaints.push(`script error: ${error.message}`));
    page.on("console", (message) => {
      const text = message.text();
      // That a key is wrong, or nobody is signed in, is an answer; Chromium counts it among the errors.
      if (message.type() === "error" && !/the server responded with a status of 4\d\d/.test(text)) {
        visitor.complaints.push(`console: ${text}`);
      }
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(`${url}/`)) visitor.complaints.push(`outside request: ${request.url()}`);
    });
    await page.goto(`${url}/`);
    return visitor;
  }

  async signIn(key: string): Promise<void> {
    await this.page.getByLabel("API key").fill(key);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** To a page of the dashboard, e.g. `#/queue`; when it is there. */
  async go(hash: string, heading: string | RegExp): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await this.page.getByRole("heading", { level: 1, name: heading }).waitFor();
    // What a page first asks for has been answered.
    await this.page.locator("main").filter({ hasNotText: "Asking …" }).waitFor();
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }

  findBarriers(): Promise<string[]> {
    return findBarriersOf(this.page);
  }
}

/** What axe finds against the page as it is; empty = nothing. */
export async function findBarriersOf(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const options = { resultTypes: ["violations", "passes"] };
  const result = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResult;
  assert.ok(result.passes.length > 5, "axe looked at nothing");
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)}: ${failureSummary.slice(0, 300)}`),
  );
}
