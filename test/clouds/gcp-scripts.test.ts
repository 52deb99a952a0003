/** How startup scripts reach VMs of Compute Engine, and that only the first start of a VM runs them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onFirstStart } from "../../provider/clouds/gcp/scripts";
import { removeFolder } from "../support/remove-folder";
import { aNode, inputsOf, pathsIn } from "./gcp-requests";
import { vmProviderOf } from "./registered";

describe("startup scripts of Compute Engine", () => {
  const scriptOf = (node: ReturnType<typeof aNode>) => {
    const { metadata } = inputsOf(node) as { metadata: Record<string, string> };
    return Object.entries(metadata);
  };

  it("go under the key that the image looks for", () => {
    const keyOf = (settings: Record<string, unknown>, osType: "linux" | "windows") =>
      scriptOf(aNode("n1", settings, { osType, startupScript: "echo" })).map(([key]) => key);
    assert.deepEqual(keyOf({}, "linux"), ["startup-script"]);
    assert.deepEqual(keyOf({ linuxScriptType: "user-data" }, "linux"), ["user-data"]);
    assert.deepEqual(keyOf({}, "windows"), ["windows-startup-script-ps1"]);
    for (const windowsScriptType of [
      "windows-startup-script-cmd",
      "windows-startup-script-bat",
      "sysprep-specialize-script-ps1",
    ]) {
      assert.deepEqual(keyOf({ windowsScriptType }, "windows"), [windowsScriptType]);
    }
    assert.deepEqual(scriptOf(aNode("n1", {}, { startupScript: "" })), []);
  });

  it("keep their first line, and what some interpreters want first stays first", () => {
    const first = (script: string, key = "startup-script") => onFirstStart(script, key).split(/\r?\n/);
    assert.equal(first("#!/bin/bash -e\ntrue")[0], "#!/bin/bash -e");
    assert.equal(first("#!/usr/bin/env bash\ntrue").at(-1), "true");
    for (const script of ["#!/usr/bin/python3\nprint(1)", "#!/usr/bin/env perl\n1;"]) {
      assert.equal(onFirstStart(script, "startup-script"), script);
    }
    for (const script of [
      "param([string]$Name)\necho 1",
      "# hi\nusing namespace System\n",
      "#Requires -Version 5\n",
      "<# x #>\nparam()",
    ]) {
      assert.equal(onFirstStart(script, "windows-startup-script-ps1"), script);
    }
    for (const key of ["user-data", "windows-startup-script-bat", "sysprep-specialize-script-ps1"]) {
      assert.equal(onFirstStart("#!/bin/sh\ntrue", key), "#!/bin/sh\ntrue");
    }
    const raw = aNode("n1", {}, { startupScript: "#!/bin/sh\ntrue", isRawScript: true });
    assert.deepEqual(scriptOf(raw), [["startup-script", "#!/bin/sh\ntrue"]]);
  });

  it("run once for each VM, also in one that is made of the image of another", () => {
    const folder = mkdtempSync(join(tmpdir(), "headroom-gcp-script-"));
    try {
      const script = onFirstStart("#!/bin/sh\necho ran", "startup-script").replaceAll("/var/lib", folder);
      const run = (vm: string): string => {
        // In the place of the metadata service.
        writeFileSync(join(folder, "curl"), `#!/bin/sh\necho ${vm}\n`, { mode: 0o755 });
        const options = { input: script, encoding: "utf8", env: { PATH: `${folder}:${process.env["PATH"]}` } } as const;
        return execFileSync("/bin/sh", options);
      };
      assert.deepEqual(["1001", "1001", "1002", "1002"].map(run), ["ran\n", "", "ran\n", ""]);
      assert.ok(existsSync(join(folder, "headroom-startup.1001")));
      assert.equal(readdirSync(folder).filter((entry) => entry.startsWith("headroom-startup")).length, 2);
    } finally {
      removeFolder(folder);
    }
  });

  it("that nothing would run are told, and refused when a node is made", () => {
    const { scriptWarning } = vmProviderOf("gcp");
    const config = "#cloud-config\nruncmd: [true]";
    const settings = { linuxScriptType: "startup-script" };
    assert.match(
      scriptWarning!(config, settings) ?? "",
      /is cloud-config, and linuxScriptType "startup-script" runs a file: set .* "user-data"/,
    );
    assert.equal(scriptWarning!(config, { linuxScriptType: "user-data" }), undefined);
    assert.equal(scriptWarning!("#!/bin/sh\ntrue", settings), undefined);
    assert.throws(() => inputsOf(aNode("n1", {}, { startupScript: config })), /startupScript\.text.*is cloud-config/s);
  });

  it("count with the other metadata", () => {
    const metadata = { a: "x".repeat(200_000), b: "x".repeat(200_000) };
    const startupScript = `#!/bin/sh\n${"#".repeat(150_000)}`;
    assert.deepEqual(pathsIn({ metadata }), []);
    assert.match(vmProviderOf("gcp").scriptWarning!(startupScript, { metadata }) ?? "", /a VM takes 524288/);
    assert.throws(
      () => inputsOf(aNode("n1", { metadata }, { startupScript })),
      /with the startup script .* at most 524288/,
    );
  });
});
