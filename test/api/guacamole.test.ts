/** The document for Apache Guacamole's extension "Encrypted JSON authentication". */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createDecipheriv, createHmac } from "node:crypto";
import fc from "fast-check";
import { guacamoleDocument, parseGuacamoleKey, sealForGuacamole } from "../../runtime/api/guacamole";
import type { SessionConnection } from "../../runtime/broker/session-connection";
import { SetupError } from "../../runtime/model/errors";
import { Api } from "./harness";

/** Key and document of the example in Guacamole's manual. */
const documentedKey = "4C0B569E4C96DF157EEE1B65DD0E4D41";
const documentedJson = `{
    "username" : "test",
    "expires" : "1446323765000",
    "connections" : {
        "My Connection" : {
            "protocol" : "rdp",
            "parameters" : {
                "hostname" : "10.10.209.63",
                "port" : "3389",
                "ignore-cert": "true",
                "recording-path": "/recordings",
                "recording-name": "My-Connection-\${GUAC_USERNAME}-\${GUAC_DATE}-\${GUAC_TIME}"
            }
        }
    }
}
`;

/** The manual's steps, by the openssl of this machine. */
function byOpenssl(json: string, key: string): string {
  const hmac = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", `hexkey:${key}`, "-binary"];
  const signature = execFileSync("openssl", hmac, { input: json });
  const cipher = ["enc", "-aes-128-cbc", "-K", key, "-iv", "0".repeat(32), "-nosalt", "-a", "-A"];
  return execFileSync("openssl", cipher, { input: Buffer.concat([signature, Buffer.from(json)]) }).toString();
}

/** What the extension does with it. */
function open(data: string, key: Uint8Array): string {
  const decipher = createDecipheriv("aes-128-cbc", key, Buffer.alloc(16));
  const bytes = Buffer.concat([decipher.update(Buffer.from(data, "base64")), decipher.final()]);
  const json = bytes.subarray(32);
  assert.deepEqual(bytes.subarray(0, 32), createHmac("sha256", key).update(json).digest());
  return json.toString("utf8");
}

const session = { userId: "ann", workspace: "desk", sessionId: "s1" };

function parametersOf(connection: Partial<SessionConnection>): Readonly<Record<string, string>> {
  const whole: SessionConnection = { type: "rdp", host: "10.0.0.1", port: 3389, ...connection };
  return guacamoleDocument(whole, session, 1)!.connections["desk s1"]!.parameters;
}

describe("a document for Guacamole", () => {
  const key = Buffer.from(documentedKey, "hex");

  it("is signed and encrypted byte by byte as the manual's example by openssl", () => {
    for (const json of [documentedJson, "{}", "x".repeat(16), '{"username":"häßlich ☂"}']) {
      assert.equal(sealForGuacamole(json, key), byOpenssl(json, documentedKey));
    }
  });

  it("opens with the key to what was put in (property)", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => open(sealForGuacamole(text, key), key) === text));
  });

  it("has host, port and credentials as texts in Guacamole's words", () => {
    assert.deepEqual(parametersOf({ userName: "ann", password: "p" }), {
      ...{ hostname: "10.0.0.1", port: "3389", username: "ann", password: "p" },
    });
    assert.deepEqual(parametersOf({ userName: "CORP\\ann" }), {
      ...{ hostname: "10.0.0.1", port: "3389", domain: "CORP", username: "ann" },
    });
    assert.deepEqual(parametersOf({ type: "ssh", port: 22, userName: "CORP\\ann", privateKey: "k", passphrase: "p" }), {
      ...{ hostname: "10.0.0.1", port: "22", username: "CORP\\ann", "private-key": "k", passphrase: "p" },
    });
    assert.deepEqual(parametersOf({ type: "vnc", port: 5900 }), { hostname: "10.0.0.1", port: "5900" });
  });

  it("has the gateway's own parameters, none of which replaces host or credentials", () => {
    const info = {
      "ignore-cert": true,
      dpi: 96,
      security: "nla",
      hostname: "evil",
      username: "root",
      nested: { a: 1 },
    };
    assert.deepEqual(parametersOf({ userName: "ann", info }), {
      ...{ "ignore-cert": "true", dpi: "96", security: "nla" },
      ...{ hostname: "10.0.0.1", port: "3389", username: "ann" },
    });
  });

  it("is made for rdp, ssh and vnc alone", () => {
    for (const type of ["kasmvnc", "container"] as const) {
      assert.equal(guacamoleDocument({ type, host: "h" }, session, 1), undefined);
    }
  });

  it("needs a key of 32 hexadecimal digits, whose file is named and never shown", () => {
    assert.deepEqual(Buffer.from(parseGuacamoleKey(` ${documentedKey}\n`, "f")), key);
    for (const text of ["", "4C0B", `${documentedKey}00`, documentedKey.replace("4", "g"), "ThisIsATest"]) {
      const isClear = (error: Error) =>
        error instanceof SetupError &&
        error.message.startsWith("key-file holds") &&
        (text === "" || !error.message.includes(text));
      assert.throws(() => parseGuacamoleKey(text, "key-file"), isClear);
    }
  });
});

describe("a session's connection for Guacamole", () => {
  let api: Api;
  let sessionId = "";
  before(async () => {
    api = await Api.start();
    await api.furnish();
    const client = api.client("operator");
    const member = { name: "m1", zone: "eu", address: "10.9.9.9", cores: 4, memory: "8GiB" };
    const ssh = { connectionType: "ssh", connectionUsername: "ann", connectionPassword: "hunter2-secret" };
    const pool = { name: "fixed", type: "server", staticMembers: [{ ...member, ...ssh }] };
    await client.putDefinition({ kind: "pool", name: "fixed", doc: pool, owner: "t" });
    const workspace = { name: "fixed", pools: ["fixed"], kind: "desktop", cores: 1, memory: "1GiB" };
    await client.putDefinition({ kind: "workspace", name: "fixed", doc: workspace, owner: "t" });
    ({ sessionId } = await api.client("broker").requestSession({ workspace: "fixed", userId: "ann" }));
  });
  after(() => api.close());

  it("is refused by a runtime that was given no key, and else opens with that key for a minute", async () => {
    const path = `/api/v1/sessions/${sessionId}/connection?as=guacamole`;
    const without = await api.request(path, { key: api.keys.broker });
    assert.equal(without.status, 409);
    assert.match(String(without.body["message"]), /--guacamole-key-file/);

    const key = Buffer.from(documentedKey, "hex");
    await api.close();
    api.guacamoleKey = key;
    await api.open();
    const reply = await api.request(path, { key: api.keys.broker });

    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    const { data, expiresAtMs } = reply.body["guacamole"] as { data: string; expiresAtMs: number };
    const document = JSON.parse(open(data, key)) as Record<string, unknown>;
    assert.deepEqual(document, {
      username: "ann",
      expires: expiresAtMs,
      connections: {
        [`fixed ${sessionId}`]: {
          protocol: "ssh",
          parameters: { hostname: "10.9.9.9", port: "22", username: "ann", password: "hunter2-secret" },
        },
      },
    });
    assert.ok(expiresAtMs > Date.now() && expiresAtMs <= Date.now() + 60_000);
    assert.equal("connection" in reply.body, false);
  });
});
