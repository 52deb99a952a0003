/** The Windows agents, as far as they can be checked without Windows: by a parser, where there is one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { startupScripts } from "../../components";
import { bootstrapOf } from "../../runtime/model/script-bootstrap";
import { renderStartupScript } from "../../runtime/model/startup-script";

const folder = resolve(__dirname, "..", "..", "..", "agents", "windows");
const files = readdirSync(folder).filter((name) => name.endsWith(".ps1"));

/** PowerShell's own parser, else the grammar of tree-sitter; each prints what it does not understand. */
const parsers: readonly (readonly [command: string, ...args: string[]])[] = [
  [
    "pwsh",
    "-NoProfile",
    "-Command",
    "$errors = $null; [void] [Management.Automation.Language.Parser]::ParseInput([Console]::In.ReadToEnd(), [ref] $null, [ref] $errors); $errors; exit [int] ($errors.Count -gt 0)",
  ],
  [
    "python3",
    "-c",
    `import sys, tree_sitter, tree_sitter_powershell as grammar
parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
def faults(node):
    if node.type == "ERROR" or node.is_missing: return [(node.start_point, node.text[:80])]
    return [fault for child in node.children for fault in faults(child)]
found = faults(parser.parse(sys.stdin.buffer.read()).root_node)
print(found)
sys.exit(1 if found else 0)`,
  ],
];

const goodScript = "Get-Date\n";

function parse(text: string): { status: number | null; told: string } | undefined {
  for (const [command, ...args] of parsers) {
    // A parser that is there takes a good script.
    if (spawnSync(command, args, { input: goodScript }).status !== 0) continue;
    const { status, stdout, stderr } = spawnSync(command, args, { input: text, encoding: "utf8" });
    return { status, told: `${stdout}${stderr}` };
  }
  return undefined;
}

describe("the Windows agents", function () {
  this.timeout(60_000);

  it("are understood by a parser of PowerShell, with their startup script and its bootstrap", function () {
    if (parse(goodScript) === undefined) return this.skip();
    assert.notEqual(parse("foreach ($x in { ")!.status, 0, "the parser finds faults");
    const values = { server_id: "n1", upstream_auth_address: "x", manager_token: "a.b.c", checkin_jwt: "d.e.f" };
    const { text } = startupScripts.windowsServer({ setUp: "Get-Date", accounts: true, joinDomain: true });
    const source = { nodeId: "n1", token: "a.b.c", upstreamAuthAddress: "x", isLocal: false, digest: "0".repeat(64) };
    const scripts = [
      ...files.map((name) => [name, readFileSync(join(folder, name), "utf8")]),
      ["startup script", renderStartupScript(String(text), values, { raw: false })],
      ["bootstrap", bootstrapOf("windows", source)],
    ];
    for (const [name, script] of scripts) {
      const { status, told } = parse(script!)!;
      assert.equal(status, 0, `${name}: ${told}`);
    }
  });

  it("are in ASCII, which Windows PowerShell reads the same whatever its character set, and check certificates", () => {
    assert.ok(files.length >= 7);
    for (const name of files) {
      const text = readFileSync(join(folder, name), "utf8");
      assert.match(text, /^[\x0a\x20-\x7e]*$/, name);
      assert.doesNotMatch(text, /ServerCertificateValidationCallback|SkipCertificateCheck/, name);
    }
  });
});
