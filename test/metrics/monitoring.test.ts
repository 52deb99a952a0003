/** What users take from `monitoring/`: the dashboard and the alert rules, against what a process really serves. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { fleetMetrics, processMetrics, type MetricSpec } from "../../runtime/metrics/table";
import { alertCases, type AlertCase } from "./alert-cases";
import { BusyWorld } from "./busy-world";
import { metricOf, readMetrics, type MetricsText } from "./metrics-text";
import { findPromtool } from "./promtool";

const root = resolve(__dirname, "..", "..", "..");
const rulesFile = join(root, "monitoring", "alerts.yaml");
const dashboardFile = join(root, "monitoring", "grafana.json");
const table: Readonly<Record<string, MetricSpec>> = { ...processMetrics, ...fleetMetrics };

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
}
const { groups } = parse(readFileSync(rulesFile, "utf8")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}
const dashboard = JSON.parse(readFileSync(dashboardFile, "utf8")) as Dashboard;
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** Names of metrics in a query, as they stand there. */
function namesIn(query: string): string[] {
  return query.match(/\b(?:headroom|nodejs|process)_\w+/g) ?? [];
}

describe("monitoring", () => {
  let text: MetricsText;
  before(async function () {
    this.timeout(60_000);
    const busy = await BusyWorld.start(11);
    busy.metrics.answered({ method: "GET", route: "/healthz", status: 200, seconds: 0.01 });
    await busy.live(100);
    text = readMetrics(await busy.scrape());
    await busy.world.stop();
  });

  it("a run serves every metric of the table, with its type and its labels, and no other of ours", () => {
    const labels = new Map<string, Set<string>>();
    for (const series of text.series) {
      const name = metricOf(series, text.types);
      if (!name.startsWith("headroom_")) continue;
      const own = Object.keys(series.labels).filter((label) => label !== "le");
      labels.set(name, (labels.get(name) ?? new Set()).add(own.sort().join()));
    }
    // No cloud is asked in this run.
    const unseen = ["headroom_account_checked_timestamp_seconds"];
    for (const name of unseen) labels.set(name, new Set(["provider"]));

    assert.deepEqual([...labels.keys()].sort(), Object.keys(table).sort());
    for (const [name, { type, labels: meant }] of Object.entries(table)) {
      assert.equal(text.types.get(name), type, name);
      assert.deepEqual([...labels.get(name)!], [[...meant].sort().join()], name);
    }
  });

  it("names are as Prometheus wants them, and no label can name a thing that comes and goes by itself", () => {
    const units = /_(seconds|bytes|cores|sessions|total|info|vms|nodes|lanes|slots)(_|$)/;
    const plain =
      /^headroom_(vm_cost_total|budget_\w+|leader|epoch|nodes_\w+|circuit_open|staged_\w+|schedule_open|account_ok)$/;
    for (const [name, { type, labels, help }] of Object.entries(table)) {
      assert.match(name, /^headroom_[a-z_]+$/);
      assert.equal(name.endsWith("_total"), type === "counter", name);
      assert.ok(units.test(name) || plain.test(name), `${name} has no unit`);
      assert.ok(type !== "histogram" || name.endsWith("_seconds"), name);
      assert.ok(help.length > 10 && !help.endsWith("."), name);
      for (const label of labels) {
        assert.doesNotMatch(label, /node$|session$|user|lane|message|address|instance|^id$/i, `${name}: ${label}`);
      }
    }
  });

  it("the dashboard and the rules ask for nothing that a run does not serve", () => {
    const served = new Set([...text.series.map(({ name }) => name), "headroom_account_checked_timestamp_seconds"]);
    const asked = [...queries, ...rules.map(({ expr }) => expr)].flatMap(namesIn);

    assert.ok(asked.length > 60);
    assert.deepEqual([...new Set(asked.filter((name) => !served.has(name)))], []);
    // And the other way round: what is told is shown.
    const bases = new Set(asked.map((name) => name.replace(/_(bucket|count|sum)$/, "")));
    assert.deepEqual(
      Object.keys(table).filter((name) => !bases.has(name)),
      [],
    );
  });

  it("the dashboard has its rows and variables, and says of each panel what it shows", () => {
    const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
    assert.deepEqual(rows, ["Do users wait?", "Capacity", "Making nodes", "Runtime", "Money"]);
    assert.deepEqual(
      dashboard.templating.list.map(({ name }) => name),
      ["datasource", "config"],
    );
    for (const { type, title, description } of dashboard.panels) {
      assert.ok(type === "row" || (description ?? "").length > 3, `${title} says nothing`);
    }
  });

  it("each alert says whom it wakes, is explained in the document, and is tried", () => {
    const page = readFileSync(join(root, "docs", "monitoring.md"), "utf8");
    for (const { alert, labels } of rules) {
      assert.ok(["page", "ticket"].includes(labels.severity), alert);
      assert.ok(page.includes(`| \`${alert}\` |`), `docs/monitoring.md does not explain ${alert}`);
    }
    const names = rules.map(({ alert }) => alert).sort();
    assert.deepEqual([...new Set(alertCases.map(({ alert }) => alert))].sort(), names);
  });

  describe("by Prometheus's own promtool", () => {
    let promtool = "";
    let folder = "";
    before(function () {
      this.timeout(300_000);
      const found = findPromtool();
      if ("missing" in found) {
        console.log(`      skipped: ${found.missing}`);
        this.skip();
      }
      promtool = found.path;
      folder = mkdtempSync(join(tmpdir(), "headroom-rules-"));
    });
    after(() => {
      if (folder !== "") rmSync(folder, { recursive: true });
    });

    it("the rules are in order", () => {
      const { status, stdout, stderr } = spawnSync(promtool, ["check", "rules", rulesFile], { encoding: "utf8" });
      assert.equal(status, 0, `${stdout}${stderr}`);
    });

    it("the text of /metrics is in order", async () => {
      const busy = await BusyWorld.start(12);
      const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], {
        input: await busy.scrape(),
        encoding: "utf8",
      });
      await busy.world.stop();
      // Its opinions on names of Node's own metrics are not about us.
      const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.startsWith("headroom_"));
      assert.deepEqual(ours, []);
      assert.ok(status === 0 || status === 3, stderr);
    });

    it("each query of the dashboard is one", () => {
      const asked = queries.map((query) => query.replaceAll("$config", ".*"));
      const file = join(folder, "queries.yaml");
      const asRules = asked.map((expr, index) => ({ record: `query_${index}`, expr }));
      writeFileSync(file, stringify({ groups: [{ name: "queries", rules: asRules }] }));
      const { status, stdout, stderr } = spawnSync(promtool, ["check", "rules", file], { encoding: "utf8" });
      assert.equal(status, 0, `${stdout}${stderr}`);
    });

    it("each alert fires when it should, and rests when it should", function () {
      this.timeout(60_000);
      const file = join(folder, "tests.yaml");
      const tests = alertCases.flatMap((each, index) => [
        trial(each, index, true),
        trial({ ...each, fires: each.rests }, index, false),
      ]);
      writeFileSync(
        file,
        stringify({ rule_files: [rulesFile], evaluation_interval: "1m", tests }, { aliasDuplicateObjects: false }),
      );
      const { status, stdout, stderr } = spawnSync(promtool, ["test", "rules", file], { encoding: "utf8" });
      assert.equal(status, 0, `${stdout}${stderr}`.slice(0, 4000));
    });
  });
});

/** As promtool reads it. Which labels and texts the alert has is not said there: a count of alerts by name is asked for. */
function trial({ alert, minutes, fires }: AlertCase, index: number, isFiring: boolean) {
  return {
    name: `${alert} ${index} ${isFiring ? "fires" : "rests"}`,
    interval: "1m",
    input_series: Object.entries(fires).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
        eval_time: `${minutes}m`,
        exp_samples: isFiring ? [{ labels: "{}", value: 1 }] : [],
      },
    ],
  };
}
