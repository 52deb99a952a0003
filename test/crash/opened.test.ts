/**
 * `kill -9` of the service while an update is open and while nodes stream into it: whoever starts it again finds no node
 * twice, none lost and none forgotten, no lock left, and an update open again soon.
 *
 * HEADROOM_OPENED_SEED chooses a run, and HEADROOM_OPENED_LOG=1 prints what happened.
 */
import assert from "node:assert/strict";
import { freePort } from "../support/free-port";
import { newOpenFolder } from "../support/open-folder";
import { newDatabase } from "../support/postgres";
import { removeFolder } from "../support/remove-folder";
import { seededRandom } from "./crash-run";
import { OpenedRun } from "./opened-run";

const seed = Number(process.env["HEADROOM_OPENED_SEED"] ?? Math.floor(Date.now() % 1_000_000));

const engines: ("embedded" | "official")[] = process.env["HEADROOM_PULUMI"] ? ["embedded", "official"] : ["embedded"];

describe("a service that is killed with an update open", function () {
  this.timeout(10 * 60_000);

  for (const engine of engines) {
    it(`loses and doubles nothing on the ${engine} engine, and opens one again`, async function () {
      if (process.platform !== "linux") this.skip();
      const random = seededRandom(seed);
      const folder = newOpenFolder("headroom-opened-");
      const startedMs = Date.now();
      const lines = [`seed ${seed}`];
      const log = (line: string): void => {
        lines.push(`${((Date.now() - startedMs) / 1000).toFixed(1)} ${line}`);
        if (process.env["HEADROOM_OPENED_LOG"]) console.log(lines.at(-1));
      };
      try {
        const options = { databaseUrl: await newDatabase(), engine, openAhead: 1, folder, random, log };
        const run = await OpenedRun.run({ ...options, port: await freePort() });
        assert.deepEqual([...run.violations], []);
        const seconds = run.recoveredMs.map((ms) => (ms / 1_000).toFixed(1)).join(", ");
        console.log(`      ${engine}: well again ${seconds} s after each kill`);
        assert.ok(
          run.recoveredMs.every((ms) => ms < 60_000),
          `it took ${seconds} s`,
        );
      } catch (error) {
        console.log(lines.slice(-60).join("\n"));
        throw error;
      }
      removeFolder(folder);
    });
  }
});
