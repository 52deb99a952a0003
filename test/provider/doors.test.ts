/** Declarations through both doors (plugin, dynamic resources) and every engine of this machine. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import type * as headroomPackage from "../../components";
import { RuntimeDouble } from "./runtime-double";
import { enginesPresent, Workbench } from "./workbench";

type Headroom = typeof headroomPackage;

/** As a user's program gets it: by the package's name. */
const headroom = require("pulumi-headroom") as Headroom;

const doors = ["plugin", "dynamic"] as const;
type Door = (typeof doors)[number];

interface Changes {
  readonly end?: string;
  readonly standbyCores?: number;
}

function optionsOf(door: Door): { provider?: headroomPackage.Provider } {
  return door === "plugin" ? { provider: new headroom.Provider("runtime") } : {};
}

/** One of everything, referring to each other by their outputs. */
function declareAll(door: Door, { end = "18:00", standbyCores = 2 }: Changes = {}): PulumiFn {
  return async () => {
    const options = optionsOf(door);
    const zone = new headroom.Zone("office", { upstreamAuthAddress: "localhost", local: true }, options);
    const pool = new headroom.Pool("agents", { type: "dockerAgent" }, options);
    const small = new headroom.LocalVmProvider("small", { maxInstances: 4, cores: 2 }, options);
    const account = { region: "eu-central-1", accessKeyId: "AKIA-open-text", secretAccessKey: "secret-open-text" };
    new headroom.AwsDnsProvider("records", account, options);
    const config = new headroom.AutoscaleConfig(
      "agents",
      {
        ...{ pool: pool.name, zone: zone.name, vmProvider: small.name, standbyCores, nginxKey: "nginx-key-open-text" },
        startupScript: { text: "agent {manager_token} script-open-text" },
      },
      { ...options, customTimeouts: { delete: "5m" } },
    );
    const browser = new headroom.Workspace("browser", { pools: [pool.name], cores: 1, memory: "1GiB" }, options);
    const days = [headroom.Weekday.Monday];
    const timezone = "Europe/Berlin";
    new headroom.Schedule("hours", { autoscaleConfig: config.name, days, start: "08:00", end, timezone }, options);
    const staged = { zone: zone.name, workspace: browser.name, autoscaleConfig: config.name, sessions: 3 };
    new headroom.StagingConfig("ready", { ...staged, permissions: { webcam: true } }, options);
    return { zone: zone.name, config: config.name };
  };
}

for (const engine of enginesPresent()) {
  for (const door of doors) {
    describe(`declarations through the ${door} door, ${engine.name} engine`, () => {
      let runtime: RuntimeDouble;
      let bench: Workbench;
      before(async () => {
        runtime = await RuntimeDouble.start();
        const environment = { HEADROOM_ENDPOINT: runtime.endpoint, HEADROOM_API_KEY: runtime.apiKey };
        bench = new Workbench(engine, environment);
      });
      after(async () => {
        bench.remove();
        await runtime.stop();
      });

      it("refuses wrong input at preview with its path and changes nothing", async () => {
        const errors = await bench.previewErrors(declareAll(door, { end: "25:00" }));

        assert.match(errors, /end[^]*"25:00" is not a time; use HH:MM from 00:00 to 24:00/);
        assert.equal(runtime.stored.size, 0);
      });

      it("writes every definition, with names that others refer to", async () => {
        const outputs = await bench.up(declareAll(door));

        assert.deepEqual(
          [outputs["zone"], outputs["config"]].map((output) => output!.value),
          ["office", "agents"],
        );
        assert.deepEqual([...runtime.stored.keys()].sort(), [
          "autoscaleConfig/agents",
          "dnsProviderConfig/records",
          "pool/agents",
          "schedule/hours",
          "stagingConfig/ready",
          "vmProviderConfig/small",
          "workspace/browser",
          "zone/office",
        ]);
        const names = { name: "ready", zone: "office", workspace: "browser", autoscaleConfig: "agents" };
        const stagingDoc = { ...names, sessions: 3, permissions: { webcam: true } };
        assert.deepEqual(runtime.stored.get("stagingConfig/ready")!.doc, stagingDoc);
        const { doc } = runtime.stored.get("autoscaleConfig/agents")!;
        const references = { pool: "agents", zone: "office", vmProvider: "small" };
        const nginxKey = "nginx-key-open-text";
        const startupScript = { text: "agent {manager_token} script-open-text" };
        const own = { type: "dockerAgent", name: "agents", standbyCores: 2, nginxKey, startupScript };
        assert.deepEqual(doc, { ...own, ...references });
      });

      it("keeps key, credentials and startup scripts out of the state's open text", () => {
        const state = readFileSync(join(bench.folder, "state/.pulumi/stacks/lab/dev.json"), "utf8");

        assert.ok(state.includes("upstreamAuthAddress"));
        for (const text of [
          runtime.apiKey,
          "AKIA-open-text",
          "secret-open-text",
          "nginx-key-open-text",
          "script-open-text",
        ])
          assert.ok(!state.includes(text), text);
      });

      it("gives every component a stable URN with its declaration as its only child", async () => {
        const resources = (await bench.resources()).map(({ urn, parent }) => ({ urn, parent }));

        const base = "urn:pulumi:dev::lab::";
        const zone = `${base}headroom:components:Zone::office`;
        const child = door === "plugin" ? "headroom:index:Zone" : "pulumi-nodejs:dynamic/headroom:Zone";
        assert.ok(resources.some(({ urn }) => urn === zone));
        const children = resources.filter(({ parent }) => parent === zone);
        assert.deepEqual(
          children.map(({ urn }) => urn),
          [`${base}headroom:components:Zone$${child}::office`],
        );
      });

      it("sees a change made elsewhere and puts it right", async () => {
        const stored = runtime.stored.get("autoscaleConfig/agents")!;
        stored.doc = { ...stored.doc, standbyCores: 99 };
        const stack = await bench.stack(declareAll(door));

        const refreshed = await stack.refresh();
        const updated = await stack.up();

        assert.equal(refreshed.summary.resourceChanges!.update, 1);
        assert.equal(updated.summary.resourceChanges!.update, 1);
        assert.equal(runtime.stored.get("autoscaleConfig/agents")!.doc["standbyCores"], 2);
      });

      it("drains what has nodes before it is gone, and leaves nothing", async () => {
        runtime.drainsLeft = 2;
        const stack = await bench.stack(declareAll(door));

        await stack.destroy();

        const deletes = runtime.requests.filter((request) => request.startsWith("DELETE"));
        assert.equal(deletes.filter((request) => request.endsWith("autoscaleConfig/agents")).length, 3);
        assert.equal(runtime.stored.size, 0);
        assert.deepEqual(await bench.resources(), []);
      });

      it("names the endpoint when the runtime can't be reached", async () => {
        const nowhere = new Workbench(engine, { HEADROOM_ENDPOINT: "http://127.0.0.1:9", HEADROOM_API_KEY: "x" });
        try {
          const errors = await nowhere.upErrors(declareAll(door));

          assert.match(errors, /the Headroom runtime at http:\/\/127\.0\.0\.1:9 can't be reached/);
        } finally {
          nowhere.remove();
        }
      });
    });
  }

  describe(`the provider resource, ${engine.name} engine`, () => {
    for (const door of doors) {
      it(`takes endpoint and key from the stack's configuration, ${door} door`, async () => {
        const runtime = await RuntimeDouble.start();
        const bench = new Workbench(engine);
        try {
          const stack = await bench.stack(async () => {
            new headroom.Zone("office", { upstreamAuthAddress: "a.example.org" }, optionsOf(door));
          });
          await stack.setConfig("headroom:endpoint", { value: runtime.endpoint });
          await stack.setConfig("headroom:apiKey", { value: runtime.apiKey, secret: true });

          await stack.up();

          assert.deepEqual([...runtime.stored.keys()], ["zone/office"]);
          const state = readFileSync(join(bench.folder, "state/.pulumi/stacks/lab/dev.json"), "utf8");
          assert.ok(!state.includes(runtime.apiKey));
        } finally {
          bench.remove();
          await runtime.stop();
        }
      });
    }

    it("brings endpoint and key, each update to its own runtime", async () => {
      const [first, second] = [await RuntimeDouble.start(), await RuntimeDouble.start()];
      const bench = new Workbench(engine);
      try {
        await bench.up(async () => {
          for (const [name, { endpoint, apiKey }] of Object.entries({ first, second })) {
            const provider = new headroom.Provider(name, { endpoint, apiKey });
            new headroom.Zone(name, { name: "office", upstreamAuthAddress: `${name}.example.org` }, { provider });
          }
        });

        const addresses = [first, second].map(({ stored }) => stored.get("zone/office")?.doc["upstreamAuthAddress"]);
        assert.deepEqual(addresses, ["first.example.org", "second.example.org"]);
        const state = readFileSync(join(bench.folder, "state/.pulumi/stacks/lab/dev.json"), "utf8");
        assert.ok(!state.includes(first.apiKey));
      } finally {
        bench.remove();
        await Promise.all([first.stop(), second.stop()]);
      }
    });
  });
}
