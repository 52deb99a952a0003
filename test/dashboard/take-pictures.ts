/**
 * Writes the pictures of the dashboard in docs/pictures, from a run of a whole runtime with local VMs:
 * `node dist/test/dashboard/take-pictures.js`.
 */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { Campus } from "./campus";
import { launchChromium, whyNoChromium } from "./chromium";
import { Visitor } from "./visitor";

const folder = resolve(__dirname, "..", "..", "..", "docs", "pictures");

async function main(): Promise<void> {
  const why = whyNoChromium();
  if (why !== undefined) throw new Error(why);
  mkdirSync(folder, { recursive: true });
  const campus = await Campus.open();
  const browser = await launchChromium();
  try {
    for (const userId of ["ada", "grace", "edsger", "barbara", "alan"]) {
      await campus.client.requestSession({ workspace: "browser", userId });
    }
    await campus.waitingSession();
    await campus.untilRunning(3);
    const node = (await campus.client.nodes()).find(({ status }) => status === "running")!;
    for (const { file, hash, heading, colorScheme } of [
      { file: "overview", hash: "#/", heading: "Overview", colorScheme: "light" },
      { file: "overview-dark", hash: "#/", heading: "Overview", colorScheme: "dark" },
      { file: "pool", hash: "#/pools/agents", heading: "Pool agents", colorScheme: "light" },
      { file: "node", hash: `#/nodes/${node.nodeId}`, heading: `Node ${node.nodeId}`, colorScheme: "light" },
      { file: "schedules", hash: "#/schedules", heading: "Schedules", colorScheme: "light" },
    ] as const) {
      const visitor = await Visitor.come(browser, campus.url, { colorScheme, viewport: { width: 1180, height: 820 } });
      await visitor.signIn(campus.keys.operator);
      await visitor.go(hash, heading);
      await visitor.page.screenshot({ path: join(folder, `dashboard-${file}.png`) });
      await visitor.leave();
    }
  } finally {
    await browser.close();
    await campus.close();
  }
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
