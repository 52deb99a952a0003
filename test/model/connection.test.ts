/** What may be said of a server's connection, in an autoscale config and of a static member alike. */
import assert from "node:assert/strict";
import { findProblems, parseDefinition } from "../../runtime/model/config";
import { connectionTypes, type ConnectionFields } from "../../runtime/model/connection";
import { readPrivateKey } from "../../runtime/model/private-key";
import { catalog, serverConfigDoc } from "../support/builders";
import { keygenSays, opensshKey, pkcs8Key, rsaKey } from "../support/private-keys";

const key = rsaKey();
const ssh = { connectionType: "ssh" } as const;

function configDoc(fields: object) {
  return { ...serverConfigDoc(), ...fields };
}

function poolDoc(fields: object, type = "server") {
  const member = { name: "m1", zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB", ...fields };
  return { name: "desks", type, staticMembers: [member] };
}

function problemsOfConfig(fields: object) {
  return findProblems("autoscaleConfig", configDoc(fields), catalog);
}

function problemsOfMember(fields: object, type?: string) {
  return findProblems("pool", poolDoc(fields, type), catalog);
}

describe("the port of a connection", () => {
  const usual = { rdp: [3389, 3389], ssh: [22, 22], vnc: [5900, 5900], kasmvnc: [8443, 4902] } as const;
  for (const connectionType of connectionTypes) {
    it(`follows the type ${connectionType} where none is given`, () => {
      for (const [index, osType] of (["linux", "windows"] as const).entries()) {
        const startupScript = { text: "true", osType };
        const parsed = parseDefinition("autoscaleConfig", configDoc({ connectionType, startupScript }));
        assert.equal(parsed.type === "server" && parsed.connectionPort, usual[connectionType][index], osType);
        const own = parseDefinition("autoscaleConfig", configDoc({ connectionType, startupScript, connectionPort: 7 }));
        assert.equal(own.type === "server" && own.connectionPort, 7);
      }
    });
  }

  it("is that of RDP where neither is given, as it always was", () => {
    const parsed = parseDefinition("autoscaleConfig", serverConfigDoc());
    assert.deepEqual(parsed.type === "server" && [parsed.connectionType, parsed.connectionPort], ["rdp", 3389]);
  });
});

describe("what is said of a connection", () => {
  const good: readonly ConnectionFields[] = [
    {},
    { connectionUsername: "ann", connectionPassword: "secret" },
    { connectionUsername: "ann" },
    { ...ssh, connectionUsername: "ann", useUserSshKey: true },
    { ...ssh, connectionUsername: "ann", connectionPrivateKey: key },
    { ...ssh, connectionUsername: "ann", connectionPrivateKey: key, connectionPassword: "secret" },
    { connectionCredentialType: "sso" },
    { connectionCredentialType: "sso", connectionSsoDomain: "localhost" },
    { connectionCredentialType: "sso", connectionSsoDomain: "CORP\\" },
    { ...ssh, connectionCredentialType: "sso", useUserSshKey: true },
    { connectionCredentialType: "smartcard" },
    { connectionCredentialType: "promptUser" },
    { connectionType: "kasmvnc", connectionUsername: "ann", connectionPassword: "secret" },
    { connectionInfo: { "ignore-cert": true, nested: { deep: [1] } } },
    { useUserSshKey: false },
  ];
  for (const [index, fields] of good.entries()) {
    it(`is taken when it fits together, ${index + 1}: ${Object.keys(fields).join(", ") || "nothing"}`, () => {
      assert.deepEqual(problemsOfConfig(fields), []);
      assert.deepEqual(problemsOfMember(fields), []);
    });
  }

  const bad: readonly (readonly [path: string, fields: object])[] = [
    ["connectionPrivateKey", { connectionType: "rdp", connectionUsername: "a", connectionPrivateKey: key }],
    ["connectionPrivateKey", { connectionType: "vnc", connectionUsername: "a", connectionPrivateKey: key }],
    ["connectionPrivateKey", { ...ssh, connectionCredentialType: "sso", connectionPrivateKey: key }],
    ["connectionPrivateKey", { ...ssh, connectionCredentialType: "promptUser", connectionPrivateKey: key }],
    ["connectionPrivateKey", { ...ssh, connectionUsername: "a", connectionPrivateKey: key, useUserSshKey: true }],
    ["connectionPrivateKeyPassphrase", { connectionPrivateKeyPassphrase: "x" }],
    ["connectionPrivateKeyPassphrase", { ...ssh, connectionPrivateKeyPassphrase: "x" }],
    ["connectionUsername", { ...ssh, connectionPrivateKey: key }],
    ["connectionUsername", { ...ssh, useUserSshKey: true }],
    ["useUserSshKey", { connectionType: "rdp", connectionUsername: "a", useUserSshKey: true }],
    ["useUserSshKey", { ...ssh, connectionCredentialType: "promptUser", useUserSshKey: true }],
    ["connectionTakesAnyKey", { connectionType: "vnc", connectionTakesAnyKey: true }],
    ["connectionSsoDomain", { connectionSsoDomain: "corp" }],
    ["connectionSsoDomain", { connectionCredentialType: "smartcard", connectionSsoDomain: "corp" }],
    ["connectionSsoDomain", { connectionCredentialType: "sso", connectionSsoDomain: "two words" }],
    ["connectionUsername", { connectionCredentialType: "sso", connectionUsername: "ann" }],
    ["connectionPassword", { connectionCredentialType: "smartcard", connectionPassword: "x" }],
    ["connectionPassword", { connectionCredentialType: "promptUser", connectionPassword: "x" }],
    ["connectionPassword", { connectionType: "kasmvnc", connectionUsername: "ann" }],
    ["connectionUsername", { connectionType: "kasmvnc", connectionPassword: "x" }],
    ["connectionCredentialType", { ...ssh, connectionCredentialType: "smartcard" }],
    ["connectionCredentialType", { connectionCredentialType: "Static Credentials" }],
    ["connectionPort", { connectionPort: 65536 }],
    ["connectionInfo", { connectionInfo: '{"a":1}' }],
    ["connectionInfo", { connectionInfo: { long: "x".repeat(20_000) } }],
  ];
  for (const [path, fields] of bad) {
    const shown = Object.entries(fields).map(([name, value]) => `${name} ${String(value).slice(0, 20)}`);
    it(`is refused at ${path}: ${shown.join(", ")}`, () => {
      assert.ok(
        problemsOfConfig(fields).some((problem) => problem.path === path),
        JSON.stringify(problemsOfConfig(fields)),
      );
      const member = problemsOfMember(fields);
      assert.ok(
        member.some((problem) => problem.path === `staticMembers[0].${path}`),
        JSON.stringify(member),
      );
    });
  }

  it("is refused for accounts per session where nothing in the machine could make them", () => {
    const dynamic = { connectionCredentialType: "dynamic" };
    const [problem] = problemsOfConfig(dynamic);
    assert.equal(problem?.path, "desktopServiceInstalled");
    assert.deepEqual(problemsOfConfig({ ...dynamic, desktopServiceInstalled: true }), []);
    assert.equal(problemsOfMember(dynamic)[0]?.path, "staticMembers[0].connectionCredentialType");
    const named = problemsOfConfig({ ...dynamic, desktopServiceInstalled: true, connectionUsername: "ann" });
    assert.equal(named[0]?.path, "connectionUsername");
  });

  it("makes a server with a desktop service wait for its check-in", () => {
    for (const desktopServiceInstalled of [true, false]) {
      const parsed = parseDefinition("autoscaleConfig", configDoc({ desktopServiceInstalled }));
      assert.equal(parsed.type === "server" && parsed.requireCheckin, desktopServiceInstalled);
    }
  });

  it("is refused of docker agents, but for the port that is probed, and more than one session on VNC", () => {
    assert.deepEqual(problemsOfMember({ connectionPort: 443 }, "dockerAgent"), []);
    for (const field of ["connectionType", "connectionUsername", "connectionInfo"]) {
      const value = field === "connectionInfo" ? {} : field === "connectionType" ? "ssh" : "ann";
      const [problem] = problemsOfMember({ [field]: value }, "dockerAgent");
      assert.equal(problem?.path, `staticMembers[0].${field}`);
    }
    for (const connectionType of ["vnc", "kasmvnc"]) {
      const [problem] = problemsOfMember({ connectionType, maxSimultaneousSessions: 2 });
      assert.equal(problem?.path, "staticMembers[0].maxSimultaneousSessions");
    }
  });

  it("is never told in a refusal, where it is secret", () => {
    const mark = "hunter2-secret";
    const secrets: object[] = [
      { connectionCredentialType: "sso", connectionPassword: mark },
      { connectionPassword: { [mark]: 1 } },
      { connectionType: "rdp", connectionPrivateKey: mark },
      { ...ssh, connectionUsername: "a", connectionPrivateKey: `-----BEGIN RSA PRIVATE KEY-----\n${mark}\n` },
      { ...ssh, connectionUsername: "a", connectionPrivateKey: key, connectionPrivateKeyPassphrase: mark },
      { connectionInfo: [mark] },
      { connectionInfo: { password: mark }, connectionPort: -1 },
    ];
    for (const fields of secrets) {
      for (const problems of [problemsOfConfig(fields), problemsOfMember(fields)]) {
        assert.notDeepEqual(problems, []);
        assert.ok(!JSON.stringify(problems).includes(mark), JSON.stringify(problems));
      }
    }
    const whole = findProblems("pool", { ...poolDoc({}), staticMembers: { connectionPassword: mark } }, catalog);
    const item = findProblems("pool", { ...poolDoc({}), staticMembers: [[{ connectionPassword: mark }]] }, catalog);
    assert.notDeepEqual([...whole, ...item], []);
  });
});

describe("private keys for SSH", () => {
  const locked = rsaKey({ passphrase: "open" });
  const field = (privateKey: string, passphrase?: string, takesAny = false) => {
    const reading = readPrivateKey({ privateKey, passphrase }, takesAny);
    return reading.kind === "good" ? "good" : `${reading.field}: ${reading.message}`;
  };

  it("are taken as RSA of 2048 bits in PKCS1, opened by their passphrase", () => {
    assert.equal(field(key), "good");
    assert.equal(field(key.replaceAll("\n", "\r\n")), "good", "lines as Windows ends them");
    assert.equal(field(`\n${key}\n\n`), "good");
    assert.equal(field(locked, "open"), "good");
  });

  it("are refused with the field that is wrong", () => {
    assert.match(field(locked), /^passphrase: .*needs its passphrase/);
    assert.match(field(locked, "wrong"), /^passphrase: it does not open/);
    assert.match(field(key, "open"), /^passphrase: the key is not encrypted/);
    for (const bits of [1024, 3072]) assert.match(field(rsaKey({ bits })), new RegExp(`^privateKey: has ${bits} bits`));
    assert.match(field(pkcs8Key()), /^privateKey: begins with `-----BEGIN PRIVATE KEY-----`.*ssh-rsa in PKCS1/);
    assert.match(field(opensshKey("ed25519")), /^privateKey: begins with `-----BEGIN OPENSSH PRIVATE KEY-----`/);
    const body = key.split("\n").slice(1, -2).join("\n");
    for (const text of ["", "no key", body, key.replace(/-----END[^]*/, ""), key + key, `x${key}`]) {
      assert.match(field(text), /^privateKey: use one private key in PEM/, text.slice(0, 40));
    }
    assert.match(field(key.replace(/\n[^\n-]{64}\n/, "\nAAAA\n")), /^privateKey: what is between/);
  });

  it("of other sizes and in OpenSSH's format are taken where the gateway takes them", () => {
    assert.equal(field(rsaKey({ bits: 3072 }), undefined, true), "good");
    for (const type of ["ed25519", "rsa", "ecdsa"])
      assert.equal(field(opensshKey(type), undefined, true), "good", type);
    assert.match(field(pkcs8Key(), undefined, true), /^privateKey: /);
    const cut = opensshKey("ed25519").split("\n");
    assert.match(field([cut[0], cut[1]!.slice(0, 24), cut.at(-2)].join("\n"), undefined, true), /no OpenSSH key/);
  });

  it("give the public key and the fingerprint that ssh-keygen tells", () => {
    for (const text of [key, opensshKey("ed25519"), opensshKey("rsa")]) {
      const reading = readPrivateKey({ privateKey: text }, true);
      assert.ok(reading.kind === "good");
      assert.deepEqual([reading.publicKey, reading.fingerprint], keygenSays(text));
    }
  });
});
