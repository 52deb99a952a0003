/** A startup script that is a file beside the program. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { StartupScriptArgs } from "../../components";
import { withScriptText, type StartupScriptFileArgs } from "../../components/script-file";
import { ConfigError } from "../../runtime/model/errors";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";

describe("a startup script in a file", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = newOpenFolder("headroom-file-");
    file = join(folder, "agent.sh");
    writeFileSync(file, "\ufeff#!/bin/sh\necho ${{HOME}} {server_id} é\n");
  });
  afterEach(() => removeFolder(folder));

  const text = "\ufeff#!/bin/sh\necho ${{HOME}} {server_id} é\n";
  const refused = (script: object, message: RegExp) =>
    assert.throws(
      () => withScriptText(script as StartupScriptFileArgs),
      (error) => error instanceof ConfigError && message.test(error.message),
    );

  it("is read as it is, from the program's folder or by its whole path, with whatever else is said of it", () => {
    for (const path of [file, relative(process.cwd(), file)]) {
      assert.deepEqual(withScriptText({ file: path, osType: "windows", raw: true }), {
        text,
        osType: "windows",
        raw: true,
      });
    }
  });

  it("may be said later in the program", async () => {
    const later = withScriptText(pulumi.output({ file })) as pulumi.Output<StartupScriptArgs>;
    const known = await new Promise((done) => later.apply(done));
    assert.deepEqual(known, { text });
  });

  it("that can't be read is refused with its whole path", () => {
    refused(
      { file: "./missing.sh" },
      new RegExp(`^startupScript\\.file: ${join(process.cwd(), "missing.sh")} can't be read: ENOENT`),
    );
    mkdirSync(join(folder, "dir"));
    refused({ file: join(folder, "dir") }, /startupScript\.file: .*dir can't be read: EISDIR/);
    writeFileSync(file, Buffer.from([0x1f, 0x8b, 0xff]));
    refused({ file }, /agent\.sh can't be read: it is no text in UTF-8/);
    for (const path of ["", 5, {}, null]) refused({ file: path }, /startupScript\.file: got .*; use a path/);
  });

  it("excludes a text beside it; a text alone is left as it is", () => {
    refused({ file, text: "echo" }, /startupScript: give text or file, not both/);
    assert.deepEqual(withScriptText({ text: "echo" }), { text: "echo" });
    assert.equal(withScriptText(undefined), undefined);
  });
});
