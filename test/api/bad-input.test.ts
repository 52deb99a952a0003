/**
 * Bad input: never a fault of ours, never silence, always a reason, nothing half applied. The corpus holds the
 * interesting ones; a seeded run makes more on each run, and `npm run bad-input -- --inputs 100000` many more.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cloudCatalog } from "../../provider/registry";
import type { ApiScope } from "../../runtime/model/state";
import { digest, faultsOf, furnish, runBadInputs } from "./bad-input/run";
import { describe as describeFinding, show } from "./bad-input/show";
import { Wire, type WireRequest } from "./bad-input/wire";
import { Api } from "./harness";

interface Entry {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly key?: ApiScope;
  readonly body?: string | null;
  /** The body: the third text, then the first one so many times. */
  readonly repeat?: readonly [string, number, string];
  readonly headers?: readonly (readonly [string, string])[];
  readonly status: number;
  readonly code: string;
  readonly problem: string;
}

const corpus = JSON.parse(
  readFileSync(join(__dirname, "..", "..", "..", "test", "api", "bad-inputs.json"), "utf8"),
) as Entry[];

describe("bad input", function () {
  this.timeout(600_000);

  describe("known", () => {
    let api: Api;
    before(async () => {
      api = await Api.start({ catalog: cloudCatalog() });
      await furnish(api);
    });
    after(() => api.close());

    for (const entry of corpus) {
      it(`is refused with its reason: ${entry.name}`, async () => {
        const before = digest(api.leader.ledger.state);
        const wire = new Wire(Number(new URL(api.url).port));
        const answer = await wire.send(requestOf(entry, api)).finally(() => wire.close());

        assert.ok(answer);
        assert.deepEqual(faultsOf(answer, entry.method), []);
        const body = JSON.parse(answer.body) as { code: string; path: string };
        assert.deepEqual(
          { status: answer.status, code: body.code, path: body.path },
          { status: entry.status, code: entry.code, path: entry.problem },
          answer.body,
        );
        await api.leader.ledger.settled();
        assert.equal(digest(api.leader.ledger.state), before);
      });
    }
  });

  it("of any kind gets a 4xx with its reason over real HTTP, changes nothing and breaks nothing", async () => {
    const inputs = Number(process.env["HEADROOM_BAD_INPUTS"] ?? 10_000);
    const seed = Number(process.env["HEADROOM_SEED"] ?? Date.now() % 1_000_000);
    const startedMs = Date.now();
    const report = await runBadInputs({ seed, inputs });

    console.log(
      `      ${show({ ...report, findings: [] }, Date.now() - startedMs)
        .split("\n")
        .slice(0, 2)
        .join("; ")}`,
    );
    assert.equal(report.inputs, inputs);
    assert.deepEqual(report.findings.map(describeFinding), [], `seed ${seed}`);
  });
});

function requestOf({ method, path, key, body, repeat, headers = [] }: Entry, api: Api): WireRequest {
  const text = repeat ? repeat[2] + repeat[0].repeat(repeat[1]) : (body ?? undefined);
  const has = (name: string): boolean => headers.some(([given]) => given === name);
  return {
    method,
    path,
    headers: [
      ...(key && !has("authorization") ? ([["authorization", `Bearer ${api.keys[key]}`]] as const) : []),
      ...(text !== undefined && !has("content-type") ? ([["content-type", "application/json"]] as const) : []),
      ...headers,
    ],
    ...(text === undefined ? {} : { body: Buffer.from(text, "utf8") }),
  };
}
