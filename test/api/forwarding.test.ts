/** A replica that does not lead: its callers see the leader's answers. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { ForwardedCalls, forwardedHeader } from "../../runtime/api/forwarded-call";
import { HeadroomClient } from "../../runtime/api/client";
import { Role } from "../../runtime/api/role";
import { deriveKey } from "../../runtime/api/server-secret";
import { realClock } from "../../runtime/model/real-clock";
import { Api, tokenSecret } from "./harness";
import { forwarderOf, StandbyApi } from "./standby";

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Without its length. */
  readonly isChunked?: boolean;
}

interface Got {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
}

function send(url: string, { method = "GET", path, headers, body, isChunked = false }: Sent): Promise<Got> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || isChunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = httpRequest(url + path, { method, headers: { ...headers, ...length } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode!, headers: { ...answer.headers }, text }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    if (body !== undefined) sent.write(body);
    sent.end();
  });
}

/** What differs from one answer to the next whoever gives it. */
function comparable({ status, headers, text }: Got): unknown {
  const told = { ...headers, date: "", connection: "", "keep-alive": "", "content-length": "" };
  const plain = text.replace(/"(nowMs|elapsedMs|waitedMs)":\d+/g, '"$1":0').replace(/"requestId":"[^"]+"/, "");
  return { status, told, plain };
}

describe("requests to a replica that does not lead", () => {
  let api: Api;
  let standby: StandbyApi;
  const json = { "content-type": "application/json" };
  before(async () => {
    api = await Api.start({ forwarding: forwarderOf(new Role({ message: "leads" })) });
    await api.furnish();
    standby = await StandbyApi.start({ message: "another runtime leads", leaderUrl: api.url });
  });
  after(() => Promise.all([standby.close(), api.close()]));

  it("are answered as by the leader: status, headers and body, of reads, refusals and mistakes", async () => {
    const auth = { authorization: `Bearer ${api.keys.admin}` };
    const text = "x".repeat(200_000);
    const requests: Sent[] = [
      { path: "/api/v1/sessions", headers: auth },
      { path: "/api/v1/nodes/node-1", headers: { authorization: `Bearer ${api.keys.viewer}` } },
      { path: "/api/v1/nodes/none", headers: auth },
      { path: "/api/v1/nodes", headers: { authorization: "Bearer hr_wrong" } },
      { path: "/api/v1/nodes" },
      { path: "/api/v1/nodes?surprise=1", headers: auth },
      { path: "/api/v1/nodes/%zz", headers: auth },
      { path: "/api/v1/nodes", method: "HEAD", headers: auth },
      { path: "/api/v1/nodes", method: "PUT", headers: auth },
      { path: "/api/v1/nothing", headers: auth },
      { path: "/api/v1/sessions", method: "POST", headers: { ...auth, ...json }, body: "{" },
      { path: "/api/v1/sessions", method: "POST", headers: { ...auth, ...json }, body: `{"workspace":1}` },
      { path: "/api/v1/sessions", method: "POST", headers: auth, body: "{}" },
      { path: "/api/v1/sessions", method: "POST", headers: { ...auth, ...json }, body: "{}", isChunked: true },
      { path: "/api/v1/sessions", method: "POST", headers: { ...auth, ...json }, body: `{"a":"${text}"}` },
      {
        path: "/api/v1/sessions",
        method: "POST",
        headers: { ...auth, ...json },
        body: `{"a":"${text}"}`,
        isChunked: true,
      },
      {
        ...{ path: "/api/v1/sessions", method: "POST", body: gzipSync('{"workspace":2}') },
        headers: { ...auth, ...json, "content-encoding": "gzip" },
      },
      { path: "/api/v1/sessions", method: "OPTIONS", headers: { origin: "https://portal.example.com" } },
      { path: "/api/set_server_status?token=none", method: "POST", headers: json, body: '{"status":"running"}' },
      { path: "/api/v1/openapi.json" },
      { path: "/livez" },
    ];
    for (const request of requests) {
      const [direct, forwarded] = [await send(api.url, request), await send(standby.url, request)];
      assert.deepEqual(comparable(forwarded), comparable(direct), JSON.stringify(request).slice(0, 300));
    }
  });

  it("with a large body are passed on whole, and refused beyond the leader's limit", async () => {
    const client = new HeadroomClient({ endpoint: standby.url, apiKey: api.keys.operator, retries: 0 });
    for (const members of [1, 1_000]) {
      const staticMembers = Array.from({ length: members }, (_, index) => ({
        ...{ name: `m-${index}`, zone: "eu", address: `10.1.${index >> 8}.${index & 255}`, cores: 1, memory: "1GiB" },
      }));
      const doc = { name: "large", type: "dockerAgent", staticMembers };
      await client.putDefinition({ kind: "pool", name: "large", doc, owner: "test" });
      assert.equal(api.leader.ledger.state.pools.get("large")?.staticMembers.length, members);
    }
    const auth = { authorization: `Bearer ${api.keys.admin}`, ...json };
    const body = `{"a":"${"x".repeat(1_200_000)}"}`;
    const refused = await send(standby.url, { path: "/api/v1/sessions", method: "POST", headers: auth, body });
    assert.equal(refused.status, 413);
    // What was not read of it does not stand in the way of the next request on that connection.
    assert.equal((await send(standby.url, { path: "/api/v1/nodes", headers: auth })).status, 200);
  });

  it("count for who sent them, not for the replica that forwards", async () => {
    const limited = await Api.start({
      requestsPerMinute: 3,
      forwarding: forwarderOf(new Role({ message: "leads" })),
    });
    const front = await StandbyApi.start({ message: "another runtime leads", leaderUrl: limited.url });
    try {
      const statusFor = async (address: string): Promise<number> => {
        const headers = { "x-forwarded-for": address };
        return (await send(front.url, { path: "/api/v1/nodes", headers })).status;
      };
      for (const address of ["10.0.0.1", "10.0.0.2", "2001:db8:1::1"]) {
        for (let count = 0; count < 3; count += 1) assert.equal(await statusFor(address), 401, address);
        assert.equal(await statusFor(address), 429, address);
      }
    } finally {
      await Promise.all([front.close(), limited.close()]);
    }
  });

  it("that claim to be forwarded are refused by everybody unless a replica signed just this one just now", async () => {
    const request = { method: "GET", target: "/api/v1/nodes" };
    const client = { address: "10.0.0.1", isHttps: true };
    const good = new ForwardedCalls(tokenSecret, realClock).sign(request, client);
    const [version, claim = "", signature] = good.split(" ");
    const old = { ...realClock, now: () => Date.now() - 120_000 };
    const other = Buffer.from(claim, "base64url").toString().replace("10.0.0.1", "10.0.0.9");
    const forged: readonly string[] = [
      "",
      "yes",
      claim,
      `${version} ${claim}`,
      `${version} ${claim} ${signature?.slice(1)}`,
      `${version} ${Buffer.from(other).toString("base64url")} ${signature}`,
      `${good} ${good}`,
      `${good}, ${good}`,
      new ForwardedCalls(Buffer.alloc(32, 8), realClock).sign(request, client),
      new ForwardedCalls(tokenSecret, realClock).sign({ ...request, target: "/api/v1/lanes" }, client),
      new ForwardedCalls(tokenSecret, realClock).sign({ ...request, method: "DELETE" }, client),
      new ForwardedCalls(tokenSecret, old).sign(request, client),
    ];
    const auth = { authorization: `Bearer ${api.keys.viewer}` };
    for (const url of [api.url, standby.url]) {
      for (const value of forged) {
        const headers = { ...auth, [forwardedHeader]: value };
        const answer = await send(url, { path: "/api/v1/nodes", headers });
        assert.equal(answer.status, 403, `${value}: ${answer.text}`);
        assert.match(answer.text, /is for replicas of this installation/);
      }
    }
    const believed = await send(api.url, { path: "/api/v1/nodes", headers: { ...auth, [forwardedHeader]: good } });
    assert.equal(believed.status, 200);
  });

  it("of another version are read where that is possible, and refused in words where it is not", async () => {
    const key = deriveKey(tokenSecret, "forwarding");
    const auth = { authorization: `Bearer ${api.keys.viewer}` };
    const ask = (protocol: string): Promise<Got> => {
      const told = { address: "10.0.0.1", isHttps: false, atMs: Date.now(), replica: "of tomorrow" };
      const claim = Buffer.from(JSON.stringify(told)).toString("base64url");
      const signed = `${protocol}\n${claim}\nGET\n/api/v1/nodes`;
      const signature = createHmac("sha256", key).update(signed).digest("base64url");
      const headers = { ...auth, [forwardedHeader]: `${protocol} ${claim} ${signature}` };
      return send(api.url, { path: "/api/v1/nodes", headers });
    };

    assert.equal((await ask("1")).status, 200);
    const refused = await ask("2");
    assert.equal(refused.status, 503);
    assert.match(refused.text, /forwards by protocol 2, and this one knows 1; upgrade the older/);
  });

  it("go no further than one replica, when two take each other for the leader", async () => {
    const one = await StandbyApi.start({ message: "another runtime leads" }, { holdMs: 400 });
    const two = await StandbyApi.start({ message: "another runtime leads", leaderUrl: one.url }, { holdMs: 400 });
    one.follow(two.url);
    try {
      for (const { url } of [one, two]) {
        const answer = await send(url, { path: "/api/v1/nodes", headers: { authorization: "Bearer x" } });
        assert.equal(answer.status, 503);
        assert.equal(answer.headers["retry-after"], "1");
        assert.match(answer.text, /it does not lead; try again soon/);
      }
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  it("find out by /readyz whether it can have them answered, and by /livez that it lives", async () => {
    const readiness = async (url: string) => {
      const { status, text } = await send(url, { path: "/readyz" });
      return { status, body: JSON.parse(text) as { status: string; message?: string; leader?: string } };
    };
    const lost = await StandbyApi.start({ message: "nobody leads yet" });
    try {
      assert.deepEqual((await readiness(api.url)).body.status, "leader");
      const ready = await readiness(standby.url);
      assert.deepEqual([ready.status, ready.body.status, ready.body.leader], [200, "standby", api.url]);
      const cases = [
        [{ message: "nobody leads yet" }, /^nobody leads yet$/],
        [{ message: "its clock is off", takesNoPart: true }, /^its clock is off$/],
        [
          { message: "another leads", leaderUrl: "http://127.0.0.1:1" },
          /the leader .* can't be reached: .*ECONNREFUSED/,
        ],
        [{ message: "another leads", leaderUrl: standby.url }, /should lead and says: another runtime leads/],
      ] as const;
      for (const [present, message] of cases) {
        lost.role.become(present);
        const unready = await readiness(lost.url);
        assert.deepEqual([unready.status, unready.body.status], [503, "unready"]);
        assert.match(unready.body.message!, message);
        assert.equal((await send(lost.url, { path: "/livez" })).status, 200);
      }
    } finally {
      await lost.close();
    }
  });
});
