/** What a startup script is by how it begins, and what is done to one that begins with something else first. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { formOf, isBrokenGzip, tidyScript } from "../../runtime/model/script-form";
import type { OsType } from "../../runtime/model/config";

const mime = `Content-Type: multipart/mixed; boundary="//"\r\nMIME-Version: 1.0\r\n\r\n--//\r\n`;

/** With a system on which it is one. */
const known: readonly (readonly [form: string, osType: OsType])[] = [
  ["#!/bin/bash\nset -o pipefail\n", "linux"],
  ["#! /usr/bin/env python3\nprint(1)\n", "linux"],
  ["#cloud-config\npackages: [curl]\n", "linux"],
  ["#cloud-config-archive\n- type: text/cloud-config\n", "linux"],
  ["#Cloud-Config\nruncmd: []\n", "linux"],
  ["#include\nhttps://example.com/a\n", "linux"],
  ["#include-once https://example.com/a\n", "linux"],
  ["#cloud-boothook\n#!/bin/sh\n", "linux"],
  ["#part-handler\ndef list_types(): pass\n", "linux"],
  ["#upstart-job\nstart on stopped rc\n", "linux"],
  ["## template: jinja\n#cloud-config\n", "linux"],
  [mime, "linux"],
  [mime, "windows"],
  ["MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--b\n", "linux"],
  ["From nobody Mon Jan  1 00:00:00 2026\nMIME-Version: 1.0\n\nx\n", "linux"],
  ['{"ignition": {"version": "3.4.0"}}', "linux"],
  ['{ "storage": {}, "ignition": { "version": "3.4.0" } }', "linux"],
  ["[settings.kubernetes]\ncluster-name = 'x'\n", "linux"],
  [gzipSync("#!/bin/sh\necho packed\n").toString("base64"), "linux"],
  [Buffer.from("#cloud-config\npackages: [curl]\n").toString("base64"), "linux"],
  ["<powershell>\ndir\n</powershell>", "windows"],
  ["<PowerShell>dir</PowerShell>", "windows"],
  ["<persist>true</persist>\n<powershell>\ndir\n</powershell>", "windows"],
  ["<persist>true</persist><script>dir</script>", "windows"],
  ["# made by hand\n<powershell>\ndir\n</powershell>", "windows"],
  ["version: 1.1\ntasks:\n- task: executeScript\n", "windows"],
  ["# EC2Launch\n---\nversion: '1.0'\ntasks:\n  - task: enableOpenSsh\n", "windows"],
  ["tasks:\n- task: executeScript\n", "windows"],
  ["#ps1_sysnative\ndir\n", "windows"],
  ["#ps1\ndir\n", "windows"],
  ["rem cmd\r\ndir\r\n", "windows"],
];

/** That only look like one of them. */
const plain: readonly (readonly [text: string, osType: OsType])[] = [
  ["apt-get update\n", "linux"],
  ["echo '#!/bin/bash'\n", "linux"],
  ["# see #cloud-config\necho\n", "linux"],
  ["#includes are below\necho\n", "linux"],
  ["#cloud-configuration of ours\necho\n", "linux"],
  ["cat <<EOF\nMIME-Version: 1.0\nEOF\n", "linux"],
  ["cat <<EOF\n<script>alert(1)</script>\nEOF\n", "linux"],
  ["true: nothing\n", "linux"],
  ["{ echo hello; }\n", "linux"],
  ["reboot", "linux"],
  ["poweroff1", "linux"],
  ["dir", "windows"],
  ["Write-Host '<powershell>'", "windows"],
  ["$page = '<html><script></script></html>'", "windows"],
  ["#!/usr/bin/env pwsh\nGet-ChildItem\n", "windows"],
  ["$version = 'version: 1.0'\n", "windows"],
  ["#ps1000 is our machine\ndir\n", "windows"],
  ["[settings]::Read()\n", "windows"],
];

/** Before the first line, by editors, templates and shells. */
const lead = fc
  .array(fc.constantFrom("\n", "\r\n", "\ufeff", "  \n", "\t\r\n"), { minLength: 1, maxLength: 5 })
  .map((pieces) => pieces.join(""));

describe("form of a startup script", () => {
  it("is told by how it begins, on the system that has it", () => {
    for (const [text, osType] of known) assert.ok(formOf(text, osType), JSON.stringify(text.slice(0, 60)));
  });

  it("is none where the words stand elsewhere, or are longer", () => {
    for (const [text, osType] of plain) {
      assert.equal(formOf(text, osType)?.name, undefined, JSON.stringify(text.slice(0, 60)));
    }
  });

  it("of Windows is told on Linux too, so that it can be refused there", () => {
    for (const text of ["<powershell>\ndir\n</powershell>", "#ps1_sysnative\ndir\n", "version: 1.0\ntasks:\n"]) {
      assert.equal(formOf(text, "linux")?.osType, "windows", text);
    }
  });

  it("is the same behind byte order marks and blank lines, which are dropped (property)", () => {
    fc.assert(
      fc.property(lead, fc.constantFrom(...known, ...plain), (before, [text, osType]) => {
        const tidy = tidyScript(text, osType);
        assert.equal(tidyScript(`${before}${text}`, osType), tidy);
        assert.equal(tidyScript(tidy, osType), tidy, "once is enough");
      }),
    );
  });

  it("is left as it came where nothing stands before it", () => {
    for (const [text, osType] of [...known, ...plain]) {
      if (osType === "linux" && !text.includes("\r")) assert.equal(tidyScript(text, osType), text);
      if (osType === "windows") assert.equal(tidyScript(text, osType), text);
    }
    assert.equal(tidyScript(mime, "linux"), mime, "a message keeps the line ends of messages");
  });

  it("with the line ends of Windows has those of Linux there, so that its interpreter is found", () => {
    const written = "#!/bin/bash\r\nset -o pipefail\r\n";
    assert.equal(tidyScript(written, "linux"), "#!/bin/bash\nset -o pipefail\n");
    assert.equal(tidyScript(`\ufeff\r\n${written}`, "linux"), "#!/bin/bash\nset -o pipefail\n");
    assert.equal(tidyScript("#!/bin/sh\recho\r", "linux"), "#!/bin/sh\necho\n");
    assert.equal(tidyScript(written, "windows"), written);
    const inside = "#!/bin/sh\nprintf 'a\r\n'\n";
    assert.equal(tidyScript(inside, "linux"), inside, "only where the first line has them");
  });

  it("keeps an indentation that may mean something", () => {
    assert.equal(tidyScript("\n  version: 1.0\n  tasks:\n", "windows"), "  version: 1.0\n  tasks:\n");
    assert.equal(tidyScript("\n    #!/bin/sh\n    echo\n", "linux"), "#!/bin/sh\n    echo\n");
    assert.equal(tidyScript("\n\n", "linux"), "");
  });

  it("knows bytes of gzip that were read as text", () => {
    const packed = gzipSync("#!/bin/sh\n");
    for (const text of [packed.toString("latin1"), packed.toString("utf8")]) assert.ok(isBrokenGzip(text));
    assert.ok(!isBrokenGzip(packed.toString("base64")));
  });
});
