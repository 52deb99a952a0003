/** Proxies in the environment, judged by what gRPC for Node itself makes of it: the library that was led astray. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { mapProxyName } from "@grpc/grpc-js/build/src/http_proxy";
import { adviseOnProxies, withDirectLoopback } from "../../runtime/model/direct-loopback";

type Environment = Readonly<Record<string, string>>;

const proxyNames = ["http_proxy", "https_proxy", "grpc_proxy", "all_proxy", "npm_config_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);
const exceptionNames = ["no_proxy", "NO_PROXY", "no_grpc_proxy"];
const proxy = "http://ann:hush@proxy.example:3128";

/** Whether gRPC for Node would go through a proxy to this host, in a process of this environment. */
function takesProxy(environment: Environment, host: string): boolean {
  const kept = { ...process.env };
  for (const name of [...proxyNames, ...exceptionNames]) delete process.env[name];
  Object.assign(process.env, environment);
  try {
    return mapProxyName({ scheme: "dns", path: `${host}:4000` }, {}).target.path !== `${host}:4000`;
  } finally {
    for (const name of [...proxyNames, ...exceptionNames]) delete process.env[name];
    Object.assign(process.env, kept);
  }
}

const lists = ["", "localhost", "127.0.0.1", "localhost,127.0.0.1", ".corp.example, 10.0.0.1", "*", "example.org"];
const environments = fc.record(
  Object.fromEntries([
    ...proxyNames.map((name) => [name, fc.constantFrom(proxy, "")] as const),
    ...exceptionNames.map((name) => [name, fc.constantFrom(...lists)] as const),
  ]),
  { requiredKeys: [] },
) as fc.Arbitrary<Environment>;

describe("an environment that names proxies", () => {
  it("leads none of our processes to this machine through one, however it is spelt (property)", () => {
    fc.assert(
      fc.property(environments, fc.constantFrom("127.0.0.1", "localhost"), (given, host) => {
        const made = withDirectLoopback(given);
        assert.equal(takesProxy(made, host), false, JSON.stringify([given, made]));
      }),
      { numRuns: 500 },
    );
  });

  it("still leads everything else through it, and keeps the user's exceptions (property)", () => {
    fc.assert(
      fc.property(environments, (given) => {
        const made = withDirectLoopback(given);
        for (const name of proxyNames) assert.equal(made[name], given[name]);
        for (const name of exceptionNames) {
          for (const entry of (given[name] ?? "").split(/[\s,]+/)) assert.ok((made[name] ?? "").includes(entry), name);
        }
        if (takesProxy(given, "api.example.com")) assert.ok(takesProxy(made, "api.example.com"));
        assert.deepEqual(withDirectLoopback(made), made, "once more changes nothing");
      }),
    );
  });

  it("is left as it is without a proxy", () => {
    for (const given of [{}, { no_proxy: "example.org" }, { http_proxy: "" }, { PATH: "/bin" }]) {
      assert.equal(withDirectLoopback(given), given);
    }
  });

  it("names this machine in both spellings, for those that read only one", () => {
    const made: Environment = withDirectLoopback({ HTTPS_PROXY: proxy, NO_PROXY: "a.example, 127.0.0.1" });
    const expected = "a.example,127.0.0.1,localhost,::1";
    assert.deepEqual([made["no_proxy"], made["NO_PROXY"]], [expected, expected]);
    assert.equal((withDirectLoopback({ http_proxy: proxy, NO_PROXY: "*" }) as Environment)["NO_PROXY"], "*");
  });

  it("is told of by doctor exactly when gRPC for Node would be led astray, without the proxy's credentials (property)", () => {
    fc.assert(
      fc.property(environments, (given) => {
        const { isHarmful, text } = adviseOnProxies(given);
        assert.equal(isHarmful, takesProxy(given, "127.0.0.1"), JSON.stringify([given, text]));
        assert.ok(!text.includes("hush") && !text.includes("ann"), text);
        if (isHarmful)
          assert.match(
            text,
            /^(grpc|https?)_proxy=http:\/\/\.\.\.@proxy\.example:3128 .*export no_proxy=.*127\.0\.0\.1/,
          );
      }),
      { numRuns: 500 },
    );
  });
});
