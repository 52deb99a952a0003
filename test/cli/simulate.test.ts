/** `headroom simulate` as people run it: a file of definitions, demand in words, a table, JSON and a report. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SimulationResult } from "../../runtime/simulate/result";
import { headroom, withFolder } from "./headroom";

const definitions = `
- { kind: zone, name: z, doc: { name: z, upstreamAuthAddress: headroom.example.org } }
- { kind: vmProviderConfig, name: vms, doc: { name: vms, kind: local, maxInstances: 20, hourlyCost: 0.1, settings: { cores: 2, memory: 4GiB } } }
- { kind: pool, name: desktops, doc: { name: desktops, type: server } }
- { kind: autoscaleConfig, name: desktops, doc: { name: desktops, type: server, pool: desktops, zone: z, vmProvider: vms } }
- { kind: workspace, name: desk, doc: { name: desk, kind: desktop, pools: [desktops], cores: 1, memory: 1GiB } }
`;
const demand = ["--demand", "4 students, Mondays 13:00, 90 minutes, within 5 minutes", "--boot", "60s"];

describe("headroom simulate", function () {
  this.timeout(120_000);

  it("plays a file of definitions, prints each variant, and writes a report that holds what it told", async () => {
    await withFolder(async (folder) => {
      const [file, report] = [join(folder, "site.yaml"), join(folder, "report.html")];
      writeFileSync(file, definitions);
      const given = ["simulate", "--definitions", file, ...demand, "--set", "desktops.minimumAvailableSessions=4"];

      const told = await headroom([...given, "--html", report]);
      assert.equal(told.code, 0, told.stderr);
      assert.match(told.stdout, /^as declared +4 +100\.0 % /m);
      assert.match(told.stdout, /^desktops\.minimumAvailableSessions=4 +4 +0\.0 % /m);
      const html = readFileSync(report, "utf8");
      assert.ok(html.includes("desktops.minimumAvailableSessions=4") && !/(?:src|href)="https?:/.test(html));

      const { stdout } = await headroom(["--json", ...given]);
      const { variants } = JSON.parse(stdout) as SimulationResult;
      assert.deepEqual(
        variants.map(({ waits }) => [waits.sessions, waits.waited]),
        [
          [4, 4],
          [4, 0],
        ],
      );
    });
  });

  it("refuses what it can't play in one sentence, with exit code 2", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "site.yaml");
      writeFileSync(file, definitions);
      for (const [words, said] of [
        [[], /--trace: give either --trace FILE or --demand TEXT/],
        [[...demand, "--set", "desktops.minNodes=-1"], /minNodes.*-1/],
        [["--demand", "many students"], /many students/],
      ] as const) {
        const { code, stderr } = await headroom(["simulate", "--definitions", file, ...words]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, said);
      }
    });
  });
});
