import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import type * as headroomPackage from "../../components";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { enginesPresent, Workbench } from "../provider/workbench";
import { until } from "../support/until";

const headroom = require("pulumi-headroom") as typeof headroomPackage;

/** Generous, because the machine may be busy; waiting ends as soon as the condition holds. */
/** Processes that carry the folder in their arguments or environment. */
function processesOf(folder: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${folder}`);
    } catch {
      return false;
    }
  });
}

for (const engine of enginesPresent()) {
  describe(`LocalNode without a runtime, ${engine.name} engine`, () => {
    let bench: Workbench;
    const home = process.env["PULUMI_HOME"];
    before(() => {
      bench = new Workbench(engine);
      // The program is run by this process, and puts its plugin where its engine looks.
      process.env["PULUMI_HOME"] = join(bench.folder, "home");
    });
    after(() => {
      if (home === undefined) delete process.env["PULUMI_HOME"];
      else process.env["PULUMI_HOME"] = home;
      bench.remove();
    });

    const program: PulumiFn = async () => {
      const node = new headroom.LocalNode("builder", {
        startupScript: "#!/bin/sh\necho built-with-a-secret > built\n",
        settings: { root: bench.localRoot, bootTime: "0s" },
        dns: { baseDomainName: "lab.example.org" },
      });
      // A record at a service of its own: here of the same kind, with another folder as its account.
      new headroom.LocalNode("elsewhere", {
        settings: { root: bench.localRoot, bootTime: "0s" },
        dns: { kind: "local", settings: { root: join(bench.folder, "records") }, baseDomainName: "far.example.org" },
      });
      return { address: node.address, dnsName: node.dnsName };
    };

    it("starts a VM that runs its script, with a record", async () => {
      const outputs = await bench.up(program);

      const { folder } = findLocalVms(bench.localRoot).find(({ nodeId }) => nodeId === "builder")!;
      assert.match(String(outputs["address"]!.value), /^127\./);
      assert.equal(outputs["dnsName"]!.value, "builder.lab.example.org");
      await until("the startup script ran", () => existsSync(join(folder, "built")));
      assert.ok(processesOf(folder).length > 0);
      assert.ok(existsSync(join(bench.localRoot, "dns", "builder.lab.example.org.json")));
      assert.ok(existsSync(join(bench.folder, "records", "dns", "elsewhere.far.example.org.json")));
    });

    it("keeps the script secret, and its children under it", async () => {
      const state = readFileSync(join(bench.folder, "state/.pulumi/stacks/lab/dev.json"), "utf8");

      assert.ok(!state.includes("built-with-a-secret"));
      const node = "urn:pulumi:dev::lab::headroom:components:LocalNode::builder";
      const children = (await bench.resources()).filter(({ parent }) => parent === node);
      assert.deepEqual(children.map(({ type }) => type).sort(), ["headroom:local:DnsRecord", "headroom:local:Vm"]);
    });

    it("takes outputs of other resources, waits for them, and keeps what is secret", async () => {
      const wired: PulumiFn = async () => {
        await program();
        const settings = { root: bench.localRoot, bootTime: "0s" };
        const first = new headroom.LocalNode("first", { settings });
        const second = new headroom.LocalNode("second", {
          startupScript: pulumi.interpolate`#!/bin/sh\necho ${first.address} > neighbour\n`,
          settings: { ...settings, cores: pulumi.output(3), sshPublicKey: pulumi.secret("hidden-by-its-giver") },
        });
        return { first: first.address, second: second.address };
      };

      const told = await bench.previewLines(wired);
      const outputs = await bench.up(wired);

      assert.ok(
        told.some((line) => /^warning: .*VM "second".*yet to be made/s.test(line)),
        told.join("\n"),
      );
      const { folder } = findLocalVms(bench.localRoot).find(({ nodeId }) => nodeId === "second")!;
      await until("the startup script ran", () => existsSync(join(folder, "neighbour")));
      assert.equal(readFileSync(join(folder, "neighbour"), "utf8").trim(), outputs["first"]!.value);
      assert.equal(outputs["second"]!.secret, false);
      const state = readFileSync(join(bench.folder, "state/.pulumi/stacks/lab/dev.json"), "utf8");
      assert.ok(!state.includes("hidden-by-its-giver"));
      const resources = await bench.resources();
      const vm = resources.find(({ type, urn }) => type === "headroom:local:Vm" && urn.endsWith("second"))!;
      assert.match(String(vm.dependencies), /headroom:local:Vm::first/);
    });

    it("refuses wrong settings before anything is declared", async () => {
      const wrong: PulumiFn = async () => void new headroom.LocalNode("Bad_Name", { settings: { memory: "4" } });

      const dns = { kind: "nowhere", baseDomainName: "lab.example.org" };
      const unknown: PulumiFn = async () => void new headroom.LocalNode("node", { dns });

      assert.match(await bench.previewErrors(wrong), /nodeName: got "Bad_Name"/);
      assert.match(await bench.previewErrors(unknown), /dns\.kind: got "nowhere"; there are .*aws/);
    });

    it("leaves no process, folder or record when destroyed", async () => {
      const { folder } = findLocalVms(bench.localRoot).find(({ nodeId }) => nodeId === "builder")!;
      assert.ok(processesOf(folder).length > 0);

      await (await bench.stack(program)).destroy();

      assert.deepEqual(processesOf(folder), []);
      assert.ok(!existsSync(folder));
      for (const root of [bench.localRoot, join(bench.folder, "records")]) {
        assert.deepEqual(readdirSync(join(root, "dns")), []);
      }
    });
  });
}
