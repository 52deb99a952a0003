import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { defaultRecoveryLimits } from "../../runtime/executor/recovery";
import { waitForEnd } from "../../runtime/executor/engine-wait";
import { isAlive, isStopped } from "../../runtime/executor/processes";
import { until } from "../support/until";

/** What a process does until a line comes at its standard input, or a SIGINT. */
const waits = "process.stdin.once('data', () => process.exit(0)); process.on('SIGINT', () => process.exit(3));";
const deaf = "process.on('SIGINT', () => undefined);";
const none = defaultRecoveryLimits;

describe("waiting for an engine", function () {
  this.timeout(60_000);
  let children: ChildProcess[];
  beforeEach(() => {
    children = [];
  });
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  async function start(program: string): Promise<{ child: ChildProcess; pid: number; end: Promise<unknown[]> }> {
    const script = `${program} process.stdout.write('up'); setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
    return { child, pid: child.pid!, end: once(child, "exit") };
  }
  const living = (...pids: number[]) => pids.filter(isAlive);

  it("lets one that is busy end by itself", async () => {
    const { child, pid, end } = await start(waits);
    let looks = 0;
    const isBusy = () => Promise.resolve(++looks > 0);

    const waited = waitForEnd(
      { living: () => living(pid), isBusy },
      { ...none, idleWaitMs: 1_000, stoppedWaitMs: 1_000 },
    );
    await until("three looks", () => looks >= 3);
    child.stdin?.write("end\n");
    await waited;

    assert.deepEqual(await end, [0, null]);
  });

  it("kills one that stands still, long before an engine that works has used its time", async () => {
    const { pid, end } = await start(waits);
    process.kill(pid, "SIGSTOP");
    await until("it stands still", () => isStopped(pid));

    await waitForEnd({ living: () => living(pid) }, { ...none, stoppedWaitMs: 2_000 });

    assert.deepEqual(await end, [null, "SIGKILL"]);
  });

  it("lets one end by itself that stood still and goes on in time", async () => {
    const { child, pid, end } = await start(waits);
    let looks = 0;
    const looked = () => Promise.resolve(++looks > 0);
    process.kill(pid, "SIGSTOP");
    const waited = waitForEnd({ living: () => living(pid), isBusy: looked }, { ...none, stoppedWaitMs: 3_000 });
    for (const turn of [2, 5]) {
      await until(`${turn} looks`, () => looks >= turn);
      process.kill(pid, "SIGCONT");
      await until("a look at it while it runs", () => looks >= turn + 1);
      process.kill(pid, "SIGSTOP");
    }
    process.kill(pid, "SIGCONT");
    child.stdin?.write("end\n");
    await waited;

    assert.deepEqual(await end, [0, null]);
  });

  it("kills what stands still and is waited for by one that works", async () => {
    const plugin = await start("");
    const engine = await start(waits);
    plugin.child.once("exit", () => engine.child.stdin?.write("its plugin has ended\n"));
    process.kill(plugin.pid, "SIGSTOP");

    const needed = () => living(engine.pid, plugin.pid);
    await waitForEnd({ living: () => living(engine.pid), needed }, { ...none, stoppedWaitMs: 1_000 });

    assert.deepEqual(await plugin.end, [null, "SIGKILL"]);
    assert.deepEqual(await engine.end, [0, null]);
  });

  it("interrupts one that has made nothing for a while, and not one that makes something now and then", async () => {
    const { pid, end } = await start(waits);
    let looks = 0;
    const isBusy = () => Promise.resolve(++looks % 2 === 0 && looks < 6);

    await waitForEnd({ living: () => living(pid), isBusy }, { ...none, idleWaitMs: 2_000 });

    assert.deepEqual(await end, [3, null]);
    assert.equal(looks, 6, "the first two looks in a row that saw nothing");
  });

  it("kills one that no interrupt ends", async () => {
    const { pid, end } = await start(deaf);

    await waitForEnd({ living: () => living(pid) }, { ...none, engineWaitMs: 1_000 });

    assert.deepEqual(await end, [null, "SIGKILL"]);
  });
});
