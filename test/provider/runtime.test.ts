/** Declarations against a real runtime: database, planner, lanes and local VMs included. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Output } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import type * as headroomPackage from "../../components";
import { HeadroomClient } from "../../runtime/api/client";
import { definitionKinds } from "../../runtime/model/config";
import { type Runtime, startRuntime } from "../../runtime/main";
import { embeddedEngine } from "../engine/engines";
import { until } from "../support/until";
import { Workbench } from "./workbench";
import { removeFolder } from "../support/remove-folder";
import { newOpenFolder } from "../support/open-folder";

const headroom = require("pulumi-headroom") as typeof headroomPackage;

/** Generous, because the machine may be busy; waiting ends as soon as the condition holds. */
describe("declarations against a real runtime", function () {
  this.timeout(240_000);
  let dataFolder: string;
  let runtime: Runtime;
  let client: HeadroomClient;
  let bench: Workbench;
  let withoutPlugin: Workbench;

  before(async () => {
    dataFolder = newOpenFolder("headroom-runtime-");
    runtime = await startRuntime({ dataFolder, port: 0, engine: "embedded", logLevel: "silent", allowLocal: true });
    await runtime.whenLeader();
    client = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
    bench = new Workbench(embeddedEngine());
    const connection = { HEADROOM_ENDPOINT: runtime.url, HEADROOM_API_KEY: runtime.adminKey };
    withoutPlugin = new Workbench(embeddedEngine(), connection);
  });
  after(async () => {
    bench?.remove();
    withoutPlugin?.remove();
    await runtime?.stop();
    removeFolder(dataFolder);
  });

  interface Lab {
    readonly options: { readonly provider?: headroomPackage.Provider };
    readonly zone: headroomPackage.Zone;
    readonly pool: headroomPackage.Pool;
    readonly names: { readonly [K in "pool" | "zone" | "vmProvider"]: Output<string> };
    readonly config: headroomPackage.AutoscaleConfig;
  }

  /** A small lab with one node that is always there, and whatever a test adds. */
  function lab(more: (lab: Lab) => void = () => undefined, door: "plugin" | "dynamic" = "plugin"): PulumiFn {
    return async () => {
      const { url: endpoint, adminKey: apiKey } = runtime;
      const options = door === "plugin" ? { provider: new headroom.Provider("runtime", { endpoint, apiKey }) } : {};
      const upstreamAuthAddress = `127.0.0.1:${runtime.port}`;
      const zone = new headroom.Zone("lab", { upstreamAuthAddress, local: true }, options);
      const pool = new headroom.Pool("agents", { type: "dockerAgent" }, options);
      const settings = { maxInstances: 2, cores: 2, memory: "4GiB", bootTime: "0s" };
      const small = new headroom.LocalVmProvider("small", settings, options);
      const names = { pool: pool.name, zone: zone.name, vmProvider: small.name };
      const config = new headroom.AutoscaleConfig("agents", { ...names, minNodes: 1 }, options);
      new headroom.Workspace("browser", { pools: [pool.name], cores: 1, memory: "1GiB" }, options);
      more({ options, zone, pool, names, config });
    };
  }

  async function stored(): Promise<string[]> {
    const all = await Promise.all(definitionKinds.map((kind) => client.definitions(kind)));
    return all.flat().map(({ kind, name }) => `${kind}/${name}`);
  }

  /** What rests on several definitions, all of them new: known at preview, since their names are. */
  const refusals: readonly (readonly [string, (lab: Lab) => void, RegExp])[] = [
    [
      "a staging config with another pool than its autoscale config's",
      ({ zone, config, pool, options }) => {
        const others = new headroom.Pool("others", { type: "dockerAgent" }, options);
        const pools = [pool.name, others.name];
        const anywhere = new headroom.Workspace("anywhere", { pools, cores: 1, memory: "1GiB" }, options);
        const staged = { zone: zone.name, workspace: anywhere.name, sessions: 1 };
        new headroom.StagingConfig("ready", { ...staged, pool: others.name, autoscaleConfig: config.name }, options);
      },
      /pool[^]*got "others"; autoscale config "agents" makes nodes of pool "agents"/,
    ],
    [
      "a staging config of a desktop",
      ({ zone, options }) => {
        const servers = new headroom.Pool("servers", { type: "server" }, options);
        const size = { cores: 1, memory: "1GiB" };
        const desktop = new headroom.Workspace("desk", { kind: "desktop", pools: [servers.name], ...size }, options);
        new headroom.StagingConfig("ready", { zone: zone.name, workspace: desktop.name, sessions: 1 }, options);
      },
      /workspace[^]*"desk" is of kind "desktop"; only kind "container" can be staged/,
    ],
    [
      "servers in a pool of docker agents",
      ({ names, options }) => void new headroom.ServerAutoscaleConfig("servers", names, options),
      /type[^]*got "server"; pool "agents" is of type "dockerAgent"/,
    ],
    [
      "a schedule with a field of servers for docker agents",
      ({ config, options }) => {
        const window = { days: [headroom.Weekday.Monday], start: "08:00", end: "18:00", timezone: "Europe/Berlin" };
        const args = { autoscaleConfig: config.name, ...window, minimumAvailableSessions: 1 };
        new headroom.Schedule("hours", args, options);
      },
      /minimumAvailableSessions[^]*is of type "dockerAgent", which has no minimumAvailableSessions/,
    ],
    [
      "standby of GPUs on nodes without any",
      ({ names, options }) => void new headroom.AutoscaleConfig("more", { ...names, standbyGpus: 1 }, options),
      /standbyGpus[^]*have no GPUs/,
    ],
    [
      "slots for a workspace of another pool",
      ({ names, options }) => {
        const others = new headroom.Pool("others", { type: "dockerAgent" }, options);
        const size = { cores: 1, memory: "1GiB" };
        const elsewhere = new headroom.Workspace("elsewhere", { pools: [others.name], ...size }, options);
        const standbySlots = { workspace: elsewhere.name, count: 1 };
        new headroom.AutoscaleConfig("more", { ...names, standbySlots }, options);
      },
      /standbySlots\.workspace[^]*"elsewhere" runs only in pool others/,
    ],
    [
      "a workspace that fits no node",
      ({ pool, options }) =>
        void new headroom.Workspace("huge", { pools: [pool.name], cores: 64, memory: "1GiB" }, options),
      /needs 64 cores; a node of autoscale config "agents" has 2/,
    ],
    [
      "a reference to nothing",
      ({ options }) => void new headroom.Workspace("lost", { pools: ["nowhere"], cores: 1, memory: "1GiB" }, options),
      /pools\[0\][^]*"nowhere" is not a declared pool/,
    ],
    [
      "a name used twice",
      ({ options }) => void new headroom.Pool("other", { name: "agents", type: "dockerAgent" }, options),
      /name[^]*pool "agents" is declared twice/,
    ],
    [
      "a number without its unit",
      ({ pool, options }) =>
        void new headroom.Workspace("small", { pools: [pool.name], cores: 1, memory: "4096" }, options),
      /memory[^]*got "4096"; use a number with a unit/,
    ],
    [
      "an unknown field",
      ({ options }) =>
        void new headroom.Zone("far", { upstreamAuthAddress: "a.example.org", ...{ colour: "red" } }, options),
      /colour[^]*unknown field/,
    ],
  ];
  /** Both doors ask the same runtime and show what it answers: a few of each sort are enough to see that of the second. */
  const alsoWithoutPlugin: readonly string[] = [
    "servers in a pool of docker agents",
    "a name used twice",
    "an unknown field",
  ];
  for (const [what, more, expected] of refusals) {
    it(`refuses ${what} at preview, with the path`, async () => {
      assert.match(await bench.previewErrors(lab(more)), expected);
      assert.deepEqual(await stored(), []);
    });
    if (!alsoWithoutPlugin.includes(what)) continue;

    it(`refuses ${what} at preview, with the path, also without the plugin`, async () => {
      assert.match(await withoutPlugin.previewErrors(lab(more, "dynamic")), expected);
      assert.deepEqual(await stored(), []);
    });
  }

  for (const door of ["plugin", "dynamic"] as const) {
    it(`refuses a startup script at preview, with line and column, and shows warnings, through the ${door} door`, async () => {
      const { url, adminKey } = runtime;
      const own = new Workbench(embeddedEngine(), { HEADROOM_ENDPOINT: url, HEADROOM_API_KEY: adminKey });
      const withScript = (text: string) =>
        own.previewErrors(
          lab(({ names, options }) => {
            new headroom.AutoscaleConfig("more", { ...names, startupScript: { text } }, options);
          }, door),
        );
      try {
        const misspelt = await withScript("#!/bin/sh\nf() {\n  echo {server}\n}}\n");
        assert.match(misspelt, /startupScript\.text[^]*line 2, column 5: a single "\{"/);
        assert.match(misspelt, /startupScript\.text[^]*line 3, column 8: "\{server\}" is not a variable/);
        assert.match(await withScript("#!/bin/sh\n"), /a docker agent checks in only with \{manager_token\}/);
        assert.deepEqual(await stored(), []);
        const lines = await own.previewLines(
          lab(({ names, options }) => {
            const startupScript = { text: "{manager_token}{ssh_key}" };
            new headroom.AutoscaleConfig("more", { ...names, startupScript }, options);
          }, door),
        );
        assert.match(lines.join("\n"), /warning: startupScript\.text: \{ssh_key\} has no value here/);
      } finally {
        own.remove();
      }
    });
  }

  it("declares, and the runtime makes the node that is asked for", async () => {
    await bench.up(lab());

    assert.deepEqual((await stored()).sort(), [
      "autoscaleConfig/agents",
      "pool/agents",
      "vmProviderConfig/small",
      "workspace/browser",
      "zone/lab",
    ]);
    const folder = join(dataFolder, "local", "vms");
    await until("a local VM was made", () => existsSync(folder) && readdirSync(folder).length === 1);
  });

  it("sees at refresh what was changed elsewhere", async () => {
    const before = (await client.definition("workspace", "browser"))!;
    const doc = { ...before.doc, cores: 2 };
    await client.putDefinition({ kind: "workspace", name: "browser", doc, owner: before.owner });
    const stack = await bench.stack(lab());

    const refreshed = await stack.refresh();
    const updated = await stack.up();

    assert.equal(refreshed.summary.resourceChanges!.update, 1);
    assert.equal(updated.summary.resourceChanges!.update, 1);
    assert.equal((await client.definition("workspace", "browser"))!.doc["cores"], 1);
  });

  it("drains the node before the definitions are gone", async () => {
    await (await bench.stack(lab())).destroy();

    assert.deepEqual(await stored(), []);
    assert.deepEqual(await client.nodes(), []);
    assert.deepEqual(readdirSync(join(dataFolder, "local", "vms")), []);
  });
});
