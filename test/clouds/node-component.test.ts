/** The component of a single node without a runtime, of every cloud of the registry, in a user's own stack. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { typeNameOf } from "../../provider/kernel/typed-provider";
import { clouds } from "../../provider/registry";
import { enginesPresent, Workbench } from "../provider/workbench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { cloudUnderTest, type RunningCloud } from "./cloud-under-test";

/** What all of them have. */
interface NodeComponent {
  readonly address: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string | undefined>;
}
const headroom = require("pulumi-headroom") as Readonly<
  Record<string, new (name: string, args: object) => NodeComponent>
>;

const key = "key-of-the-account";

for (const cloud of clouds.filter(({ vm }) => vm !== undefined)) {
  for (const engine of enginesPresent()) {
    describe(`a single node of ${cloud.kind} by its component, ${engine.name} engine`, () => {
      const component = `${typeNameOf(cloud)}Node`;
      const known = cloudUnderTest(cloud.kind);
      let folder: string;
      let running: RunningCloud;
      let bench: Workbench;
      beforeEach(async () => {
        folder = newOpenFolder(`headroom-node-${cloud.kind}-`);
        running = await known.start(folder);
        bench = new Workbench(engine, running.environment);
      });
      afterEach(async () => {
        bench.remove();
        await running.close();
        removeFolder(folder);
      });

      it("makes its VM, and its record, with the account of its settings, hides its secrets, and leaves nothing", async () => {
        const shared = { ...known.template(folder), ...known.credentials(key) };
        // What the settings of VM and record have in common is said once.
        const ofRecord = Object.entries(known.dns?.settings(folder) ?? {}).filter(([name]) => !(name in shared));
        const dns = known.dns && { baseDomainName: known.dns.baseDomainName, ...Object.fromEntries(ofRecord) };
        const program: PulumiFn = async () => {
          const args = { settings: shared, startupScript: "echo token-in-the-script", ...(dns && { dns }) };
          const { address, dnsName } = new headroom[component]!("builder", args);
          return { address, dnsName };
        };

        const outputs = await bench.up(program);

        const [vm, ...others] = running.vms();
        assert.deepEqual(others, []);
        assert.equal(vm!.nodeId, "builder");
        assert.equal(vm!.script, known.sentScript.linux("echo token-in-the-script"));
        assert.equal(outputs["address"]!.value, vm!.address);
        const name = known.dns && `builder.${known.dns.baseDomainName}`;
        assert.equal(outputs["dnsName"]?.value, name);
        const records = running.records().map((record) => [record.name, record.address]);
        assert.deepEqual(records, name === undefined ? [] : [[name, vm!.address]]);
        const state = readFileSync(join(bench.folder, "state/.pulumi/stacks/lab/dev.json"), "utf8");
        for (const secret of ["token-in-the-script", key]) assert.ok(!state.includes(secret), secret);
        await (await bench.stack(program)).destroy();
        assert.deepEqual(running.leftovers(), []);
        assert.deepEqual([...running.violations()], []);
      });
    });
  }
}
