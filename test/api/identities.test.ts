/** Two people never become one because somebody decodes leniently, and one never two because texts look alike. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { findFieldTwice } from "../../runtime/api/json-text";
import { identitySchema } from "../../runtime/model/identity";
import { Api } from "./harness";

/** Bytes that are no UTF-8: Latin-1, cut off, too long a form, half of a pair, beyond Unicode. */
const notUtf8 = ["Zo\xeb", "\xc3", "a\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xff"];

describe("identities", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
  });
  after(() => api.close());

  const place = (body: Buffer | string): Promise<Response> =>
    fetch(`${api.url}/api/v1/sessions`, {
      method: "POST",
      headers: { authorization: `Bearer ${api.keys.broker}`, "content-type": "application/json" },
      body,
    });
  const placeFor = (userId: string) => place(JSON.stringify({ workspace: "office", userId }));

  it("in bodies are UTF-8, or the request is refused before anybody reads it", async () => {
    for (const bytes of notUtf8) {
      for (const text of [`{"workspace":"office","userId":"${bytes}"}`, `{"workspace":"office","${bytes}":"ada"}`]) {
        const reply = await place(Buffer.from(text, "latin1"));
        assert.equal(reply.status, 400, text);
        assert.match(await reply.text(), /the body is not UTF-8/);
      }
    }
    assert.equal((await placeFor("Zoë")).status, 201);
  });

  it("in paths and queries are UTF-8 in escapes, and nothing else", async () => {
    for (const bytes of notUtf8) {
      const escaped = Buffer.from(bytes, "latin1").toString("hex").replace(/../g, "%$&");
      for (const path of [
        `/api/v1/sessions/${escaped}`,
        `/api/v1/definitions/zone/eu?owner=${escaped}`,
        `/api/v1/definitions/zone/eu?${escaped}=test`,
      ]) {
        const reply = await api.request(path, {
          method: path.includes("?") ? "DELETE" : "GET",
          key: api.keys.operator,
        });
        assert.equal(reply.status, 400, path);
        assert.match(reply.text, /malformed escape; escape the bytes of UTF-8/);
      }
      assert.match(await talk(`GET /api/v1/sessions/${bytes} HTTP/1.1`), /^HTTP\/1\.1 400 /);
    }
  });

  /** Sent as bytes: clients escape what they are given. */
  function talk(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const head = `${line}\r\nhost: x\r\nauthorization: Bearer ${api.keys.viewer}\r\nconnection: close\r\n\r\n`;
      const socket = connect(Number(new URL(api.url).port), "127.0.0.1", () =>
        socket.write(Buffer.from(head, "latin1")),
      );
      let text = "";
      socket.on("data", (data) => (text += data.toString()));
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
  }

  it("of users are kept and answered in composed form, so that one person has one", async () => {
    for (const name of ["Zoë", "Ångström", "Nguyễn", "각", "ḍ̇"]) {
      const [composed, decomposed] = [name.normalize("NFC"), name.normalize("NFD")];
      assert.notEqual(composed, decomposed);
      for (const form of [composed, decomposed]) {
        const { session } = (await (await placeFor(form)).json()) as { session: { sessionId: string; userId: string } };
        assert.equal(session.userId, composed);
        await api.client("broker").releaseSession(session.sessionId);
      }
    }
  });

  it("of users have no blanks around them, and the refusal names the right form", async () => {
    for (const [before, after] of [" ,", ",  ", "\t,", ",\n", "\u00a0,", ",\u3000", "\ufeff,"].map((pair) =>
      pair.split(","),
    )) {
      const reply = await placeFor(`${before}ada b${after}`);
      assert.equal(reply.status, 400, JSON.stringify([before, after]));
      assert.match(
        await reply.text(),
        /leave out (the blanks around it: \\"ada b\\"|U\+[0-9A-F]{4}, which can't be seen)/,
      );
    }
    assert.match(await (await placeFor("  ")).text(), /no blank/);
  });

  it("of users have no character that can't be seen or was not decoded", () => {
    const hidden = ["\u0000", "\u0007", "\u001b", "\u007f", "\u0085", "\u00ad", "\u200b", "\u200d", "\u200e", "\u202e"];
    hidden.push("\u2028", "\u2029", "\u2060", "\u2066", "\u2069", "\ufeff", "\ufe0f", "\u{e0041}", "\u3164", "\u034f");
    for (const character of hidden) {
      const { error } = identitySchema.safeParse(`a${character}b`);
      const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
      assert.ok(error?.issues[0]?.message.includes(code), code);
    }
    assert.match(identitySchema.safeParse("Zo\ufffd").error!.issues[0]!.message, /send the text in UTF-8/);
    assert.match(identitySchema.safeParse("a\u00a0b").error!.issues[0]!.message, /ordinary blank instead of U\+00A0/);
  });

  it("of users may be anything that people write", () => {
    const good = [
      "ada",
      "Ada Lovelace",
      "ada@example.org",
      "EXAMPLE\\ada",
      "Владимир",
      "李小龍",
      "עדה",
      "a+b/c=d%20",
      "x".repeat(200),
    ];
    for (const id of good) assert.equal(identitySchema.parse(id), id.normalize("NFC"));
    for (const id of ["", "x".repeat(201)]) assert.equal(identitySchema.safeParse(id).success, false);
  });

  it("of owners have no control characters", async () => {
    for (const owner of ["a\nb", "a\u001b[2Jb", "a\u202eb", "a\ufffdb"]) {
      const reply = await api.request("/api/v1/definitions/zone/other", {
        method: "PUT",
        key: api.keys.operator,
        body: { owner, doc: { name: "other", upstreamAuthAddress: "127.0.0.1:1", local: true } },
      });
      assert.equal(reply.status, 400, JSON.stringify(owner));
      assert.equal(reply.body["path"], "owner");
    }
  });

  it("that a body or a query gives twice are refused, not chosen from", async () => {
    const bodies = [
      '{"workspace":"office","userId":"ada","userId":"bob"}',
      '{"workspace":"office","userId":"ada","\\u0075serId":"bob"}',
      '{"workspace":"office","userId":"ada","permissions":{"audio":true,"audio":false}}',
    ];
    for (const body of bodies) {
      const reply = await place(body);
      assert.equal(reply.status, 400, body);
      assert.match(await reply.text(), /the field \\".*\\" twice in one object/);
    }
    const twice = await api.request("/api/v1/definitions/zone/eu?owner=a&owner=b", {
      method: "DELETE",
      key: api.keys.operator,
    });
    assert.equal(twice.status, 400);
    assert.match(twice.text, /"owner: stands twice in the query; send it once"/);
  });

  it("that only look as if they came twice are taken", () => {
    const good = [
      '{"a":{"a":1},"b":[{"a":1},{"a":1}]}',
      '{"a":"\\"a\\":1,\\"a\\":","b":"{"}',
      '["a","a",":",{"a":":"}]',
      '{"a\\\\":1,"a":2}',
      '{"":1,"a":{"":2}}',
      "1",
    ];
    for (const json of good) assert.equal(findFieldTwice(JSON.stringify(JSON.parse(json))), undefined, json);
    for (const json of good) assert.equal(findFieldTwice(json), undefined, json);
  });

  it("are looked for in time that follows the size of the body, whatever it holds", () => {
    const fields = Array.from({ length: 80_000 }, (_, index) => `"f${index}":"\\\\\\""`);
    const shapes = [
      `{${fields.join()}}`,
      '{"a":'.repeat(180_000),
      `"${"\\".repeat(1_000_000)}"`,
      '[{"a":1},'.repeat(110_000),
    ];
    const startedMs = performance.now();
    for (const json of shapes) assert.equal(findFieldTwice(json), undefined);
    assert.ok(
      performance.now() - startedMs < 5_000,
      "each has a megabyte; looked at in squares they would take minutes",
    );
  });
});
