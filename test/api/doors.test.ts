/** One route table has two doors; whoever calls can't tell through which he came. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { createFront } from "../../runtime/api/front";
import { listen, type Listening } from "../../runtime/api/listen";
import { createLogger } from "../../runtime/api/log";
import { createRoutes } from "../../runtime/api/routes";
import { createRng } from "../../runtime/main/chance";
import { realClock } from "../../runtime/model/real-clock";
import { Api } from "./harness";

const json = "content-type: application/json";

/** Request line, headers and body as they go over the wire; `KEY` stands for an API key of scope admin. */
const requests: readonly (readonly [string, readonly string[], string?])[] = [
  ["GET /healthz", []],
  ["HEAD /healthz", []],
  ["GET /healthz/", []],
  ["GET /HEALTHZ", []],
  ["GET //healthz", []],
  ["GET /healthz?a=1&a=2", []],
  ["GET http://elsewhere.example/healthz", []],
  ["GET /api/v1/openapi.json", []],
  ["OPTIONS *", []],
  ["OPTIONS /healthz", []],
  ["DELETE /healthz", []],
  ["GET /", []],
  ["GET /nothing", []],
  ["GET /api/v1/nodes/%zz", ["authorization: Bearer KEY"]],
  ["GET /%00", []],
  ["GET /api/v1/nodes", []],
  ["GET /api/v1/nodes", ["authorization: Bearer hr_wrong"]],
  ["GET /api/v1/nodes", ["authorization: Bearer KEY"]],
  ["GET /api/v1/nodes?limit[a]=1&__proto__=2", ["authorization: Bearer KEY"]],
  ["GET /api/v1/nodes/none", ["authorization: Bearer KEY", "if-none-match: *"]],
  ["GET /api/v1/sessions", ["authorization: Bearer KEY", "x-http-method-override: DELETE"]],
  ["POST /api/v1/sessions", ["authorization: Bearer KEY", json], "{"],
  ["POST /api/v1/sessions", ["authorization: Bearer KEY", "content-type: text/plain"], "{}"],
  ["POST /api/v1/sessions", ["authorization: Bearer KEY", json], `{"workspace":1}`],
  ["POST /api/v1/sessions", ["authorization: Bearer KEY", json], `{"a":"${"x".repeat(1_100_000)}"}`],
  ["PUT /api/v1/definitions/zone/lab", ["authorization: Bearer KEY", json], `{"owner":"t","doc":{"name":"other"}}`],
  ["POST /api/set_server_status?token=none", [json], `{"status":"running"}`],
];

describe("the two doors of the API", () => {
  let api: Api;
  let doors: readonly [Listening, Listening];
  before(async () => {
    api = await Api.start();
    await api.furnish();
    doors = [await open(true), await open(false)];
  });
  after(async () => {
    await Promise.all(doors.map((door) => door.close(0)));
    await api.close();
  });

  function open(isBusy: boolean): Promise<Listening> {
    const backend = {
      version: "0.0.0",
      clock: realClock,
      rng: createRng(),
      log: createLogger({ level: "silent" }),
      requestsPerMinute: 1_000_000,
      current: () => api.current,
    };
    const routes = createRoutes().map((route) => ({ ...route, isBusy }));
    return listen({ host: "127.0.0.1", port: 0, app: createFront(backend, routes) });
  }

  for (const [line, headers, body = ""] of requests) {
    it(`answers ${line} ${body.slice(0, 30)} alike`, async () => {
      const key = api.keys.admin;
      const text = [`${line} HTTP/1.1`, "host: 127.0.0.1", "connection: close", ...headers]
        .concat(body === "" ? [] : [`content-length: ${Buffer.byteLength(body)}`])
        .join("\r\n")
        .replace("KEY", key);
      const [short, express] = await Promise.all(doors.map(({ port }) => exchange(port, `${text}\r\n\r\n${body}`)));

      assert.match(short!, /^HTTP\/1\.1 \d{3} /);
      assert.equal(told(express!), told(short!));
    });
  }

  it("takes sessions and node calls by the short door, and nothing else", () => {
    const busy = createRoutes().filter(({ isBusy }) => isBusy);
    assert.deepEqual([...new Set(busy.map(({ path }) => path.replace(/\/\{id\}.*(?=\/)/, "/{id}")))].sort(), [
      "/api/set_server_status",
      "/api/v1/nodes/{id}/heartbeat",
      "/api/v1/nodes/{id}/interruption",
      "/api/v1/nodes/{id}/startup-script",
      "/api/v1/sessions",
      "/api/v1/sessions/{id}",
      "/api/v1/sessions/{id}/connection",
      "/api/v1/sessions/{id}/events",
      "/api/v1/sessions/{id}/status",
    ]);
  });
});

function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => (received += data.toString("latin1")));
    socket.on("close", () => resolve(received));
    socket.on("error", (error) => (received === "" ? reject(error) : undefined));
  });
}

/** Without what differs from request to request: the time, and the id under which a fault was logged. */
function told(answer: string): string {
  return answer.replace(/^date: .*\r\n/im, "").replace(/"requestId":"[^"]*"/g, "");
}
