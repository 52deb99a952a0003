/**
 * A frozen leader, beside a second service that takes over, does no harm when it wakes: shown with its service, worker and
 * engine frozen alone and together while a VM is made or deleted, and woken in every order.
 *
 * HEADROOM_TAKEOVER=all runs every order, else a few are chosen. HEADROOM_TAKEOVER_SEED chooses a run, and
 * HEADROOM_TAKEOVER_LOG=1 prints what happened.
 */
import assert from "node:assert/strict";
import { newOpenFolder } from "../support/open-folder";
import { newDatabase } from "../support/postgres";
import { removeFolder } from "../support/remove-folder";
import { seededRandom } from "./crash-run";
import type { Part } from "./service-process";
import { TakeoverRun, type Round } from "./takeover-run";

const seed = Number(process.env["HEADROOM_TAKEOVER_SEED"] ?? Math.floor(Date.now() % 1_000_000));
const isWhole = process.env["HEADROOM_TAKEOVER"] === "all";

/** Every order of each choice of parts. */
const orders: readonly (readonly Part[])[] = [
  ["service"],
  ["worker"],
  ["engine"],
  ["service", "worker"],
  ["worker", "service"],
  ["service", "engine"],
  ["engine", "service"],
  ["worker", "engine"],
  ["engine", "worker"],
  ["service", "worker", "engine"],
  ["service", "engine", "worker"],
  ["worker", "service", "engine"],
  ["worker", "engine", "service"],
  ["engine", "service", "worker"],
  ["engine", "worker", "service"],
];
const everyRound: readonly Round[] = orders.flatMap((frozen) => [
  { step: "create", frozen },
  { step: "delete", frozen },
]);

/** One in which the service sleeps alone, and one in which everything does. */
function chosenRounds(random: () => number): readonly Round[] {
  const pick = (isMeant: (round: Round) => boolean): Round => {
    const rounds = everyRound.filter(isMeant);
    return rounds[Math.floor(random() * rounds.length)]!;
  };
  return [pick(({ frozen }) => frozen.join() === "service"), pick(({ frozen }) => frozen.length === 3)];
}

const engines: ("embedded" | "official")[] = process.env["HEADROOM_PULUMI"] ? ["embedded", "official"] : ["embedded"];

describe("a leader that was frozen does no harm when it wakes", function () {
  this.timeout(isWhole ? 60 * 60_000 : 10 * 60_000);

  for (const engine of engines) {
    for (const openAhead of isWhole ? [0, 1] : [seed % 2]) {
      it(`on the ${engine} engine with ${openAhead} updates open ahead (seed ${seed})`, async function () {
        if (process.platform !== "linux") this.skip();
        const random = seededRandom(seed);
        const rounds = isWhole ? everyRound : chosenRounds(random);
        const folder = newOpenFolder("headroom-takeover-");
        const startedMs = Date.now();
        const lines: string[] = [];
        const log = (line: string): void => {
          lines.push(`${((Date.now() - startedMs) / 1000).toFixed(1)} ${line}`);
          if (process.env["HEADROOM_TAKEOVER_LOG"]) console.log(lines.at(-1));
        };
        try {
          const databaseUrl = await newDatabase();
          const run = await TakeoverRun.run({ databaseUrl, engine, openAhead, folder, random, log }, rounds);
          assert.deepEqual(run.violations, []);
          assert.equal(run.takeovers, rounds.filter(({ frozen }) => frozen.includes("service")).length);
        } catch (error) {
          console.log(lines.slice(-60).join("\n"));
          throw error;
        }
        removeFolder(folder);
      });
    }
  }
});
