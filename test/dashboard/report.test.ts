/** The report of a simulated run: a file that stands alone. In a real browser; that part is skipped by name without one. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { costText, hourBars, idleShare, nodesChart, percentText, secondsText } from "../../dashboard/model/simulation";
import { htmlReport } from "../../runtime/simulate/report";
import type { SimulationResult } from "../../runtime/simulate/result";
import { launchChromium, whyNoChromium } from "./chromium";
import { aResult, aVariant } from "./simulated";
import { findBarriersOf } from "./visitor";

/** What would end an element, begin one, or mean something to who puts texts together. */
const nasty = `</script><script>document.title = "owned"</script><!-- <img src=http://other.test/x> $& $' {{run}} \u2028`;

describe("the report of a simulation", () => {
  it("says what is not known, and makes no amount of it", () => {
    assert.equal(costText({ amounts: {}, unpricedHours: 12, unpriced: ["small"] }), "not known");
    assert.equal(costText({ amounts: { EUR: 41.2 }, unpricedHours: 0, unpriced: [] }), "41.2 EUR");
    const mixed = { amounts: { EUR: 1, USD: 2 }, unpricedHours: 3, unpriced: ["small"] };
    assert.equal(costText(mixed), "1 EUR + 2 USD, and 3 VM-hours without a price");
    assert.equal(idleShare({ total: 0, session: 0, standby: 0, booting: 0, excess: 0, leaving: 0 }), undefined);
    assert.deepEqual([percentText(undefined), percentText(0.125)], ["–", "12.5 %"]);
    assert.deepEqual([secondsText(0), secondsText(90)], ["at once", "90 s"]);
  });

  it("draws all hours of a variant, and each step of its time", () => {
    const result = aResult();
    for (const [index, { values }] of hourBars(result).entries()) {
      const { total } = result.variants[index]!.vmHours;
      assert.ok(Math.abs(values.reduce((sum, value) => sum + value, 0) - total) < 1e-9);
    }
    const { series } = result.variants[0]!;
    const { times, lines } = nodesChart(series);
    assert.equal(times.length, series.ready.length);
    assert.equal(times[1]! - times[0]!, series.stepSeconds);
    assert.equal(lines[1]!.values[5], series.ready[5]! + series.booting[5]!);
    const none = { ...series, demand: [], waiting: [], ready: [], booting: [], standby: [] };
    assert.deepEqual(nodesChart(none).lines, []);
  });

  it("holds its run unharmed, and nothing that a name says becomes part of the page", () => {
    const result = aResult({ variants: [aVariant({ name: nasty })] });
    const html = htmlReport(result);
    assert.equal(html.match(/<script/g)?.length, 2);
    const data = /<script type="application\/json" id="run">(.*?)<\/script>/s.exec(html)![1]!;
    assert.deepEqual(JSON.parse(data), result);
    assert.match(html, /default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/);
    assert.doesNotMatch(html.replace(data, ""), /\{\{|https?:\/\/(?!www\.w3\.org)/);
  });

  describe("in a browser", function () {
    this.timeout(120_000);
    let browser: Browser;
    let folder: string;
    before(async function () {
      if (whyNoChromium() !== undefined) return this.skip();
      folder = mkdtempSync(join(tmpdir(), "headroom-report-"));
      browser = await launchChromium();
    });
    after(async () => {
      await browser?.close();
      if (folder) rmSync(folder, { recursive: true });
    });

    async function open(result: SimulationResult, colorScheme: "light" | "dark") {
      const file = join(folder, `${colorScheme}.html`);
      writeFileSync(file, htmlReport(result));
      const page = await (await browser.newContext({ colorScheme, locale: "en-GB" })).newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(`script error: ${error.message}`));
      page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      page.on("request", (request) => {
        if (request.url() !== pathToFileURL(file).href) complaints.push(`request: ${request.url()}`);
      });
      await page.goto(pathToFileURL(file).href);
      await page.getByRole("heading", { level: 1, name: "What would have happened" }).waitFor();
      return { page, complaints };
    }

    for (const colorScheme of ["light", "dark"] as const) {
      it(`opens from a disk, asks nobody, and has no barrier that axe knows, in ${colorScheme}`, async () => {
        const { page, complaints } = await open(aResult(), colorScheme);
        await page.locator("canvas").nth(3).waitFor();
        await page.getByText("every size is at its cap").first().waitFor();
        await page.getByText("minimumAvailableSessions: 5").waitFor();
        assert.deepEqual(await findBarriersOf(page), []);
        assert.deepEqual(complaints, []);
        await page.context().close();
      });
    }

    it("shows nasty names as they are, fits a telephone, and prints in light colours", async () => {
      const { page, complaints } = await open(aResult({ variants: [aVariant({ name: nasty })] }), "dark");
      await page.getByRole("heading", { level: 2, name: /document\.title = "owned"/ }).waitFor();
      assert.equal(await page.title(), "Headroom: what would have happened");
      await page.setViewportSize({ width: 360, height: 740 });
      assert.ok(Number(await page.evaluate("document.documentElement.scrollWidth")) <= 360);
      const ground = "getComputedStyle(document.documentElement).backgroundColor";
      assert.equal(await page.evaluate(ground), "rgb(15, 21, 28)");
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.evaluate(ground), "rgb(244, 246, 248)");
      assert.ok((await page.pdf()).length > 10_000);
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
  });
});
