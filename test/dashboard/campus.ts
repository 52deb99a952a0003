/** A whole runtime with local VMs, and enough of everything that each page of the dashboard has something to show. */
import { join } from "node:path";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { HeadroomClient } from "../../runtime/api/client";
import { startRuntime, type Runtime } from "../../runtime/main";
import type { DefinitionKind } from "../../runtime/model/config";
import type { ApiScope } from "../../runtime/model/state";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";

const agentScript = `#!/bin/sh
headroom-guest agent --upstream '{upstream_auth_address}' --token '{manager_token}' --server-id '{server_id}'
`;
const owner = "campus";
const everyDay = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

export class Campus {
  readonly keys: Record<Exclude<ApiScope, "admin">, string> = { viewer: "", broker: "", operator: "" };

  private constructor(
    private readonly folder: string,
    readonly runtime: Runtime,
    readonly client: HeadroomClient,
  ) {}

  static async open(): Promise<Campus> {
    const folder = newOpenFolder("headroom-dashboard-");
    const runtime = await startRuntime({
      dataFolder: join(folder, "data"),
      port: 0,
      engine: "embedded",
      logLevel: "silent",
      tickSeconds: 1,
      allowLocal: true,
    });
    const client = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
    const campus = new Campus(folder, runtime, client);
    try {
      await runtime.whenLeader();
      for (const scope of ["viewer", "broker", "operator"] as const) {
        campus.keys[scope] = (await client.createApiKey({ name: `a-${scope}`, scope })).key;
      }
      await campus.declare();
      return campus;
    } catch (error) {
      await campus.close();
      throw error;
    }
  }

  get url(): string {
    return this.runtime.url;
  }

  async close(): Promise<void> {
    await this.runtime.stop();
    for (const { pid = 0, isRunning } of findLocalVms(join(this.folder, "data", "local"))) {
      if (isRunning) process.kill(-pid, "SIGKILL");
    }
    removeFolder(this.folder);
  }

  async untilRunning(count: number): Promise<void> {
    await until(`${count} nodes run`, async () => {
      const nodes = await this.client.nodes();
      return nodes.filter(({ status }) => status === "running").length >= count;
    });
  }

  /** A session that waits for the lab to open, which is later than any test lasts. */
  async waitingSession(): Promise<string> {
    const { sessionId } = await this.client.requestSession({ workspace: "render", userId: "grace" });
    return sessionId;
  }

  private async declare(): Promise<void> {
    const agent = { type: "dockerAgent", zone: "campus", startupScript: { text: agentScript } };
    await this.put("zone", { name: "campus", upstreamAuthAddress: `127.0.0.1:${this.runtime.port}`, local: true });
    await this.put("vmProviderConfig", {
      ...{ name: "small", kind: "local", maxInstances: 8, hourlyCost: 0.096 },
      settings: { cores: 4, memory: "8GiB", bootTime: "0s", heartbeatEvery: "1s" },
    });
    await this.put("pool", { name: "agents", type: "dockerAgent" });
    await this.put("pool", { name: "lab", type: "dockerAgent" });
    await this.put("autoscaleConfig", {
      ...{ ...agent, name: "agents-small", pool: "agents", vmProvider: "small" },
      ...{ minNodes: 1, maxNodes: 6, downscaleBackoff: "1h" },
    });
    await this.put("autoscaleConfig", { ...agent, name: "lab-night", pool: "lab", vmProvider: "small" });
    await this.put("workspace", { name: "browser", pools: ["agents"], cores: 2, memory: "2GiB" });
    await this.put("workspace", { name: "render", pools: ["lab"], cores: 2, memory: "2GiB" });
    await this.put("stagingConfig", {
      ...{ name: "browsers-ready", zone: "campus", workspace: "browser", pool: "agents", sessions: 1 },
    });
    await this.put("schedule", {
      ...{ name: "office-hours", autoscaleConfig: "agents-small", days: everyDay, timezone: "Europe/Berlin" },
      ...{ start: "00:00", end: "24:00", minNodes: 1 },
    });
    // Soon enough that a session waits for it, too late for any test to see it open.
    const timeIn = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
    await this.put("schedule", {
      ...{ name: "lab-by-night", autoscaleConfig: "lab-night", days: everyDay, timezone: "UTC" },
      ...{ start: timeIn(25), end: timeIn(145) },
    });
  }

  private async put(
    kind: DefinitionKind,
    doc: { readonly name: string; readonly [field: string]: unknown },
  ): Promise<void> {
    await this.client.putDefinition({ kind, name: doc.name, doc: { ...doc }, owner });
  }
}
