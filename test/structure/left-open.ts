/**
 * Tests that fail and leave open what the harnesses start: an emulated cloud, an update whose engine and plugin work, a
 * runtime. No file of the suite; run by run-ends.test.ts, which also says where to fail.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { EmulatedAws } from "../clouds/emulated-aws";
import { newOpenFolder } from "../support/open-folder";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench } from "../executor/bench";

const failsInHook = process.env["LEFT_OPEN_FAILS_IN"] === "hook";

async function leaveOpen(): Promise<void> {
  const aws = new EmulatedAws([], []);
  await aws.cloud.listen();
  const [embedded] = await enginesHere();
  const bench = await openBench(embedded!, { slots: 1, warmSpares: 0 });
  const heard = new Heard();
  bench.world.hold();
  void bench.pool.update(aRequest([aNode("left", bench.world, { delayMs: 1 })]), heard.hear);
  await until("the create", () => heard.kinds().includes("nodeCreating left"));
  const folder = newOpenFolder("headroom-left-open-");
  const runtime = join(__dirname, "..", "..", "runtime", "cli", "main.js");
  const args = [runtime, "serve", "--allow-local", "--port", "0", "--data", folder];
  // With the output of this process, as no harness should and as one easily does.
  spawn(process.execPath, args, { stdio: "inherit", detached: true });
  console.log(`pids: ${process.pid} ${heard.enginePid()}`);
}

describe("what fails", () => {
  before(async () => {
    if (!failsInHook) return;
    await leaveOpen();
    throw new Error("the hook fails as it should");
  });

  it("fails", async () => {
    await leaveOpen();
    throw new Error("the test fails as it should");
  });
});
