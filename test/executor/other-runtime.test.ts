/** What one runtime makes of an engine that another runtime on the same stacks has started, and of its own that is not led any more. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { laneMark, laneMarkOf } from "../../runtime/executor/engine-environment";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import { whileLed } from "../../runtime/executor/open-watch";
import type { Installation } from "../../runtime/executor/installation";
import { until } from "../support/until";
import { packageRoot } from "./bench";

function installationIn(dataFolder: string, backendUrl: string): Installation {
  const engine = { kind: "embedded" as const, name: "embedded", command: "/nowhere", version: "0", root: "/nowhere" };
  return { dataFolder, backendUrl, packageRoot, engine, plugins: [], engineEnvironment: {}, historyKept: 1 };
}

describe("runtimes with data folders of their own on one backend", function () {
  this.timeout(60_000);
  const lane = ["lane-1", "lane-1"] as const;
  const backend = "s3://stacks?user=somebody&password=hidden";
  const one = installationIn(mkdtempSync(join(tmpdir(), "one-")), backend);

  it("know each other's engines, and no engine of other stacks or lanes", async function () {
    if (process.platform !== "linux") return this.skip();
    const { qualifiedStack } = new LaneFolder(one, ...lane);
    const engine = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "up", "--stack", qualifiedStack], {
      env: { ...process.env, [laneMark]: laneMarkOf(one, "lane-1") },
    });
    try {
      const pid = engine.pid!;
      const seen = (installation: Installation, laneId: string, stack: string) =>
        new LaneFolder(installation, laneId, stack).isEngine(pid);
      const two = installationIn(mkdtempSync(join(tmpdir(), "two-")), backend);
      await until("the other one sees it", () => seen(two, ...lane));
      assert.deepEqual(new LaneFolder(two, ...lane).processes(), [pid]);
      assert.ok(!seen(installationIn(two.dataFolder, `${backend}-of-others`), ...lane));
      assert.ok(!seen(two, "lane-2", "lane-1"));
      assert.ok(!seen(two, "lane-1", "lane-2"));
    } finally {
      engine.kill("SIGKILL");
    }
  });

  it("tell nothing of the backend's password in the mark", () => {
    assert.ok(!/hidden|somebody/.test(laneMarkOf(one, "lane-1")));
  });
});

describe("an update that was opened ahead", () => {
  for (const [what, answers, closings] of [
    ["stays open while its runtime leads", [true, true, true, true], 0],
    ["is closed once when another runtime leads", [true, true, false], 1],
    ["is closed once when nobody answers", [false], 1],
  ] as const) {
    it(what, async () => {
      const left: boolean[] = [...answers];
      let closed = 0;
      let end: (result: string) => void = () => undefined;
      const work = new Promise<string>((resolve) => (end = resolve));
      const toOperate = (): Promise<void> => {
        const isLed = left.shift() ?? true;
        return isLed ? Promise.resolve() : Promise.reject(new Error("not permitted"));
      };

      const result = whileLed({ toOperate }, () => (closed += 1), work, 1);
      await until("it was asked so often", () => left.length === 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
      end("ended");

      assert.equal(await result, "ended");
      assert.equal(closed, closings);
    });
  }

  it("asks nothing more when it has ended, also when it failed", async () => {
    let asked = 0;
    const toOperate = (): Promise<void> => Promise.resolve(void (asked += 1));
    await assert.rejects(
      whileLed({ toOperate }, () => undefined, Promise.reject(new Error("engine")), 1),
      /engine/,
    );
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(asked, before);
  });
});
