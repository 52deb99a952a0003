import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineFailure, runDetached } from "../../runtime/executor/engine-command";

const refusal = "AWS account ID not allowed: 999999999999";

/** What the engines print, shortened. */
const outputs: readonly { readonly what: string; readonly output: string; readonly reason: string }[] = [
  {
    what: "the engine's own sentence first",
    output: `Diagnostics:\n  pulumi:pulumi:Stack (s):\n    error: update failed\n\n  x:y:Z (n-a):\n    error: ${refusal}\n`,
    reason: refusal,
  },
  {
    what: "the engine's own sentence last",
    output: ` -  x:y:Z n-a **deleting failed**\n    error: ${refusal}\n    error: update failed\n`,
    reason: refusal,
  },
  {
    what: "what follows from it first",
    output: `  pulumi:pulumi:Stack:\n    error: Unhandled exception: Error: error serializing property "outputs": resource n-c [x:y:Z] failed to register\n        at f (a.js:1:2)\n    error: update failed\n\n  x:y:Z (n-c):\n    error: ${refusal}\n`,
    reason: refusal,
  },
  {
    what: "the wrapping of the SDK and of the engine",
    output: `    error: Unhandled exception: Error: invocation of aws:f returned an error: ${refusal}\n`,
    reason: `invocation of aws:f returned an error: ${refusal}`,
  },
  { what: "an RPC's wrapping", output: `error: rpc error: code = Unknown desc = ${refusal}\n`, reason: refusal },
  {
    what: "a list of errors, as bridged plugins print it",
    output: `  aws:ec2:Instance (n-a):\n    error: 1 error occurred:\n    \t* ${refusal}\n\n`,
    reason: refusal,
  },
  {
    what: "such a list of a function",
    output: `    error: Unhandled exception: Error: invocation of oci:f returned an error: 1 error occurred:\n    \t* ${refusal}\n\n`,
    reason: refusal,
  },
  {
    what: "a request with the whole answer below it, as Azure's SDKs print it",
    output: ` +  x:y:Vm n-a **creating failed**\n    error: PUT https://a.example/vm\n    error: update failed\nDiagnostics:\n  x:y:Vm (n-a):\n    error: PUT https://a.example/vm\n    ${"-".repeat(80)}\n    RESPONSE 403: 403 Forbidden\n    ERROR CODE: AuthorizationFailed\n    ${"-".repeat(80)}\n    {\n      "error": {\n        "code": "AuthorizationFailed",\n        "message": "The client \\"x\\" may not.\\nSee there."\n      }\n    }\n    error: update failed\n`,
    reason: 'PUT https://a.example/vm: AuthorizationFailed: The client "x" may not.',
  },
  {
    what: "a login with the answer below its address",
    output: `    error: Login failed. \n    POST https://a.example/token\n    ${"-".repeat(80)}\n    RESPONSE 401: 401 Unauthorized\n    ${"-".repeat(80)}\n    {\n      "error": "invalid_client",\n      "error_description": "AADSTS7000215: Invalid secret"\n    }\n`,
    reason: "Login failed.: AADSTS7000215: Invalid secret",
  },
  {
    what: "a request whose answer is cut off",
    output: `    error: PUT https://a.example/vm\n    ${"-".repeat(80)}\n    RESPONSE 500: 500 Internal Server Error\n`,
    reason: "PUT https://a.example/vm",
  },
  {
    what: "an answer that begins in the line of the error, as Nutanix's plugin prints it",
    output: ` -  x:y:Vm n-a **deleting failed**\n    error: error while deleting VM 7: error: {\n    error: update failed\nDiagnostics:\n  x:y:Vm (n-a):\n    error: error while deleting VM 7: error: {\n      "code": 403,\n      "message_list": [\n        {\n          "message": "No permission to \\"delete\\".",\n          "reason": "ACCESS_DENIED"\n        }\n      ]\n    }\n    error: update failed\n`,
    reason: 'error while deleting VM 7: error: ACCESS_DENIED: No permission to "delete".',
  },
  { what: "nothing but that it failed", output: "    error: update failed\n", reason: "update failed" },
  {
    what: "only what follows from it",
    output: "    error: resource n-c [x:y:Z] failed to register\n    error: update failed\n",
    reason: "resource n-c [x:y:Z] failed to register",
  },
  { what: "nothing", output: "Updating (s):\n", reason: "the engine ended with exit code 255" },
];

describe("the reason of a failed engine", () => {
  for (const { what, output, reason } of outputs) {
    it(`is its telling sentence: ${what}`, () => {
      assert.equal(new EngineFailure(255, undefined, output).message, reason);
    });
  }

  for (const { password, address } of [
    { password: "p4ss-word", address: "postgres://headroom:p4ss-word@db:5432/headroom?sslmode=disable" },
    { password: "p4ss/wo:rd", address: "postgres://headroom:p4ss/wo:rd@db/headroom" },
    { password: "p4ss%40word", address: "https://ada:p4ss%40word@proxy:3128" },
    { password: "p4ss", address: "postgres://db/headroom?user=headroom&password=p4ss&sslmode=disable" },
  ]) {
    it(`holds no password of an address that the engine quotes: ${address}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), "headroom-reason-"));
      try {
        const script = `console.log('error: unable to open state database "${address}": refused'); process.exit(255)`;
        const run = { logFile: join(folder, "log"), onStarted: () => undefined };
        const started = { command: process.execPath, args: ["-e", script], cwd: folder, env: {}, run };
        const failure = await runDetached(started).then(assert.fail, (error: unknown) => error);
        assert.ok(failure instanceof EngineFailure);
        assert.match(failure.message, /unable to open state database ".*\[secret\].*": refused/);
        for (const text of [failure.message, failure.output]) assert.ok(!text.includes(password), text);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it("is the signal that ended it when it printed nothing", () => {
    assert.equal(new EngineFailure(undefined, "SIGKILL", "").message, "the engine ended with SIGKILL");
  });
});
