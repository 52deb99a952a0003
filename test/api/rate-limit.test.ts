import assert from "node:assert/strict";
import { request } from "node:http";
import { networkOf, RateLimiter, RateLimitError } from "../../runtime/api/rate-limit";
import { VirtualClock } from "../support/virtual-clock";
import { Api } from "./harness";

describe("rate limits", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start({ requestsPerMinute: 3 });
  });
  afterEach(() => api.close());

  /** From one of the loopback addresses. */
  function get(localAddress: string, key: string): Promise<{ status?: number; retryAfter?: string; text: string }> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}` };
      const outgoing = request(`${api.url}/api/v1/lanes`, { localAddress, headers, agent: false }, (response) => {
        let text = "";
        response.on("data", (data) => (text += String(data)));
        response.on("end", () =>
          resolve({ status: response.statusCode, retryAfter: response.headers["retry-after"], text }),
        );
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
  }

  it("refuse an address that asks too often with 429 and Retry-After, whatever it sends, and no other address", async () => {
    for (const key of [api.keys.viewer, "hr_wrong", ""]) assert.notEqual((await get("127.0.0.1", key)).status, 429);

    const refused = await get("127.0.0.1", api.keys.admin);

    assert.equal(refused.status, 429);
    assert.match(refused.text, /"code":"rateLimited".*this address/);
    assert.ok(Number(refused.retryAfter) >= 1 && Number(refused.retryAfter) <= 60, refused.retryAfter);
    assert.equal((await get("127.0.0.2", api.keys.admin)).status, 200);
  });

  it("refuse a key that asks too often from several addresses, and no other key", async () => {
    for (const address of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
      assert.equal((await get(address, api.keys.viewer)).status, 200);
    }

    const refused = await get("127.0.0.4", api.keys.viewer);

    assert.equal(refused.status, 429);
    assert.match(refused.text, /this key/);
    assert.ok(refused.retryAfter);
    assert.equal((await get("127.0.0.4", api.keys.operator)).status, 200);
  });

  it("refuse requests for a user who asks too often, by whatever key, and no other user", async () => {
    const own = await Api.start({ requestsPerMinuteOfUser: 3 });
    try {
      await own.furnish();
      const ask = (userId: string, key: string, idempotencyKey?: string) =>
        own.request("/api/v1/sessions", {
          ...{ method: "POST", key, body: { workspace: "office", userId } },
          headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
        });
      const answers = [
        await ask("Zoe\u0308", own.keys.broker),
        await ask("Zo\u00eb", own.keys.operator, "k1"),
        await ask("Zo\u00eb", own.keys.operator, "k1"),
        await ask("Zo\u00eb", own.keys.admin),
        await ask("Zo\u00eb", own.keys.broker),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [201, 201, 201, 201, 429],
        "a repeated request counts once",
      );
      assert.match(answers[4]!.text, /more than 3 requests in a minute for this user; slow down/);
      assert.equal((await ask("ada", own.keys.broker)).status, 201);
    } finally {
      await own.close();
    }
  });

  it("of one kind of caller are not ended by how many there are of another", () => {
    const limiter = new RateLimiter(new VirtualClock(), 1, 1);
    limiter.count("key", "a");
    for (let index = 0; index < 100_010; index += 1) limiter.count("user", `u${index}`);
    assert.throws(() => limiter.count("key", "a"), RateLimitError);
  });

  it("end after the time they tell", () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter(clock, 1);
    limiter.count("key", "a");
    clock.jump(10_000);
    let seconds = 0;
    assert.throws(
      () => limiter.count("key", "a"),
      (error) => {
        seconds = error instanceof RateLimitError ? error.retryAfterSeconds : 0;
        return seconds === 50;
      },
    );
    clock.jump(seconds * 1000);

    assert.doesNotThrow(() => limiter.count("key", "a"));
  });

  it("take an IPv6 network for one address", () => {
    assert.equal(networkOf("2001:db8:1:2ff::1"), networkOf("2001:db8:1:200:ffff::7"));
    assert.notEqual(networkOf("2001:db8:1:200::1"), networkOf("2001:db8:1:300::1"));
    assert.equal(networkOf("2001:db8::5"), "2001:db8:0:0");
    assert.equal(networkOf("::1"), "0:0:0:0");
    assert.equal(networkOf("fe80::1%eth0"), "fe80:0:0:0");
    assert.equal(networkOf("::ffff:10.0.0.1"), "::ffff:10.0.0.1");
    assert.equal(networkOf("10.0.0.1"), "10.0.0.1");
    assert.equal(networkOf(""), "");
  });
});
