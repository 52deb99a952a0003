/** Startup scripts that the package makes, with the real clouds' facts, and as a shell runs them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as headroom from "../../components";
import { cloudCatalog } from "../../provider/registry";
import { factsOf, parseDefinition } from "../../runtime/model/config";
import { findNodeScriptProblems, findNodeScriptWarnings, renderNodeScript } from "../../runtime/model/node-script";
import { agentConfigDoc, serverConfigDoc } from "../support/builders";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";

const catalog = cloudCatalog();
const identity = {
  nodeId: "n1234567",
  checkinToken: "check.in.token",
  agentToken: "agent.to.ken",
  joinPassword: "Join1Password",
};
const { dockerAgent, desktopServer, windowsServer } = headroom.startupScripts;
type Script = ReturnType<typeof dockerAgent>;

const sources = (startupScript: Script, type: "agent" | "server", kind = "aws") => ({
  config: parseDefinition(
    "autoscaleConfig",
    type === "agent"
      ? agentConfigDoc({ startupScript } as never)
      : serverConfigDoc({ startupScript, requireCheckin: true } as never),
  ),
  zone: { upstreamAuthAddress: "headroom.example.com" },
  vmProvider: { name: "vms", kind, settings: {} },
  facts: factsOf(catalog.vm, kind),
});
/** Whatever a set-up may hold: braces, variables of a shell, quotes, and words like those of a template. */
const setUp = `#!/bin/bash
set -o pipefail
echo "\${HOME} {server_id} {{x}} $(id -u)" '{"a": 1}' >set-up-ran
HEADROOM_END=1
`;
const pem = "-----BEGIN CERTIFICATE-----\nMIIB{x}\n-----END CERTIFICATE-----\n";

describe("startup scripts of the package", function () {
  this.timeout(60_000);

  const scripts: readonly (readonly [name: string, script: Script, type: "agent" | "server"])[] = [
    ["dockerAgent", dockerAgent(), "agent"],
    [
      "dockerAgent with everything",
      dockerAgent({ setUp, noticesOf: "aws", caCertificate: pem, withoutTls: true }),
      "agent",
    ],
    ["desktopServer", desktopServer(), "server"],
    [
      "desktopServer with everything",
      desktopServer({ setUp, noticesOf: "gcp", caCertificate: pem, accounts: true }),
      "server",
    ],
    ["windowsServer", windowsServer(), "server"],
    ["windowsServer with everything", windowsServer({ setUp, noticesOf: "azure", accounts: true }), "server"],
  ];
  for (const [name, script, type] of scripts) {
    it(`${name} is taken by every cloud that runs its system, without a warning`, () => {
      for (const kind of Object.keys(catalog.vm)) {
        const facts = factsOf(catalog.vm, kind);
        if (!facts.osTypes.includes(script.osType as "linux")) continue;
        const all = sources(script, type, kind);
        assert.deepEqual(findNodeScriptProblems([all]), [], kind);
        assert.deepEqual(findNodeScriptWarnings([all]), [], kind);
      }
    });
  }

  it("are the same bytes each time, so that no node is outdated by them", () => {
    for (const [, script] of scripts) assert.equal(typeof script.text, "string");
    assert.deepEqual(dockerAgent({ setUp }), dockerAgent({ setUp }));
    assert.deepEqual(windowsServer({ setUp }), windowsServer({ setUp }));
  });

  describe("run by a shell", () => {
    let folder: string;
    beforeEach(() => {
      folder = newOpenFolder("headroom-scripts-");
      mkdirSync(join(folder, "bin"));
      // Where this machine must not be touched, the installer is told of another root.
      writeFileSync(join(folder, "bin", "curl"), "#!/bin/sh\nprintf 200\n", { mode: 0o755 });
    });
    afterEach(() => removeFolder(folder));

    function run(script: Script, type: "agent" | "server") {
      const text = renderNodeScript(sources(script, type), identity)
        .replace("sh install.sh", `sh install.sh --prefix ${folder}/root`)
        .replaceAll("/usr/local/bin/headroom-checkin", `${folder}/root/usr/local/bin/headroom-checkin`)
        .replace("mktemp -d", `mktemp -d ${folder}/XXXXXX`)
        // No agent is to stay behind.
        .replace(/ (heartbeat|accounts|notices)(?=[ \n])/g, "");
      const env = { PATH: `${folder}/bin:${process.env["PATH"]}`, HOME: "/h", HEADROOM_UPSTREAM: "" };
      return spawnSync("sh", ["-c", text], { env, cwd: folder, encoding: "utf8" });
    }
    const installed = (...path: string[]) => join(folder, "root", ...path);

    it("install the agents, their settings and tokens, and leave nothing else", () => {
      const { status, stderr } = run(dockerAgent({ setUp: "true", caCertificate: pem, noticesOf: "aws" }), "agent");
      assert.equal(status, 0, stderr);
      const lib = installed("usr/local/lib/headroom");
      const own = join(__dirname, "..", "..", "..", "agents", "linux");
      assert.deepEqual(
        readdirSync(lib).sort(),
        readdirSync(own)
          .filter((name) => /^(headroom-|lib|json)/.test(name))
          .sort(),
      );
      for (const name of readdirSync(lib)) {
        const code = (text: string) => text.replace(/^#(?!!).*\n/gm, "");
        assert.equal(readFileSync(join(lib, name), "utf8"), code(readFileSync(join(own, name), "utf8")), name);
      }
      const conf = readFileSync(installed("etc/headroom/agent.conf"), "utf8");
      assert.match(conf, /^HEADROOM_UPSTREAM='headroom\.example\.com'\nHEADROOM_NODE_ID='n1234567'\n/);
      assert.match(conf, /HEADROOM_CLOUD='aws'/);
      const token = installed("etc/headroom/agent-token");
      assert.deepEqual([readFileSync(token, "utf8"), statSync(token).mode & 0o777], ["agent.to.ken", 0o600]);
      assert.equal(readFileSync(installed("etc/headroom/ca.pem"), "utf8"), pem);
      assert.deepEqual(readdirSync(folder).sort(), ["bin", "root"]);
    });

    it("run a set-up as it is, by the interpreter that it names", () => {
      const loud = setUp.replace(">set-up-ran", `>${folder}/set-up-ran`);
      const { status, stderr } = run(desktopServer({ setUp: loud }), "server");
      assert.equal(status, 0, stderr);
      const uid = process.getuid!();
      assert.equal(readFileSync(join(folder, "set-up-ran"), "utf8"), `/h {server_id} {{x}} ${uid} {"a": 1}\n`);
      assert.equal(readFileSync(installed("etc/headroom/checkin-token"), "utf8"), "check.in.token");
    });

    it("tell it when the set-up of a server fails, and never that it is ready", () => {
      const calls = join(folder, "calls");
      // Notes the bodies that are sent.
      writeFileSync(
        join(folder, "bin", "curl"),
        `#!/bin/sh\nfor word in "$@"; do case $word in @*) cat "\${word#@}" >>${calls}; echo >>${calls} ;; esac; done\nprintf 200\n`,
        { mode: 0o755 },
      );
      assert.equal(run(desktopServer({ setUp: "exit 7" }), "server").status, 7);
      const bodies = readFileSync(calls, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, string>);
      assert.deepEqual(
        bodies.map(({ status }) => status),
        ["starting", "failed"],
      );
      assert.match(bodies[1]!["status_message"]!, /exit code 7/);
      assert.equal(run(desktopServer({ setUp: "true" }), "server").status, 0);
      assert.match(readFileSync(calls, "utf8"), /"status":"running"[^\n]*\n$/);
    });
  });

  it("of Windows carry its files whole, but for comments", () => {
    const text = renderNodeScript(sources(windowsServer({ accounts: true }), "server"), identity);
    const packed = /FromBase64String\('([^']+)'\)/.exec(text)![1]!;
    const files = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString()) as Record<string, string>;
    const own = join(__dirname, "..", "..", "..", "agents", "windows");
    for (const [name, code] of Object.entries(files)) {
      assert.equal(code, readFileSync(join(own, name), "utf8").replace(/^#(?!!).*\n/gm, ""), name);
    }
    assert.ok("HeadroomAccounts.ps1" in files && "Install.ps1" in files);
    assert.match(text, /-Upstream 'headroom\.example\.com' -NodeId 'n1234567' -AgentToken 'agent\.to\.ken'/);
  });
});
