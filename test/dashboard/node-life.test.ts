/** A node from its request to its end, watched and led in a real browser. Skipped by name without Chromium. */
import assert from "node:assert/strict";
import type { Browser } from "playwright-core";
import { until } from "../support/until";
import { Campus } from "./campus";
import { launchChromium, whyNoChromium } from "./chromium";
import { Visitor } from "./visitor";

describe("a node on the dashboard", function () {
  this.timeout(300_000);
  let campus: Campus;
  let browser: Browser;
  before(async function () {
    if (whyNoChromium() !== undefined) return this.skip();
    campus = await Campus.open();
    browser = await launchChromium();
    await campus.untilRunning(1);
  });
  after(async () => {
    await browser?.close();
    await campus?.close();
  });

  it("appears, runs, and goes while somebody looks, without a reload", async () => {
    const visitor = await Visitor.come(browser, campus.url);
    const { page } = visitor;
    await visitor.signIn(campus.keys.viewer);
    await visitor.go("#/pools/agents", "Pool agents");
    const before = new Set((await campus.client.nodes()).map(({ nodeId }) => nodeId));
    for (let user = 0; user < 3; user += 1) {
      await campus.client.requestSession({ workspace: "browser", userId: `user-${user}` });
    }
    const nodeId = await until("a node is asked for", async () =>
      (await campus.client.nodes()).map((node) => node.nodeId).find((id) => !before.has(id)),
    );
    const tile = page.getByRole("gridcell").filter({ hasText: nodeId });
    await tile.waitFor();
    await tile.filter({ hasText: "running" }).waitFor();
    await tile.getByRole("link").click();
    await page.getByRole("heading", { level: 1, name: `Node ${nodeId}` }).waitFor();
    await page.getByText(/Engine output/).waitFor();
    const story = page.locator(".life");
    for (const state of ["requested", "starting", "running"]) await story.getByText(state, { exact: true }).waitFor();

    for (const { sessionId, node } of await campus.client.sessions("assigned")) {
      if (node?.nodeId === nodeId) await campus.client.releaseSession(sessionId);
    }
    await campus.client.deleteNode(nodeId);
    await page.getByText(new RegExp(`node ${nodeId} is gone`)).waitFor();
    assert.deepEqual(visitor.complaints, []);
    await visitor.leave();
  });

  it("is drained by an operator after a question, and the operator takes it back", async () => {
    const visitor = await Visitor.come(browser, campus.url);
    const { page } = visitor;
    await visitor.signIn(campus.keys.operator);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const { nodeId } = (await campus.client.nodes()).find(({ status }) => status === "running")!;
    const statusOf = async () => (await campus.client.node(nodeId)).status;
    await visitor.go(`#/nodes/${nodeId}`, `Node ${nodeId}`);
    const drain = page.getByRole("button", { name: "Drain …" });
    await drain.click();
    await page.getByRole("button", { name: "Leave it" }).click();
    assert.equal(await statusOf(), "running");
    await drain.click();
    await page.getByRole("dialog").getByText(nodeId).waitFor();
    assert.deepEqual(await visitor.findBarriers(), []);
    await page.getByRole("button", { name: "Drain it" }).click();
    await page.getByText(`Node ${nodeId} drains.`).waitFor();
    assert.equal(await statusOf(), "draining");
    await page.getByRole("button", { name: "Undrain" }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText(`Node ${nodeId} takes sessions again.`).waitFor();
    assert.equal(await statusOf(), "running");
    await drain.waitFor();
    assert.deepEqual(visitor.complaints, []);
    await visitor.leave();
  });

  it("can't be touched by who may only look: nothing is offered, and nothing is done", async () => {
    const visitor = await Visitor.come(browser, campus.url);
    const { page } = visitor;
    await visitor.signIn(campus.keys.viewer);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    const { nodeId } = (await campus.client.nodes()).find(({ status }) => status === "running")!;
    await visitor.go(`#/nodes/${nodeId}`, `Node ${nodeId}`);
    await page.getByRole("heading", { level: 2, name: "Why" }).waitFor();
    for (const name of ["Drain …", "Delete …", "Give up …", "Undrain"]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, name);
    }
    const ask = `fetch("/api/v1/nodes/${nodeId}/drain", { method: "POST", headers: { "headroom-browser": "1" } }).then((r) => r.status)`;
    assert.equal(await page.evaluate(ask), 403);
    await visitor.leave();
  });

  it("is shown grey with a reason when the runtime is not heard any more, and alive again when it is", async () => {
    const visitor = await Visitor.come(browser, campus.url);
    const { page } = visitor;
    await visitor.signIn(campus.keys.viewer);
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.context().setOffline(true);
    await page.getByText(/What is shown is old: the runtime can't be reached/).waitFor();
    assert.equal(await page.locator("main.stale").count(), 1);
    await page.context().setOffline(false);
    await page.locator("main:not(.stale)").waitFor();
    await visitor.leave();
  });
});
