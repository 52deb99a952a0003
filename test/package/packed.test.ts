/** The package as npm packs it, in a project of somebody else: nothing of the repository beside it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { enginesPresent } from "../provider/workbench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { until } from "../support/until";

const repository = join(__dirname, "..", "..", "..");

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

/** Puts the packages beside it that npm installs for whoever depends on it: those of the lock that are no development ones. */
function installBeside(modules: string): void {
  const lock = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  for (const [path, { dev, devOptional }] of Object.entries(lock.packages)) {
    const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
    if (name === undefined || dev || devOptional || !existsSync(join(repository, path))) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(repository, path), join(modules, name));
  }
}

describe("the packed package", () => {
  let folder: string;
  let project: string;
  let installed: string;
  before(() => {
    folder = newOpenFolder("headroom-packed-");
    project = join(folder, "project");
    installed = join(project, "node_modules", "pulumi-headroom");
    mkdirSync(installed, { recursive: true });
    // Apart from packing, because what it tells would stand in the answer.
    execFileSync("npm", ["run", "--silent", "prepack"], { cwd: repository, stdio: ["ignore", "ignore", "inherit"] });
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
        cwd: repository,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    ) as { filename: string }[];
    execFileSync("tar", ["xzf", join(folder, packed!.filename), "-C", installed, "--strip-components", "1"]);
    installBeside(join(project, "node_modules"));
  });
  after(() => removeFolder(folder));

  function manifest(): { bin: Record<string, string>; exports: Record<string, string | Record<string, string>> } {
    return JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as ReturnType<typeof manifest>;
  }

  it("has what its manifest names, its commands can be run, and no test comes along", () => {
    const { bin, exports } = manifest();
    const files = Object.values(exports).flatMap((to) => (typeof to === "string" ? [to] : Object.values(to)));

    assert.ok(files.length > 0);
    for (const file of [...Object.values(bin), ...files]) assert.ok(existsSync(join(installed, file)), file);
    for (const name of ["provider/bin/pulumi-resource-headroom", "engine/bin/pulumi"]) {
      accessSync(join(installed, name), constants.X_OK);
    }
    for (const file of Object.values(bin)) {
      assert.match(readFileSync(join(installed, file), "utf8"), /^#!\/usr\/bin\/env node\n/, file);
    }
    assert.ok(!existsSync(join(installed, "dist", "test")) && !existsSync(join(installed, "test")));
  });

  it("has every file that its documents link to", () => {
    const missing: string[] = [];
    const documents = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".md"),
    );
    assert.ok(documents.length > 10);
    for (const document of documents) {
      const text = readFileSync(join(installed, document), "utf8").replaceAll(/```[\s\S]*?```/g, "");
      for (const [, target] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)) {
        if (!existsSync(join(installed, dirname(document), target!))) missing.push(`${document}: ${target}`);
      }
    }

    assert.deepEqual(missing, []);
  });

  it("answers its command line, and is imported by both kinds of modules", () => {
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

    assert.match(run(join(installed, manifest().bin["headroom"]!), "--help"), /serve/);
    assert.match(run(join(installed, manifest().bin["headroom-pulumi"]!), "version"), /\d+\.\d+\.\d+/);
    const told = "console.log(typeof LocalNode, typeof AwsVmProvider, Weekday.Monday)";
    const expected = "function function mon";
    assert.equal(
      run("-e", `const { LocalNode, AwsVmProvider, Weekday } = require("pulumi-headroom"); ${told}`).trim(),
      expected,
    );
    const imported = `import { LocalNode, AwsVmProvider, Weekday } from "pulumi-headroom"; ${told}`;
    assert.equal(run("--input-type=module", "-e", imported).trim(), expected);
  });

  it("has types for CommonJS, for modules of Node and for bundlers", () => {
    const program = `import * as headroom from "pulumi-headroom";
import * as pulumi from "@pulumi/pulumi";
const zone = new headroom.Zone("z", { upstreamAuthAddress: "h.example.org" });
const node = new headroom.LocalNode("n", {
  startupScript: pulumi.interpolate\`echo \${zone.name}\`,
  settings: { cores: pulumi.output(2) },
});
export const address: pulumi.Output<string> = node.address;
`;
    const modes = [
      { file: "a.cts", module: "commonjs", moduleResolution: "node10", ignoreDeprecations: "6.0" },
      { file: "a.mts", module: "node16", moduleResolution: "node16" },
      { file: "a.ts", module: "esnext", moduleResolution: "bundler" },
    ];
    for (const { file, ...mode } of modes) {
      writeFileSync(join(project, file), program);
      const compilerOptions = { ...mode, target: "es2023", strict: true, noEmit: true, skipLibCheck: true, types: [] };
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
      execFileSync(process.execPath, [join(repository, "node_modules/typescript/bin/tsc"), "-p", project], {
        encoding: "utf8",
        stdio: ["ignore", "inherit", "inherit"],
      });
    }
  });

  for (const engine of enginesPresent()) {
    it(`makes a LocalNode by the ${engine.name} engine without any more set-up`, async () => {
      const home = join(folder, engine.name);
      const root = join(home, "vms");
      mkdirSync(join(home, "state"), { recursive: true });
      writeFileSync(join(project, "Pulumi.yaml"), "name: fresh\nruntime: nodejs\nmain: index.js\n");
      writeFileSync(
        join(project, "index.js"),
        `const headroom = require("pulumi-headroom");
const node = new headroom.LocalNode("builder", { settings: { root: ${JSON.stringify(root)}, bootTime: "0s" } });
exports.address = node.address;
`,
      );
      const pulumi = (...args: string[]): string =>
        execFileSync(engine.command, [...args, "--non-interactive"], {
          cwd: project,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "inherit"],
          env: {
            HOME: home,
            PATH: `${dirname(engine.command)}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
            PULUMI_HOME: join(home, "pulumi"),
            PULUMI_BACKEND_URL: `file://${join(home, "state")}`,
            PULUMI_CONFIG_PASSPHRASE: "correct horse",
            PULUMI_SKIP_UPDATE_CHECK: "true",
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          },
        });

      pulumi("stack", "init", "dev");
      pulumi("up", "--yes", "--skip-preview");

      await until("the VM is there", () => findLocalVms(root).some(({ nodeId }) => nodeId === "builder"));
      assert.match(pulumi("stack", "output", "address"), /^127\./);
      pulumi("destroy", "--yes", "--skip-preview");
      assert.deepEqual(findLocalVms(root), []);
    });
  }
});
