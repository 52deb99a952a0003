/** The embedded engine that waits beside its worker, and every process that may die on the way. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import { commandLineOf, isAlive } from "../../runtime/executor/processes";
import { until } from "../support/until";
import { aNode, aRequest, enginesHere, Heard, openBench, type Bench } from "./bench";

describe("an engine that stands by", () => {
  let bench: Bench;

  before(async function () {
    if (process.platform !== "linux") return this.skip();
    const [embedded] = await enginesHere();
    bench = await openBench(embedded!, { slots: 1 });
  });
  afterEach(() => bench?.world.release());
  after(async () => {
    await bench?.close();
  });

  /** The engine that waits and the plugin it has started; both loaded. */
  async function waiting(): Promise<{ worker: number; engine: number; plugin: number }> {
    let found: { worker: number; engine: number; plugin: number } | undefined;
    await until("an engine that waits with its plugin", () => {
      const [worker] = bench.pool.workerPids();
      const engine = childrenOf(worker).find((pid) => /pulumi --standby standby-/.test(commandLineOf(pid) ?? ""));
      const plugin = childrenOf(engine).find((pid) => (commandLineOf(pid) ?? "").includes("pulumi-resource-toy"));
      found = worker && engine && plugin ? { worker, engine, plugin } : undefined;
      return found !== undefined;
    });
    return found!;
  }

  const logs = () =>
    readdirSync(join(bench.installation.dataFolder, "standby")).filter((name) => name.endsWith(".log"));

  const update = async (nodeId: string) => {
    const heard = new Heard();
    const result = await bench.pool.update(aRequest([aNode(nodeId, bench.world)], nodeId), heard.hear);
    assert.equal(result.outcome, "succeeded", result.message ?? "");
    assert.deepEqual(
      result.present?.map((node) => node.nodeId),
      [nodeId],
    );
    return heard;
  };

  it("is given the next update, with its plugin, and is known by its name to the lane", async () => {
    const { engine, plugin } = await waiting();
    const heard = new Heard();
    bench.world.hold();
    const running = bench.pool.update(aRequest([aNode("s1", bench.world, { delayMs: 1 })], "s1"), heard.hear);
    await until("the create", () => heard.kinds().includes("nodeCreating s1"));

    assert.equal(heard.enginePid(), engine);
    const folder = new LaneFolder(bench.installation, "s1", "s1");
    assert.equal(folder.engineRecord()?.pid, engine);
    assert.deepEqual(folder.processes().sort(), [engine, plugin].sort());
    assert.ok(folder.isEngine(engine) && !folder.isEngine(plugin));
    bench.world.release();
    assert.equal((await running).outcome, "succeeded");
    const log = readdirSync(folder.path).find((name) => name.endsWith("-up.log"))!;
    assert.match(readFileSync(join(folder.path, log), "utf8"), /1 created|\d+ created/);
  });

  it("ends with its plugin when its worker is killed before it was given anything", async () => {
    const { worker, engine, plugin } = await waiting();

    process.kill(worker, "SIGKILL");

    await until("the end of both", () => !isAlive(engine) && !isAlive(plugin));
    await update("s2");
  });

  it("is not missed when it was killed", async () => {
    const { engine } = await waiting();
    const [log] = logs().filter((name) => commandLineOf(engine)!.includes(name.replace(/\.log$/, "")));

    process.kill(engine, "SIGKILL");

    // An update that comes before the worker knows of it ends like any other whose engine is killed.
    await until("the worker knows", () => !logs().includes(log!));
    assert.notEqual((await update("s3")).enginePid(), engine);
  });

  it("starts its plugin again when that was killed", async () => {
    const { engine, plugin } = await waiting();
    process.kill(plugin, "SIGKILL");
    await until("the end of the plugin", () => !isAlive(plugin));

    assert.equal((await update("s4")).enginePid(), engine);
  });

  it("leaves no output behind", async () => {
    await waiting();
    // One is in use; the worker that was killed above could not remove its own.
    assert.ok(logs().length <= 2, logs().join(", "));
  });
});

function childrenOf(pid: number | undefined): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (pid === undefined || !existsSync(file)) return [];
  return readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number);
}
