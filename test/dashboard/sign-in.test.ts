/** Signing in and out in a real browser. Skipped by name without Chromium. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { createApiKey } from "../../runtime/api/api-keys";
import { Campus } from "./campus";
import { launchChromium, whyNoChromium } from "./chromium";
import { Visitor } from "./visitor";

describe("signing in to the dashboard", function () {
  this.timeout(300_000);
  let campus: Campus;
  let browser: Browser;
  before(async function () {
    if (whyNoChromium() !== undefined) return this.skip();
    campus = await Campus.open();
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await campus?.close();
  });

  it("refuses a wrong key in a sentence and takes a right one, which no script can read afterwards", async () => {
    const visitor = await Visitor.come(browser, campus.url);
    const { page } = visitor;
    for (const [key, sentence] of [
      ["", /Give an API key/],
      [createApiKey(), /not known here/],
      ["hr_short", /not known here/],
    ] as const) {
      await visitor.signIn(key);
      await page.getByRole("alert").filter({ hasText: sentence }).waitFor();
    }
    await visitor.signIn(campus.keys.viewer);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const kept = await page.evaluate("JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])");
    assert.ok(!String(kept).includes("hr_"), String(kept));
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Strict"]);
    assert.ok(!cookie!.value.includes(campus.keys.viewer));

    await page.reload();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.getByRole("button", { name: /^Sign out/ }).click();
    await page.getByLabel("API key").waitFor();
    assert.deepEqual(await page.context().cookies(), []);
    await page.reload();
    await page.getByLabel("API key").waitFor();
    assert.deepEqual(visitor.complaints, []);
    await visitor.leave();
  });

  it("ends when the key is deleted, and the page says so", async () => {
    const { key } = await campus.client.createApiKey({ name: "short-lived", scope: "viewer" });
    const visitor = await Visitor.come(browser, campus.url);
    await visitor.signIn(key);
    await visitor.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await campus.client.deleteApiKey("short-lived");
    await visitor.page.getByLabel("API key").waitFor();
    assert.match(await visitor.page.locator("main").innerText(), /This sign-in has ended|this sign-in has ended/);
    await visitor.leave();
  });

  it("keeps to the page that was asked for", async () => {
    const visitor = await Visitor.come(browser, `${campus.url}`);
    await visitor.page.goto(`${campus.url}/#/lanes`);
    await visitor.signIn(campus.keys.viewer);
    await visitor.page.getByRole("heading", { level: 1, name: "Lanes" }).waitFor();
    await visitor.leave();
  });
});
