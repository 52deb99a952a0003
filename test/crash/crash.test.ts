/**
 * `kill -9` of the service, a worker, an engine, a plugin or PostgreSQL at random points under load: no acknowledged
 * command lost, no node created twice, no VM left over, no lane stuck, no lock left.
 *
 * HEADROOM_CRASH_SEED and HEADROOM_CRASH_KILLS choose a run; HEADROOM_CRASH_LOG=1 prints what happened.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CrashRun, type CrashReport } from "./crash-run";
import { freePort } from "../support/free-port";
import { removeFolder } from "../support/remove-folder";

const seed = Number(process.env["HEADROOM_CRASH_SEED"] ?? Math.floor(Date.now() % 1_000_000));
const kills = Number(process.env["HEADROOM_CRASH_KILLS"] ?? 12);

const engines: ("embedded" | "official")[] = process.env["HEADROOM_PULUMI"] ? ["embedded", "official"] : ["embedded"];

describe("kill -9 at random points under load", function () {
  this.timeout(15 * 60_000);
  const reports: string[] = [];

  for (const engine of engines) {
    it(`loses nothing and leaves nothing on the ${engine} engine (seed ${seed})`, async function () {
      if (process.platform !== "linux") this.skip();
      const folder = mkdtempSync(join(tmpdir(), "headroom-crash-"));
      // As root the embedded PostgreSQL runs as another account, which has to get into the folder.
      chmodSync(folder, 0o755);
      const lines: string[] = [];
      const startedMs = Date.now();
      const log = (line: string) => {
        lines.push(`${((Date.now() - startedMs) / 1000).toFixed(1)} ${line}`);
        if (process.env["HEADROOM_CRASH_LOG"]) console.log(lines.at(-1));
      };
      let report: CrashReport;
      try {
        report = await new CrashRun({ seed, kills, engine, folder, port: await freePort(), log }).run();
      } catch (error) {
        console.log(`seed ${seed}\n${lines.slice(-60).join("\n")}`);
        throw error;
      }
      if (report.violations.length > 0) console.log(`seed ${seed}\n${lines.slice(-80).join("\n")}`);
      reports.push(`${engine}: seed ${seed}, ${JSON.stringify(report)}`);

      assert.deepEqual(report.violations, []);
      assert.ok(report.served > 0, "no session was served");
      assert.ok(report.nodesSeen > 0, "no VM was seen");
      assert.equal(
        Object.values(report.kills).reduce((sum, count) => sum + count, 0),
        kills,
      );
      removeFolder(folder);
    });
  }

  after(() => {
    for (const report of reports) console.log(`    ${report}`);
    if (engines.length === 1) console.log("    the official CLI was not there: only the embedded engine was crashed");
  });
});
