/** What the processes that run users' programs inherit of the service, read from the processes themselves. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inheritedEnvironment, laneMark, laneMarkOf } from "../../runtime/executor/engine-environment";
import { prepareInstallation } from "../../runtime/executor/installation";
import { WorkerPool } from "../../runtime/executor/worker-pool";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";
import { allowAll, aRequest, enginesHere, packageRoot } from "./bench";
import { realClock } from "../../runtime/model/real-clock";
import { newOpenFolder } from "../support/open-folder";

const planted = "a-secret-of-the-service";
const plantedNames = [
  ...["HEADROOM_DATABASE_URL", "HEADROOM_API_KEY", "PGPASSWORD", "PGHOST", "PGSERVICEFILE", "PGUSER", "PGPASSFILE"],
  ...[
    "DATABASE_URL",
    "MY_APP_PASSWORD",
    "VAULT_TOKEN",
    "NPM_TOKEN",
    "GITHUB_TOKEN",
    "LD_PRELOAD_NOTE",
    "HEADROOM_NEW_TOKEN",
    // The plugin for OpenStack would take them before what settings say.
    ...["OS_PASSWORD", "OS_PROJECT_NAME", "OS_FLAVOR_ID", "OS_CLOUD"],
  ],
];

interface Process {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
}

function processes(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [command, environment] = ["cmdline", "environ"].map((file) =>
        readFileSync(`/proc/${name}/${file}`, "utf8"),
      );
      return [{ pid: Number(name), command: command!.replaceAll("\0", " "), environment: environment! }];
    } catch {
      // It ended meanwhile, or belongs to somebody else.
      return [];
    }
  });
}

describe("the environment of children", () => {
  const given = Object.fromEntries(plantedNames.map((name) => [name, planted]));

  it("has what programs and SDKs of clouds need, and nothing that was not thought of", () => {
    const needed = {
      ...{ PATH: "/bin", HOME: "/home/a", LC_ALL: "C", TMPDIR: "/tmp" },
      ...{ AWS_PROFILE: "lab", AWS_SECRET_ACCESS_KEY: "k", GOOGLE_APPLICATION_CREDENTIALS: "/f", ARM_CLIENT_ID: "c" },
      ...{ PULUMI_ACCESS_TOKEN: "p", DIGITALOCEAN_TOKEN: "d", NODE_EXTRA_CA_CERTS: "/ca", HEADROOM_LOCAL_ROOT: "/l" },
    };
    const proxies = {
      https_proxy: "http://proxy",
      ALL_PROXY: "",
      NO_PROXY: "lab",
      no_proxy: "lab",
      no_grpc_proxy: "lab",
    };

    assert.deepEqual(inheritedEnvironment({ ...given, ...needed }), needed);
    const withProxies = inheritedEnvironment({ ...given, ...needed, ...proxies });
    assert.deepEqual(Object.keys(withProxies).sort(), Object.keys({ ...needed, ...proxies }).sort());
  });

  it("has what the operator names besides", () => {
    const named = { HEADROOM_INHERIT: "MY_APP_PASSWORD, OTHER" };

    assert.deepEqual(inheritedEnvironment({ ...given, ...named, OTHER: "x" }), {
      ...named,
      MY_APP_PASSWORD: planted,
      OTHER: "x",
    });
  });
});

describe("processes of an update", () => {
  let folder: string;
  beforeEach(() => {
    folder = newOpenFolder("headroom-executor-");
    for (const name of plantedNames) process.env[name] = planted;
  });
  afterEach(() => {
    for (const name of plantedNames) delete process.env[name];
    removeFolder(folder);
  });

  it("inherit neither the way into the database nor a key: worker, engine, plugin and VM", async function () {
    if (process.platform !== "linux") this.skip();
    for (const engine of await enginesHere()) {
      const dataFolder = join(folder, engine.kind);
      mkdirSync(dataFolder, { mode: 0o711 });
      const installation = await prepareInstallation({ dataFolder, packageRoot, engine });
      const pool = new WorkerPool({ installation, clock: realClock, permit: allowAll, slots: 1 });
      const root = join(dataFolder, "local");
      const node = {
        ...{ nodeId: "n-1", zone: "z", pool: "p", autoscaleConfig: "c", vmProvider: "v", kind: "local" as const },
        ...{ settings: { root, createTime: "2s" }, osType: "linux" as const, startupScript: "sleep 60" },
      };
      try {
        const updating = pool.update(aRequest([node], "a"), () => undefined);
        const isPlugin = (command: string): boolean => command.includes("pulumi-resource-headroom");
        const roles = {
          worker: ({ pid }: Process) => pool.workerPids().includes(pid),
          engine: ({ command, environment }: Process) =>
            environment.includes(`${laneMark}=${laneMarkOf(installation, "a")}`) && !isPlugin(command),
          plugin: ({ command, environment }: Process) =>
            environment.includes(`${laneMark}=${laneMarkOf(installation, "a")}`) && isPlugin(command),
          VM: ({ environment }: Process) => environment.includes(`HEADROOM_VM=${root}`),
        };
        const seen = new Map<string, Process>();
        await until("every kind of process was seen", () => {
          for (const process of processes()) {
            for (const [role, is] of Object.entries(roles)) if (is(process)) seen.set(role, process);
          }
          return seen.size === Object.keys(roles).length;
        });

        for (const [role, { environment }] of seen)
          assert.ok(!environment.includes(planted), `${engine.name}: ${role}`);
        assert.equal((await updating).outcome, "succeeded");
      } finally {
        await pool.update(aRequest([], "a", 2), () => undefined);
        await pool.stop();
      }
    }
  });
});
