/** A dead proxy in the environment stops no update: worker, engine, plugin and VM reach each other directly. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { prepareInstallation } from "../../runtime/executor/installation";
import { WorkerPool } from "../../runtime/executor/worker-pool";
import { realClock } from "../../runtime/model/real-clock";
import { embeddedEngine } from "../engine/engines";
import { projectName, Sandbox, stackName } from "../engine/sandbox";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import { allowAll, aRequest, enginesHere, packageRoot } from "./bench";

/** Nothing listens there; who goes through it fails at once. */
const dead = "http://ann:hush@127.0.0.1:9";
const proxies = Object.fromEntries(
  ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "grpc_proxy", "npm_config_proxy"].map(
    (name) => [name, dead],
  ),
);

describe("with a dead proxy in the environment", () => {
  const kept = { ...process.env };
  beforeEach(() => {
    for (const name of ["no_proxy", "no_grpc_proxy"]) delete process.env[name];
    // As it is found: in upper case alone, which gRPC for Node does not read.
    Object.assign(process.env, proxies, { NO_PROXY: "localhost,127.0.0.1,.corp.example" });
  });
  afterEach(() => {
    for (const name of [...Object.keys(proxies), "NO_PROXY", "no_proxy"]) delete process.env[name];
    Object.assign(process.env, kept);
  });

  it("a node is made and removed, and its VM knows nothing of the proxy", async () => {
    for (const engine of await enginesHere()) {
      const folder = newOpenFolder("headroom-proxy-");
      const dataFolder = join(folder, "data");
      mkdirSync(dataFolder, { mode: 0o711 });
      const root = join(folder, "local");
      const pool = new WorkerPool({
        ...{ clock: realClock, permit: allowAll, slots: 1 },
        installation: await prepareInstallation({ dataFolder, packageRoot, engine }),
      });
      const node = {
        ...{ nodeId: "n-1", zone: "z", pool: "p", autoscaleConfig: "c", vmProvider: "v", kind: "local" as const },
        ...{ settings: { root, bootTime: "0s" }, osType: "linux" as const },
        startupScript: 'echo "${http_proxy-none} ${HTTPS_PROXY-none}" > seen.part && mv seen.part seen && sleep 60',
      };
      try {
        const made = await pool.update(aRequest([node], "a"), () => undefined);

        assert.equal(made.outcome, "succeeded", `${engine.name}: ${made.message ?? ""}`);
        const find = () =>
          readdirSync(root, { recursive: true, encoding: "utf8" }).find((name) => /\/seen$/.test(name));
        await until("the VM's script has run", () => find() !== undefined);
        assert.equal(readFileSync(join(root, find()!), "utf8").trim(), "none none");
      } finally {
        const gone = await pool.update(aRequest([], "a", 2, ["n-1"]), () => undefined);
        assert.deepEqual(gone.present, []);
        await pool.stop();
        removeFolder(folder);
      }
    }
  });

  it("a program of its own, run by the embedded engine, reaches the engine", async () => {
    const sandbox = new Sandbox(mkdtempSync(join(tmpdir(), "headroom-proxy-")));
    try {
      sandbox.prepare({ name: "proxy", about: "", steps: [], program: "local" });
      const program =
        'const pulumi = require("@pulumi/pulumi"); exports.urn = new pulumi.ComponentResource("a:b:C", "n").urn;';
      writeFileSync(join(sandbox.project, "index.js"), program);
      sandbox.useEngine(embeddedEngine().command);
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName, workDir: sandbox.project },
        {
          projectSettings: { name: projectName, runtime: "nodejs" },
          pulumiCommand: await PulumiCommand.get({ root: sandbox.engineRoot, skipVersionCheck: true }),
          envVars: sandbox.environment(),
        },
      );

      const { summary } = await stack.up();

      assert.equal(summary.result, "succeeded");
    } finally {
      rmSync(sandbox.base, { recursive: true, force: true });
    }
  });
});
