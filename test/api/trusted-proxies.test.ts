import assert from "node:assert/strict";
import { TrustedProxies } from "../../runtime/api/trusted-proxies";

const peer = "10.0.0.5";

describe("trusted proxies", () => {
  const clientOf = (trusted: string, forwardedFor: string | undefined, from = peer, proto?: string) =>
    TrustedProxies.parse(trusted).clientOf(from, {
      ...(forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor }),
      ...(proto === undefined ? {} : { "x-forwarded-proto": proto }),
    });

  it("are believed as many as there are, counted from the runtime: what comes before them anybody may have written", () => {
    const told = "6.6.6.6, 198.51.100.7, 192.0.2.1";
    assert.equal(clientOf("1", told).address, "192.0.2.1");
    assert.equal(clientOf("2", told).address, "198.51.100.7");
    assert.equal(clientOf("3", told).address, "6.6.6.6");
    assert.equal(clientOf("9", told).address, "6.6.6.6");
    assert.equal(clientOf("1", undefined).address, peer);
  });

  it("are believed by their addresses, up to the first that is none of them", () => {
    const told = "6.6.6.6, 198.51.100.7, 192.168.3.4";
    assert.equal(clientOf(peer, told).address, "192.168.3.4");
    assert.equal(clientOf("10.0.0.0/8, 192.168.0.0/16", told).address, "198.51.100.7");
    assert.equal(clientOf("10.0.0.0/8,192.168.0.0/16,198.51.100.7,6.6.6.6", told).address, "6.6.6.6");
    assert.equal(clientOf("::1,fd00::/8", "2001:db8::1", "fd00::9").address, "2001:db8::1");
    assert.equal(clientOf("10.0.0.5", told, "::ffff:10.0.0.5").address, "192.168.3.4");
  });

  it("and nobody else are believed: their headers change nothing", () => {
    for (const from of ["10.0.0.6", "192.0.2.9", "::1", ""]) {
      assert.deepEqual(clientOf(peer, "1.2.3.4", from, "https"), { address: from, isHttps: false });
    }
  });

  it("write addresses with and without ports and brackets; anything else ends the chain", () => {
    for (const [entry, address] of [
      ["192.0.2.1", "192.0.2.1"],
      ["192.0.2.1:443", "192.0.2.1"],
      ["[2001:db8::1]", "2001:db8::1"],
      ["[2001:db8::1]:443", "2001:db8::1"],
      [" 192.0.2.1 ", "192.0.2.1"],
    ] as const) {
      assert.equal(clientOf("1", `6.6.6.6, ${entry}`).address, address);
    }
    for (const entry of ["unknown", "", "evil.example", "1.2.3", "_hidden", "1.2.3.4.5", "fe80::1%eth0", "127.1"]) {
      assert.equal(clientOf("2", `6.6.6.6, ${entry}`).address, peer, entry);
    }
  });

  it("say whether they were asked by https, the nearest of them the last", () => {
    for (const [proto, isHttps] of [
      ["https", true],
      ["HTTPS ", true],
      ["http", false],
      ["http, https", true],
      ["https, http", false],
      [undefined, false],
    ] as const) {
      assert.equal(clientOf("1", "192.0.2.1", peer, proto).isHttps, isHttps, proto);
    }
  });

  it("are a number from 1 to 10, or addresses and networks; anything else is refused", () => {
    for (const text of [
      "0",
      "11",
      "",
      "true",
      "*",
      "loopback",
      "10.0.0.0/33",
      "::/129",
      "10.0.0.1,",
      "proxy.example",
      "1.5",
      "-1",
    ]) {
      assert.throws(() => TrustedProxies.parse(text), /--trust-proxy: got ".*"; use the number of proxies/, text);
    }
  });
});
