import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeFolder } from "../../support/remove-folder";

const command = join(__dirname, "..", "..", "..", "..", "engine", "bin", "pulumi");

describe("pulumi --standby", () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "headroom-standby-")));
  });
  afterEach(() => removeFolder(folder));

  function start(): ChildProcess {
    const env = {
      ...process.env,
      PULUMI_HOME: folder,
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "x",
    };
    return spawn(command, ["--standby", "a-name"], { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
  }

  async function ended(child: ChildProcess): Promise<{ code: number | null; output: string; errors: string }> {
    let [output, errors] = ["", ""];
    child.stdout!.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr!.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, output, errors };
  }

  it("goes on as the command of the line it gets, in the folder of that line", async () => {
    const project = join(folder, "Pulumi.yaml");
    writeFileSync(project, "name: elsewhere\nruntime: nodejs\n");
    const child = start();
    child.stdin!.write(`${JSON.stringify({ cwd: folder, args: ["stack", "init", "dev", "--no-select"] })}\n`);
    const first = await ended(child);
    assert.equal(first.code, 0, first.errors);

    const next = start();
    next.stdin!.write(`${JSON.stringify({ cwd: folder, args: ["stack", "ls", "--json"] })}\n`);
    const { code, output } = await ended(next);
    assert.equal(code, 0);
    assert.deepEqual(
      (JSON.parse(output) as { name: string }[]).map(({ name }) => name.split("/").at(-1)),
      ["dev"],
    );
  });

  it("exits as the command does", async () => {
    const child = start();
    child.stdin!.end(`${JSON.stringify({ cwd: folder, args: ["up", "--yes", "--stack", "dev"] })}\n`);
    const { code, errors } = await ended(child);
    assert.equal(code, 1);
    assert.match(errors, /^error: no Pulumi.yaml project file found/);
  });

  it("does nothing when its input ends before the line does", async () => {
    const child = start();
    child.stdin!.end(JSON.stringify({ cwd: folder, args: ["version"] }));
    assert.deepEqual(await ended(child), { code: 0, output: "", errors: "" });
  });

  it("refuses a line that is no order", async () => {
    const child = start();
    child.stdin!.end("up --yes\n");
    const { code, errors } = await ended(child);
    assert.equal(code, 1);
    assert.match(errors, /^error: /);
  });
});
