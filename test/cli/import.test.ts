/** `headroom import kasm` as users run it: needs no runtime, writes all or nothing. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathOf, secrets } from "../import-kasm/imported";
import { headroom, withFolder } from "./headroom";

const nowhere = { HEADROOM_ENDPOINT: "http://127.0.0.1:1" };
const run = (...args: string[]) => headroom(["import", "kasm", ...args], nowhere);
const files = ["NOT-CARRIED.md", "Pulumi.yaml", "README.md", "index.ts", "package.json", "scripts", "tsconfig.json"];

describe("headroom import kasm", () => {
  it("writes a program and tells what it could not carry, without a runtime and without a secret", async () => {
    await withFolder(async (folder) => {
      const out = join(folder, "school");
      const { code, stdout, stderr } = await run(pathOf("school"), "--out", out);

      assert.equal(code, 0, stderr);
      assert.deepEqual(readdirSync(out).sort(), files);
      assert.deepEqual(readdirSync(folder), ["school"], "nothing beside it");
      assert.match(stdout, /^wrote 7 files to .*: 1 Zone, 1 Pool, 1 Workspace, 1 AwsVmProvider, 2 AutoscaleConfig,/);
      assert.match(stdout, /^zones\.proxy_port +zone1 +443 +how users' browsers reach/m);
      assert.match(stdout, /^not about scaling: users$/m);
      const written = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
      assert.deepEqual(
        secrets.filter((secret) => [stdout, ...written].some((text) => text.includes(secret))),
        [],
      );
    });
  });

  it("prints what it would write, and writes nothing, with --dry-run", async () => {
    await withFolder(async (folder) => {
      const out = join(folder, "school");
      const { code, stdout } = await run(pathOf("school"), "--out", out, "--dry-run");

      assert.equal(code, 0);
      assert.match(stdout, /^--- index\.ts$/m);
      assert.match(stdout, /new headroom\.Zone\("zone1", \{/);
      assert.deepEqual(readdirSync(folder), []);
      const { stdout: json } = await run(pathOf("school"), "--out", out, "--dry-run", "--json");
      const told = JSON.parse(json) as { written: boolean; files: object; notCarried: object[] };
      assert.deepEqual([told.written, "index.ts" in told.files, told.notCarried.length > 0], [false, true, true]);
    });
  });

  it("leaves files alone that are there, all of them, unless told to replace them", async () => {
    await withFolder(async (folder) => {
      const out = join(folder, "school");
      mkdirSync(out);
      writeFileSync(join(out, "README.md"), "mine\n");
      const refused = await run(pathOf("school"), "--out", out);

      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /README\.md is there already; use --force to replace, or another --out/);
      assert.deepEqual(readdirSync(out), ["README.md"]);
      assert.equal(readFileSync(join(out, "README.md"), "utf8"), "mine\n");

      assert.equal((await run(pathOf("school"), "--out", out, "--force")).code, 0);
      assert.deepEqual(readdirSync(out).sort(), files);
      assert.notEqual(readFileSync(join(out, "README.md"), "utf8"), "mine\n");
    });
  });

  it("follows no link out of the folder", async () => {
    await withFolder(async (folder) => {
      const out = join(folder, "school");
      mkdirSync(join(folder, "elsewhere"));
      mkdirSync(out);
      symlinkSync(join(folder, "elsewhere"), join(out, "scripts"));
      writeFileSync(join(folder, "target"), "mine\n");
      symlinkSync(join(folder, "target"), join(out, "index.ts"));
      const { code, stderr } = await run(pathOf("school"), "--out", out, "--force");

      assert.equal(code, 3);
      assert.match(stderr, /can't be written: .*scripts is a link/);
      assert.deepEqual(readdirSync(join(folder, "elsewhere")), []);
      assert.equal(readFileSync(join(folder, "target"), "utf8"), "mine\n");
    });
  });

  it("says what is wrong with a file in a sentence, and writes nothing", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "bad.yaml");
      writeFileSync(file, "zones:\n  - zone_name: a\n    search_alternate_zones: perhaps\n");
      const out = join(folder, "out");
      const bad = await run(file, "--out", out);
      const missing = await run(join(folder, "nothing.yaml"), "--out", out);

      assert.equal(bad.code, 2);
      assert.equal(bad.stderr, 'headroom: zones[0].search_alternate_zones: line 3: got "perhaps"; use true or false\n');
      assert.equal(missing.code, 3);
      assert.match(missing.stderr, /^headroom: .*nothing\.yaml can't be read: /);
      assert.ok(!existsSync(out));
      assert.equal((await run()).code, 2);
      assert.equal((await run(pathOf("school"), "--day-numbers", "tuesday-4")).code, 2);
    });
  });
});
