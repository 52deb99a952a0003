import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError } from "../../runtime/model/errors";
import { parseStartupScript, renderStartupScript, scriptVariables } from "../../runtime/model/startup-script";

const values = { server_id: "n1", checkin_jwt: "a.b{c}", upstream_auth_address: "headroom.example.com" };

describe("startup script", () => {
  for (const { name, text, rendered } of [
    { name: "replaces a variable", text: "id={server_id};", rendered: "id=n1;" },
    { name: "reads doubled braces as one", text: '{{"status": "running"}}', rendered: '{"status": "running"}' },
    { name: "leaves shell variables that are doubled", text: "${{HOME}}/{server_id}", rendered: "${HOME}/n1" },
    { name: "puts braces around a value", text: "{{{server_id}}}", rendered: "{n1}" },
    { name: "inserts values once", text: "{checkin_jwt}", rendered: "a.b{c}" },
    { name: "makes a variable without a value empty", text: "[{domain}]", rendered: "[]" },
    { name: "reads PowerShell hashtables", text: "@{{ A = $null }}", rendered: "@{ A = $null }" },
    { name: "leaves text without braces", text: "#!/bin/sh\necho $1\n", rendered: "#!/bin/sh\necho $1\n" },
  ]) {
    it(`M: ${name}`, () => {
      assert.equal(renderStartupScript(text, values, { raw: false }), rendered);
      assert.deepEqual(parseStartupScript(text).problems, []);
    });
  }

  for (const { name, text, problem } of [
    {
      name: "an unknown variable",
      text: "a\nbc {unknown}",
      problem: /^line 2, column 4: "\{unknown\}" is not a variable/,
    },
    { name: "attribute access", text: "{server_id.__class__}", problem: /^line 1, column 1: / },
    { name: "a format", text: "{server_id!r:>5}", problem: /^line 1, column 1: / },
    { name: "empty braces", text: "x {} y", problem: /^line 1, column 3: "\{\}" is not a variable/ },
    { name: "a lone opening brace", text: "if {\n", problem: /^line 1, column 4: a single "\{"/ },
    { name: "a lone closing brace", text: "\n\n }", problem: /^line 3, column 2: a single "\}"/ },
    { name: "an opening brace at the end", text: "{", problem: /^line 1, column 1: a single/ },
  ]) {
    it(`M: refuses ${name} with line and column`, () => {
      const problems = parseStartupScript(text).problems;
      assert.equal(problems.length, 1);
      assert.match(problems[0]!.message, problem);
      assert.throws(() => renderStartupScript(text, values, { raw: false }), ConfigError);
    });
  }

  it("inserts values once: a value that looks like a variable or like doubled braces stays text", () => {
    const piece = fc.oneof(
      fc.constantFrom("{server_id}", "{{", "}}", "{", "}", "{{{manager_token}}}", "\n", "$&", "$1", "{domain}"),
      fc.string(),
    );
    const value = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
    const entries = fc.record(Object.fromEntries(scriptVariables.map((name) => [name, value])));
    const text = fc.array(fc.oneof(fc.constantFrom(...scriptVariables), fc.string()), { maxLength: 20 });
    fc.assert(
      fc.property(entries, text, (all, parts) => {
        const isVariable = (part: string) => (scriptVariables as readonly string[]).includes(part);
        const doubled = (part: string) => part.replaceAll("{", "{{").replaceAll("}", "}}");
        const script = parts.map((part) => (isVariable(part) ? `{${part}}` : doubled(part))).join("");
        const expected = parts.map((part) => (isVariable(part) ? all[part] : part)).join("");
        assert.equal(renderStartupScript(script, all, { raw: false }), expected);
        assert.deepEqual(parseStartupScript(script).problems, []);
      }),
    );
  });

  it("takes any text without falling over: rendered, or refused with line and column inside the text", () => {
    const piece = fc.oneof(fc.constantFrom("{", "}", "{server_id}", "\n", "\r\n", "{x}", "{{", "😀"), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join("");
        const lines = text.split("\n");
        for (const { message } of parseStartupScript(text).problems) {
          const [, line, column] = /^line (\d+), column (\d+): /.exec(message)!.map(Number);
          assert.match(lines[line! - 1]![column! - 1]!, /[{}]/);
        }
      }),
    );
  });

  it("reports every problem of a script", () => {
    assert.equal(parseStartupScript("{a} {b}\n}").problems.length, 3);
  });

  it("leaves a raw script exactly as it is", () => {
    const text = "function f() { echo ${HOME} {server_id}; }";
    assert.equal(renderStartupScript(text, values, { raw: true }), text);
  });
});
