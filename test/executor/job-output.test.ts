import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Installation } from "../../runtime/executor/installation";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import { endOfLog, logsIn } from "../../runtime/executor/lane-logs";
import { KeptOutputs, OutputWatch } from "../../runtime/executor/remote/job-output";
import { removeFolder } from "../support/remove-folder";

describe("what an engine elsewhere printed", () => {
  let root: string;
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (_fields: object, text: string) => void warnings.push(text),
    error: () => undefined,
  };
  const lane = { laneId: "lane-1", stack: "lane-1", revision: 7 };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "headroom-output-"));
    warnings.length = 0;
  });
  afterEach(() => removeFolder(root));

  const installationOf = (name: string) =>
    ({ dataFolder: join(root, name), historyKept: 2, backendUrl: "file:///x" }) as Installation;
  const folderOf = (name: string) => new LaneFolder(installationOf(name), lane.laneId, lane.stack);
  const printed = async (operation: string, text: string) =>
    writeFileSync(await folderOf("worker").newLogFile(operation, lane.revision), text);

  it("goes to who leads: the last engine's output of this job, and its end when it is long", async () => {
    await printed("update", "of the job before");
    const watch = await OutputWatch.begin(folderOf("worker").path);
    assert.equal(await watch.end(), undefined, "no engine ran");
    await printed("refresh", "first");
    await printed("update", `${"x".repeat(20)}\n`.repeat(4_000) + "error: the quota is used up\n");
    const output = (await watch.end())!;
    assert.equal(output.operation, "update");
    assert.ok(Buffer.byteLength(output.text) <= 32 * 1024, "bounded");
    assert.match(output.text, /^x{20}\n[^]*error: the quota is used up\n$/, "whole lines");

    const kept = new KeptOutputs(installationOf("leader"), log);
    for (let turn = 0; turn < 9; turn += 1) await kept.keep(lane, { ...output, text: `${turn}: ${output.text}` });
    const { path } = folderOf("leader");
    const names = (await logsIn(path)).map(({ name }) => name);
    assert.equal(names.length, 5, "old ones go, as those of engines here");
    assert.match(names.at(-1)!, /^\d{8}-r7-update\.log$/);
    assert.ok((await endOfLog(path, names.at(-1)!, 1_000_000))!.startsWith("8: x"));

    await kept.forget(lane);
    assert.deepEqual(await logsIn(path), []);
    assert.deepEqual(warnings, []);
  });

  it("is told and missed by nobody when it can't be kept", async () => {
    writeFileSync(join(root, "leader"), "a file in the place of the folder");
    await new KeptOutputs(installationOf("leader"), log).keep(lane, { operation: "update", text: "text" });
    assert.deepEqual(warnings, ["a worker's output could not be kept"]);
  });

  it("is none when the lane is gone", async () => {
    await printed("remove", "text");
    const watch = await OutputWatch.begin(folderOf("worker").path);
    await printed("remove", "text");
    await folderOf("worker").remove();
    assert.equal(await watch.end(), undefined);
  });
});
