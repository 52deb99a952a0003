/** Every page of the dashboard in a real browser, over a real runtime. Skipped by name without Chromium. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { Campus } from "./campus";
import { launchChromium, whyNoChromium } from "./chromium";
import { Visitor } from "./visitor";

interface Shown {
  readonly hash: string;
  readonly heading: string | RegExp;
  /** What is seen there, and nowhere by chance. */
  readonly text: RegExp;
}

describe("the dashboard's pages", function () {
  this.timeout(300_000);
  let campus: Campus;
  let browser: Browser;
  let shown: readonly Shown[] = [];
  before(async function () {
    const why = whyNoChromium();
    if (why !== undefined) return this.skip();
    campus = await Campus.open();
    browser = await launchChromium();
    const served = await campus.client.requestSession({ workspace: "browser", userId: "ada" });
    const waiting = await campus.waitingSession();
    await campus.untilRunning(1);
    const node = (await campus.client.nodes()).find(({ status }) => status === "running")!;
    shown = [
      { hash: "#/", heading: "Overview", text: /agents-small/ },
      { hash: "#/nodes", heading: "Nodes", text: new RegExp(node.nodeId) },
      { hash: "#/pools/agents", heading: "Pool agents", text: new RegExp(node.nodeId) },
      {
        hash: `#/nodes/${node.nodeId}`,
        heading: `Node ${node.nodeId}`,
        text: /It was requested .* by autoscale config/,
      },
      {
        hash: "#/configs/agents-small",
        heading: "Autoscale config agents-small",
        text: /at least 1 by its open schedule/,
      },
      { hash: "#/staging/browsers-ready", heading: "Staging config browsers-ready", text: /Now:/ },
      { hash: `#/sessions/${served.sessionId}`, heading: `Session ${served.sessionId}`, text: /ada/ },
      { hash: `#/sessions/${waiting}`, heading: `Session ${waiting}`, text: /Who might serve it.*lab-night/s },
      { hash: "#/queue", heading: "Queue", text: /grace/ },
      { hash: "#/schedules", heading: "Schedules", text: /office-hours.*Europe\/Berlin/s },
      { hash: "#/decisions", heading: "Decisions", text: /placed|staged|queued/ },
      {
        hash: "#/lanes",
        heading: "Lanes",
        text: new RegExp(`Updates.*succeeded.*${node.laneId!}.*Stacks of nodes`, "s"),
      },
      { hash: `#/lanes/${node.laneId}`, heading: `Lane ${node.laneId}`, text: /Revision/ },
      { hash: "#/accounts", heading: "Accounts", text: /small/ },
      { hash: `#/lanes/${node.laneId}?revision=1`, heading: `Lane ${node.laneId}`, text: /Of revision 1 of lane/ },
      { hash: "#/cost", heading: "Cost", text: /with a session.*kept ready/s },
      { hash: "#/orphans", heading: "Orphans", text: /None of the places/ },
    ];
  });
  after(async () => {
    await browser?.close();
    await campus?.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`show what is there, without a barrier that axe knows, in ${colorScheme}`, async () => {
      const visitor = await Visitor.come(browser, campus.url, { colorScheme });
      await visitor.page.getByLabel("API key").waitFor();
      assert.deepEqual(await visitor.findBarriers(), [], "sign-in");
      await visitor.signIn(campus.keys.viewer);
      await visitor.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
      const barriers: string[] = [];
      for (const { hash, heading, text } of shown) {
        await visitor.go(hash, heading);
        await visitor.page.locator("main").filter({ hasText: text }).waitFor();
        barriers.push(...(await visitor.findBarriers()).map((barrier) => `${hash}: ${barrier}`));
      }
      assert.deepEqual(barriers, []);
      assert.deepEqual(visitor.complaints, []);
      await visitor.leave();
    });
  }

  it("fit a telephone: nothing is wider than the screen but what scrolls by itself", async () => {
    const visitor = await Visitor.come(browser, campus.url, { viewport: { width: 360, height: 740 } });
    await visitor.signIn(campus.keys.viewer);
    await visitor.page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const tooWide: string[] = [];
    for (const { hash, heading } of shown) {
      await visitor.go(hash, heading);
      const width = await visitor.page.evaluate("document.documentElement.scrollWidth");
      if (Number(width) > 360) tooWide.push(`${hash} is ${String(width)} pixels wide`);
    }
    assert.deepEqual(tooWide, []);
    await visitor.leave();
  });

  it("are reached by the keyboard alone, and say where one is", async () => {
    const visitor = await Visitor.come(browser, campus.url);
    const { page } = visitor;
    await page.getByLabel("API key").waitFor();
    await page.keyboard.type(campus.keys.viewer);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.getByRole("link", { name: "Skip to the page" }).focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate("document.activeElement.id"), "main");
    await page.getByRole("link", { name: "Queue", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Queue" }).waitFor();
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Queue");
    assert.equal(await page.getByRole("link", { name: "Queue", exact: true }).getAttribute("aria-current"), "page");
    await visitor.leave();
  });
});
