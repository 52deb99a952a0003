/** The page of the API: from one address, under a policy that lets it load nothing else. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chromium, type Browser, type Page } from "playwright-core";
import { Api } from "./harness";

const paths = ["/api/docs", "/api/docs/start.js", "/api/docs/swagger-ui.css", "/api/docs/swagger-ui-bundle.js"];

/** Debian's browser; undefined = there is none on this machine. */
function browserPath(): string | undefined {
  const { stdout } = spawnSync("which", ["chromium"], { encoding: "utf8" });
  return stdout.trim() === "" ? undefined : stdout.trim();
}

describe("the page of the API", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
  });
  after(() => api.close());

  it("is served with all its parts, without a key, also by a runtime that stands by", async () => {
    const { current } = api;
    api.current = { message: "another runtime leads" };
    for (const path of paths) {
      const reply = await api.request(path);
      assert.equal(reply.status, 200, path);
      assert.ok(reply.text.length > 100, path);
    }
    api.current = current;
  });

  it("names no address but its own, and may load nothing from elsewhere", async () => {
    const page = await api.request("/api/docs");
    const start = await api.request("/api/docs/start.js");

    for (const { text } of [page, start]) assert.doesNotMatch(text, /https?:|\/\/[a-z]/);
    const policy = page.headers.get("content-security-policy")!.split(";");
    assert.ok(policy.includes("default-src 'none'"));
    assert.ok(policy.includes("script-src 'self'") && policy.includes("style-src 'self'"));
    assert.ok(!policy.some((rule) => /unsafe|https?:|\*/.test(rule)), policy.join());
    const parts = [...page.text.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)].map(([, part]) => `/api/${part}`);
    assert.deepEqual(parts.sort(), paths.slice(1).sort());
  });

  describe("in a browser", () => {
    let browser: Browser | undefined;
    before(async function () {
      this.timeout(60_000);
      const executablePath = browserPath();
      if (executablePath === undefined) {
        console.log("      skipped: there is no Chromium on this machine");
        this.skip();
      }
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    });
    after(() => browser?.close());

    it("shows every route, asks nobody else, and breaks no rule of its policy", async function () {
      this.timeout(120_000);
      const page = await browser!.newPage();
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(error.message));

      await page.goto(`${api.url}/api/docs`);
      await page.waitForSelector(".opblock-tag-section, .opblock", { timeout: 60_000 });
      await openSections(page);

      const shown = await page.locator(".opblock-summary-path").allInnerTexts();
      const plain = shown.map((text) => text.replaceAll("\u200b", "")).sort();
      assert.deepEqual(plain, api.routes.map(({ path }) => path).sort());
      assert.deepEqual(complaints, []);
      assert.deepEqual(
        asked.filter((url) => !url.startsWith(`${api.url}/`) && !url.startsWith("data:")),
        [],
      );
      await page.close();
    });
  });
});

/** `docExpansion: none` shows sections closed. */
async function openSections(page: Page): Promise<void> {
  const closed = page.locator(".opblock-tag[data-is-open=false]");
  while ((await closed.count()) > 0) await closed.first().click();
}
