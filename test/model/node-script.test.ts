/** The startup script of a config's nodes, with the real clouds' facts. */
import assert from "node:assert/strict";
import { cloudCatalog } from "../../provider/registry";
import { NodeTokens } from "../../runtime/broker/node-tokens";
import { factsOf, parseDefinition } from "../../runtime/model/config";
import {
  findNodeScriptProblems,
  findNodeScriptWarnings,
  nodeIdLengthMax,
  renderNodeScript,
  tokenLengthMax,
  type ScriptSources,
} from "../../runtime/model/node-script";
import { scriptVariables, type ScriptVariable } from "../../runtime/model/startup-script";
import { Draft } from "../../runtime/model/draft";
import { makeIdentity } from "../../runtime/reconciler/new-node";
import {
  agentConfigDoc,
  aState,
  serverConfigDoc,
  type AgentConfigDoc,
  type ServerConfigDoc,
} from "../support/builders";
import { SeededRng, startMs } from "../support/virtual-clock";

const catalog = cloudCatalog();
const identity = {
  nodeId: "n1234567",
  checkinToken: "checkin-token",
  agentToken: "agent-token",
  joinPassword: "join-password",
};

function sourcesOf(
  doc: AgentConfigDoc | ServerConfigDoc,
  kind = "aws",
  settings: Record<string, unknown> = {},
): ScriptSources {
  return {
    config: parseDefinition("autoscaleConfig", doc),
    zone: { upstreamAuthAddress: "headroom.example.com:8700" },
    vmProvider: { name: "vms", kind, settings },
    facts: factsOf(catalog.vm, kind),
    ldap: { searchBase: "OU=People,DC=lab,DC=example,DC=com" },
  };
}

const agent = (text: string, doc: Partial<AgentConfigDoc> = {}) =>
  agentConfigDoc({ startupScript: { text: `{manager_token}${text}` }, ...doc });
const server = (text: string, doc: Partial<ServerConfigDoc> = {}) =>
  serverConfigDoc({ startupScript: { text }, ...doc });

const told = (doc: AgentConfigDoc | ServerConfigDoc, kind?: string) =>
  findNodeScriptProblems([sourcesOf(doc, kind)]).map(({ path, message }) => `${path}: ${message}`);
const warned = (doc: AgentConfigDoc | ServerConfigDoc, kind?: string) =>
  findNodeScriptWarnings([sourcesOf(doc, kind)]).map(({ message }) => message);

describe("startup script of a node", () => {
  it("has every variable filled where there is something to fill it with", () => {
    const dns = { registerDns: true, baseDomainName: "lab.example.com", dnsProvider: "records" };
    const filled: Record<ScriptVariable, [agent: string, server: string]> = {
      server_id: ["n1234567", "n1234567"],
      provider_name: ["local", "local"],
      upstream_auth_address: ["headroom.example.com:8700", "headroom.example.com:8700"],
      server_hostname: ["n1234567", "n1234567"],
      server_external_fqdn: ["n1234567.lab.example.com", "n1234567.lab.example.com"],
      checkin_jwt: ["checkin-token", "checkin-token"],
      registration_token: ["checkin-token", "checkin-token"],
      manager_token: ["agent-token", "agent-token"],
      connection_username: ["", "operator"],
      connection_password: ["", "pass word"],
      ad_join_credential: ["", "join-password"],
      domain: ["", "lab.example.com"],
      nginx_cert_in: ["CERT", ""],
      nginx_key_in: ["KEY", ""],
      ssh_key: ["ssh-ed25519 AAAA", "ssh-ed25519 AAAA"],
    };
    const text = scriptVariables.map((name) => `${name}=<{${name}}>`).join("\n");
    const settings = { sshPublicKey: "ssh-ed25519 AAAA" };
    const record = {
      createAdComputerRecord: true,
      ldapConfig: "corp",
      adComputerOu: "OU=VMs,DC=lab,DC=example,DC=com",
    };
    const account = { connectionUsername: "operator", connectionPassword: "pass word", ...record };
    const render = (doc: AgentConfigDoc | ServerConfigDoc) =>
      renderNodeScript(sourcesOf({ ...doc, ...dns, startupScript: { text } }, "local", settings), identity);
    const expected = (which: 0 | 1) => scriptVariables.map((name) => `${name}=<${filled[name][which]}>`).join("\n");

    assert.equal(render(agentConfigDoc({ nginxCert: "CERT", nginxKey: "KEY" })), expected(0));
    assert.equal(render(serverConfigDoc(account)), expected(1));
    const [withoutDns] = renderNodeScript(sourcesOf(agent("[{server_external_fqdn}]")), identity).split("]");
    assert.equal(withoutDns, "agent-token[", "empty without a DNS record");
  });

  it("is refused for a docker agent that could never check in, with what is missing", () => {
    assert.match(
      told(agentConfigDoc())[0]!,
      /^startupScript: is missing; a docker agent checks in with \{manager_token\}/,
    );
    const silent = agentConfigDoc({ startupScript: { text: "echo hello" } });
    assert.match(told(silent)[0]!, /^startupScript\.text: the script does not use it; .* only with \{manager_token\}/);
    const raw = agentConfigDoc({ startupScript: { text: "{manager_token}", raw: true } });
    assert.match(told(raw)[0]!, /^startupScript\.text: a raw script has no variables/);
    assert.deepEqual(told(agent("")), []);
  });

  it("is refused for a server with requireCheckin that could never check in; others need none", () => {
    assert.match(told(serverConfigDoc({ requireCheckin: true }))[0]!, /^startupScript: is missing; .*\{checkin_jwt\}/);
    const silent = told(server("dir", { requireCheckin: true }))[0]!;
    assert.match(silent, /^startupScript\.text: .* only with \{checkin_jwt\} or \{registration_token\}/);
    assert.deepEqual(told(server("{registration_token}", { requireCheckin: true })), []);
    assert.deepEqual(told(serverConfigDoc()), []);
    assert.deepEqual(told(serverConfigDoc({ startupScript: { text: "if {", raw: true } })), []);
  });

  it("is the image's own on local VMs when the config gives none and the node has to check in", () => {
    const own = (doc: AgentConfigDoc | ServerConfigDoc) => renderNodeScript(sourcesOf(doc, "local"), identity);
    assert.match(own(agentConfigDoc()), /headroom-guest agent .*--token 'agent-token' --server-id 'n1234567'/);
    assert.match(own(serverConfigDoc({ requireCheckin: true })), /headroom-guest checkin .*--token 'checkin-token'/);
    assert.equal(own(serverConfigDoc()), "");
    assert.deepEqual([...told(agentConfigDoc(), "local"), ...told(serverConfigDoc(), "local")], []);
  });

  it("is refused for a system that the VM provider does not run", () => {
    const windows = server("dir", { startupScript: { text: "dir", osType: "windows" } });
    assert.match(told(windows, "local")[0]!, /^startupScript\.osType: got "windows"; .*\(local\) runs only linux/);
    assert.deepEqual(told(windows), []);
  });

  it("may be as long as the VM provider takes, wrapped and with the longest values", () => {
    const bytesMax = factsOf(catalog.vm, "aws").startupScriptBytesMax;
    const fits = (osType: "linux" | "windows", before: string, wrapping: number, valueBytes: number) => {
      const variables = "{server_id}{checkin_jwt}";
      const script = (bytes: number) => ({ text: `${before}${"#".repeat(bytes - before.length)}${variables}`, osType });
      const room = bytesMax - wrapping - valueBytes;
      assert.deepEqual(told(serverConfigDoc({ startupScript: script(room) })), []);
      const [long] = told(serverConfigDoc({ startupScript: script(room + 1) }));
      assert.match(
        long!,
        new RegExp(`^startupScript\\.text: has up to ${bytesMax + 1} bytes as sent.* at most ${bytesMax}`),
      );
    };
    const values = nodeIdLengthMax + tokenLengthMax;
    fits("linux", "#!/bin/sh\n", 0, values);
    fits("linux", "echo", "#!/bin/sh\n".length, values);
    fits("windows", "dir", "<powershell>\n\n</powershell>".length, values);
    const umlauts = server("ä".repeat(bytesMax / 2 + 1));
    assert.match(told(umlauts)[0]!, /bytes as sent/, "bytes, not characters");
  });

  it("gets no longer values than the preview reckons with", () => {
    const tokens = new NodeTokens(new Uint8Array(64).fill(7));
    const config = parseDefinition("autoscaleConfig", serverConfigDoc({ provisionTimeout: "999999999d" }));
    const context = { draft: new Draft(aState()), nowMs: startMs };
    const made = makeIdentity(config, context, { rng: new SeededRng(1), tokens });
    assert.ok(made.nodeId.length <= nodeIdLengthMax, made.nodeId);
    for (const token of [made.checkinToken, made.agentToken]) assert.ok(token.length <= tokenLengthMax, token);
  });

  it("is warned about when a variable has no value here, a password needs quoting, or raw leaves variables as they are", () => {
    assert.deepEqual(warned(agent("{ssh_key}{server_external_fqdn}")), [
      "{ssh_key} has no value here; nothing takes its place",
    ]);
    for (const secret of ["it's", 'a"b', "a\nb", "pa$$word", "back\\slash"]) {
      const [warning, ...others] = warned(server("{connection_password}", { connectionPassword: secret }));
      assert.match(warning!, /^the value of \{connection_password\} holds a quote/);
      assert.ok(!warning!.includes(secret));
      assert.deepEqual(others, []);
    }
    assert.deepEqual(warned(server("{connection_password}", { connectionPassword: "plain-1.x" })), []);
    const raw = { text: "echo {server_id} ${HOME} {else}", raw: true };
    assert.deepEqual(warned(serverConfigDoc({ startupScript: raw })), ["raw leaves {server_id} as it is"]);
  });

  it("keeps its interpreter: what stands before it is dropped, and the line of a problem is that of the text as written", () => {
    const written = "\ufeff\r\n#!/bin/bash\r\necho {server_id}\r\n";
    assert.equal(renderNodeScript(sourcesOf(server(written)), identity), "#!/bin/bash\necho n1234567\n");
    assert.deepEqual(told(server(written)), []);
    assert.match(told(server("\n\n#!/bin/sh\n{x}"))[0]!, /line 4, column 1/);
    const raw = { text: written, raw: true };
    assert.equal(renderNodeScript(sourcesOf(serverConfigDoc({ startupScript: raw })), identity), written);
  });

  it("is refused where nothing would run it, or something else than its author meant", () => {
    for (const text of ["<powershell>\ndir\n</powershell>", "#ps1_sysnative\ndir", "version: 1.0\ntasks:\n- task: x"]) {
      const [problem, ...others] = told(server(text));
      assert.match(problem!, /^startupScript\.osType: got "linux"; the script is .* which only Windows runs/, text);
      assert.deepEqual(others, []);
      assert.deepEqual(told(server("", { startupScript: { text, osType: "windows" } })), []);
    }
    for (const text of [
      "#cloud-config\npackages: []\n",
      "\n#include\nhttps://example.com/\n",
      "MIME-Version: 1.0\n\n",
    ]) {
      assert.deepEqual(told(server(text)), [], "cloud-init reads it");
      for (const kind of ["local", "proxmox"]) {
        assert.match(told(server(text), kind)[0]!, /^startupScript\.text: is .* which nothing reads there/, text);
      }
    }
    for (const text of ["#!/usr/bin/python3\nprint(1)\n", "echo hello"]) {
      for (const kind of ["local", "proxmox", "aws", "digitalocean"]) assert.deepEqual(told(server(text), kind), []);
    }
    assert.match(told(server("\u001f\ufffd\u0008"))[0]!, /gzip file, .* give it as base64/);
  });

  it("is warned about when it is raw and its first line would not be found", () => {
    const rawWarned = (text: string) => warned(serverConfigDoc({ startupScript: { text, raw: true } }));
    for (const text of ["\n#!/bin/bash\n", "\ufeff#cloud-config\n", "#!/bin/bash\r\necho\r\n"]) {
      assert.match(rawWarned(text)[0]!, /^raw leaves .* it may run by another interpreter than its first line names/);
    }
    assert.deepEqual(rawWarned("#!/bin/bash\necho\n"), []);
  });

  it("is warned about when it asks the metadata service of AWS without a token while that is required", () => {
    const optional = { metadataOptions: { httpTokens: "optional" } };
    const asked = (text: string, settings = {}, kind = "aws") =>
      findNodeScriptWarnings([sourcesOf(server(text), kind, settings)]).map(({ message }) => message);
    for (const text of [
      "curl http://169.254.169.254/latest/meta-data/local-ipv4",
      "META=http://169.254.169.254\nwget -qO- $META/latest/meta-data/instance-id",
      "Invoke-RestMethod http://169.254.169.254/latest/meta-data/hostname",
      "curl http://[fd00:ec2::254]/latest/meta-data/",
      "curl http://instance-data/latest/meta-data/",
    ]) {
      assert.match(asked(text)[0]!, /^asks the metadata service of AWS without a session token/, text);
      assert.deepEqual(asked(text, optional), []);
      assert.deepEqual(asked(text, {}, "digitalocean"), []);
      const withToken = `TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 60")\n${text}`;
      assert.deepEqual(asked(withToken), []);
    }
    assert.deepEqual(asked("curl http://169.254.169.254/metadata/instance"), []);
    const [fallback] = findNodeScriptWarnings(
      ["digitalocean", "aws"].map((kind) => sourcesOf(server("curl 169.254.169.254/latest/meta-data"), kind)),
    );
    assert.match(fallback!.message, /metadata service of AWS/, "also of a fallback");
  });

  it("is warned about when a backslash of a template literal was copied with it", () => {
    assert.match(warned(server("echo\necho \\${{HOME}}"))[0]!, /^line 2: .* left over from a template literal/);
    assert.deepEqual(warned(server("echo ${{HOME}}")), []);
  });

  it("that is fetched may be longer than the VM provider takes, if it runs as a file", () => {
    const long = (before: string, bytes = 100_000) => ({
      startupScript: { text: `${before}{server_id}${"#".repeat(bytes)}`, delivery: "fetch" as const },
    });
    for (const kind of ["aws", "digitalocean", "proxmox", "local"]) {
      assert.deepEqual(told(server("", long("#!/bin/bash\n")), kind), []);
      assert.match(told(server("", long("", 300_000)), kind)[0]!, /has up to \d+ bytes.* at most 262144 are fetched/);
    }
    assert.match(told(server("#".repeat(100_000)))[0]!, /set delivery: "fetch"/);
    for (const text of ["#cloud-config\n", "MIME-Version: 1.0\n\n"]) {
      assert.match(told(server("", long(text)))[0]!, /delivery "fetch" runs the script as a file/);
    }
    const checkin = server("", { ...long("dir"), requireCheckin: true });
    assert.match(told(checkin)[0]!, /only with \{checkin_jwt\}/);
  });
});
