/** The quickstarts of other languages, run by the official engine where it has their language hosts beside it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { officialEngine } from "../engine/engines";
import { RuntimeDouble } from "../provider/runtime-double";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";

const repository = join(__dirname, "..", "..", "..");
const run = promisify(execFile);

describe("the quickstart in YAML", () => {
  let folder: string;
  let runtime: RuntimeDouble;
  before(async () => {
    folder = newOpenFolder("headroom-yaml-");
    runtime = await RuntimeDouble.start();
  });
  after(async () => {
    await runtime.stop();
    removeFolder(folder);
  });

  it("declares everything and makes its VM, by the official engine", async function () {
    const engine = officialEngine();
    if (engine === undefined || !existsSync(join(dirname(engine.command), "pulumi-language-yaml"))) return this.skip();
    const project = join(folder, "project");
    mkdirSync(join(folder, "state"));
    cpSync(join(repository, "examples", "quickstart-yaml"), project, { recursive: true });
    const file = join(project, "Pulumi.yaml");
    const text = readFileSync(file, "utf8");
    assert.ok(text.includes("../../provider/bin"));
    writeFileSync(file, text.replace("../../provider/bin", join(repository, "provider", "bin")));
    const pulumi = (...args: string[]): Promise<{ stdout: string }> =>
      run(engine.command, [...args, "--non-interactive"], {
        cwd: project,
        env: {
          HOME: folder,
          PATH: `${dirname(engine.command)}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
          PULUMI_HOME: join(folder, "home"),
          PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
          PULUMI_CONFIG_PASSPHRASE: "correct horse",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          HEADROOM_ENDPOINT: runtime.endpoint,
          HEADROOM_API_KEY: runtime.apiKey,
          HEADROOM_LOCAL_ROOT: join(folder, "vms"),
        },
      });

    await pulumi("stack", "init", "dev");
    await pulumi("up", "--yes", "--skip-preview");

    assert.deepEqual([...runtime.stored.values()].map(({ kind, name }) => `${kind} ${name}`).sort(), [
      "autoscaleConfig agents",
      "pool agents",
      "vmProviderConfig small",
      "workspace browser",
      "zone lab",
    ]);
    const builder = findLocalVms(join(folder, "vms")).find(({ nodeId }) => nodeId === "builder")!;
    await until("the startup script ran", () => existsSync(join(builder.folder, "built-for")));
    assert.equal(readFileSync(join(builder.folder, "built-for"), "utf8"), "workspace browser\n");

    await pulumi("destroy", "--yes", "--skip-preview");

    assert.deepEqual([...runtime.stored.keys()], []);
    assert.deepEqual(findLocalVms(join(folder, "vms")), []);
  });
});
