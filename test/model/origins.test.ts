/** `allowedOrigins` of a zone: only what a browser would send as the origin of a page. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { findProblems, parseDefinition } from "../../runtime/model/config";
import { catalog, zoneDoc } from "../support/builders";

function problemsOf(allowedOrigins: unknown[], local = false) {
  const doc = { ...zoneDoc(local ? { local } : {}), allowedOrigins };
  return findProblems("zone", doc, catalog);
}

const labels = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
const hosts = fc.array(labels, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
const ports = fc.option(fc.integer({ min: 1, max: 65_535 }).filter((port) => port !== 443 && port !== 80));

describe("allowed origins of a zone", () => {
  it("are none by default", () => {
    assert.deepEqual(parseDefinition("zone", zoneDoc()).allowedOrigins, []);
  });

  it("are hosts by https with an optional port; by http for a local zone only (property)", () => {
    fc.assert(
      fc.property(hosts, ports, fc.boolean(), (host, port, isLocal) => {
        const rest = `${host}${port === null ? "" : `:${port}`}`;

        assert.deepEqual(problemsOf([`https://${rest}`], isLocal), []);
        assert.equal(problemsOf([`http://${rest}`], isLocal).length, isLocal ? 0 : 1);
      }),
    );
  });

  const never = [
    "*",
    "https://*",
    "https://*.example.com",
    "https://example.com/",
    "https://example.com/portal",
    "https://example.com?x=1",
    "https://example.com#top",
    "https://user@example.com",
    "https://Example.com",
    "https://example.com:443",
    "https://example.com:0443",
    "https://example.com:99999",
    "https://example.com:",
    "https://",
    "https:example.com",
    "example.com",
    "//example.com",
    "null",
    "",
    " https://example.com",
    "https://example.com\n",
    "https://exämple.com",
    "https://example..com",
    "ftp://example.com",
    "ws://example.com",
    "javascript:alert(1)",
  ];
  for (const origin of never) {
    it(`refuses ${JSON.stringify(origin)}, which no browser sends as an origin, with its place and value`, () => {
      const [problem, ...others] = problemsOf(["https://good.example.com", origin], true);

      assert.deepEqual(others, []);
      assert.equal(problem?.path, "allowedOrigins[1]");
      assert.ok(problem.message.startsWith(`got ${JSON.stringify(origin)}; use "https://"`), problem.message);
    });
  }
});
