/** A run in which tests fail ends by itself, with all that they left behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { isAlive } from "../../runtime/executor/processes";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";

const root = join(__dirname, "..", "..", "..");
/** Loading, a few processes and what mocha is given to end, on a machine that has other things to do. */
const runMsMax = 180_000;

describe("a run of tests", function () {
  this.timeout(2 * runMsMax);
  let folder: string;
  beforeEach(function () {
    // Only Linux tells which processes a test has started.
    if (process.platform !== "linux") return this.skip();
    folder = newOpenFolder("headroom-run-");
  });
  afterEach(() => removeFolder(folder));

  for (const place of ["test", "hook"]) {
    it(`whose ${place} fails ends by itself and fails, although an engine, a plugin, a cloud and a runtime are left`, async () => {
      const script = join(root, "scripts", "run-mocha.mjs");
      const child = spawn(process.execPath, [script, join("dist", "test", "structure", "left-open.js")], {
        env: { ...process.env, LEFT_OPEN_FAILS_IN: place, TMPDIR: folder },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      child.stdout.on("data", (data) => (output += String(data)));
      child.stderr.on("data", (data) => (output += String(data)));
      const giveUp = setTimeout(() => child.kill("SIGKILL"), runMsMax);

      // Closed only when nobody holds its output any more.
      const [code] = await new Promise<[number | null]>((resolve) => child.once("close", (ended) => resolve([ended])));
      clearTimeout(giveUp);

      assert.equal(code, 1, output);
      assert.match(output, new RegExp(`the ${place} fails as it should`));
      assert.match(output, /1 failing/);
      const pids = /pids: (\d+) (\d+)/.exec(output)?.slice(1).map(Number) ?? assert.fail(output);
      await until("the end of the engine", () => !pids.some(isAlive));
      assert.match(output, /left behind by a test, and ended now: .*serve/);
    });
  }
});
