/** The served OpenAPI document is true: requests made from nothing but it are understood, and answers are as it says. */
import assert from "node:assert/strict";
import { z } from "zod";
import { SeededRng } from "../support/virtual-clock";
import { goodValue, spoil, type Hints, type JsonSchema } from "./bad-input/values";
import { rsaKey } from "../support/private-keys";
import { addSchedule, Api, firstEvent, loseNode, nodeTokenFor, type Reply, type RequestOptions } from "./harness";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>;
}
interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** What a client knows beside the document: the names and ids of what is there. */
const world: Hints = {
  workspace: ["office"],
  userId: ["ada"],
  privateKey: [rsaKey()],
  zone: ["eu"],
  name: ["agents"],
  kind: ["pool"],
  doc: [{ name: "agents", type: "dockerAgent" }],
  owner: ["test"],
  subject: ["node"],
  after: ["0"],
  // Of other pages, orders and times than the one that is asked for.
  page: [Buffer.from('[0,0,"node-0"]').toString("base64url")],
  from: [Date.now() - 3_600_000],
  to: [Date.now() + 3_600_000],
  step: [300],
  timezone: ["Asia/Kathmandu"],
  values: ["vms,waiting"],
  deadline: ["2031-01-01T08:22:00Z"],
  // The only next step of a session that was just placed.
  status: ["running"],
  // The node that is there runs.
  force: [true],
};

/** Nodes' tokens go in the header; a lane that never ran has no file; a page goes one way; a Guacamole has nothing to do with docker agents. */
const optionalQuery = ["token", "as", "file", "before", "order"];

describe("the OpenAPI document", function () {
  this.timeout(120_000);
  const seed = Number(process.env["HEADROOM_SEED"] ?? Date.now() % 1_000_000);
  const rng = new SeededRng(seed);
  let api: Api;
  let paths: Paths;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
    await addSchedule(api);
    paths = (await api.request("/api/v1/openapi.json")).body["paths"] as Paths;
  });
  afterEach(() => api.close());

  async function call(
    path: string,
    method: string,
    options: { isBad?: boolean; isAnonymous?: boolean } = {},
  ): Promise<Reply> {
    const operation = paths[path]![method]!;
    const { sessionId } = await api
      .client("broker")
      .requestSession({ workspace: "office", userId: `u${rng.below(1e9)}` });
    await loseNode(api);
    const ofPath = path.endsWith("/forget") ? "node-lost" : path.endsWith("/startup-script") ? "node-boots" : "node-1";
    const id = path.includes("/sessions") ? sessionId : path.includes("/lanes") ? "lane-1" : ofPath;
    const query: string[] = [];
    let filled = path;
    for (const parameter of operation.parameters ?? []) {
      const hints = { ...world, id: [id] };
      const value = String(goodValue(parameter.schema, rng, hints, parameter.name));
      if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
      else if (parameter.in === "query" && !optionalQuery.includes(parameter.name))
        query.push(`${parameter.name}=${encodeURIComponent(value)}`);
    }
    if (filled.startsWith("/api/v1/api-keys/")) filled = "/api/v1/api-keys/viewer-key";
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    const good = schema && goodValue(schema, rng, world);
    // Only encrypted keys have one.
    if (path.endsWith("/ssh-key")) delete (good as Record<string, unknown> | undefined)?.["passphrase"];
    const isStream = Object.values(operation.responses).some(({ content }) => content?.["text/event-stream"]);
    const ask = isStream ? beginning : api.request.bind(api);
    const reply = await ask(query.length > 0 ? `${filled}?${query.join("&")}` : filled, {
      method: method.toUpperCase(),
      key: options.isAnonymous ? undefined : keyFor(operation, path),
      body: options.isBad && good !== undefined ? JSON.stringify(spoil(good, rng)) : good,
    });
    await api
      .client("broker")
      .releaseSession(sessionId)
      .catch(() => undefined);
    return reply;
  }

  /** A stream may never end: its head and first event are the answer. */
  async function beginning(path: string, { key }: RequestOptions): Promise<Reply> {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const response = await fetch(api.url + path, { headers });
    const text = response.ok ? await firstEvent(response) : await response.text();
    return { status: response.status, body: {}, headers: response.headers, text };
  }

  function keyFor({ security }: Operation, path: string): string | undefined {
    if (!security) return undefined;
    if (!security.some((scheme) => "nodeToken" in scheme)) return api.keys.admin;
    return nodeTokenFor(api, path);
  }

  /** Holds an answer against what the document declares for its status, or for every other status. */
  function check(path: string, method: string, reply: Reply): void {
    const { responses } = paths[path]![method]!;
    const what = `seed ${seed}: ${method} ${path}: ${reply.status} ${reply.text.slice(0, 500)}`;
    const declared = responses[String(reply.status)] ?? (reply.status >= 400 ? responses["default"] : undefined);
    assert.ok(declared, `undeclared status, ${what}`);
    const [type, content] = Object.entries(declared.content ?? {})[0] ?? [];
    if (type === undefined || !content) return assert.equal(reply.text, "", what);
    assert.ok(reply.headers.get("content-type")?.startsWith(type), what);
    const data = type === "text/event-stream" ? /^data: (.*)$/m.exec(reply.text)?.[1] : reply.text;
    const told: unknown = /json|event-stream/.test(type) ? JSON.parse(data!) : data;
    const checked = z.fromJSONSchema(content.schema as z.core.JSONSchema.JSONSchema).safeParse(told);
    assert.ok(checked.success, `${what}\n${checked.error?.message}`);
  }

  const operations = (): [string, string][] =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method): [string, string] => [path, method]),
    );

  it("has every route of the table and nothing else", () => {
    const table = api.routes.map(({ method, path }) => `${method} ${path}`);

    assert.deepEqual(
      operations()
        .map(([path, method]) => `${method} ${path}`)
        .sort(),
      table.sort(),
    );
  });

  it("drives every route: a request made from it succeeds and the answer is as declared", async () => {
    // Whatever takes the node away or deletes comes last.
    const isLast = ([path, method]: [string, string]): number =>
      Number(method === "delete" || path.endsWith("interruption"));
    const ordered = operations().sort((a, b) => isLast(a) - isLast(b));
    for (const [path, method] of ordered) {
      const reply = await call(path, method);
      check(path, method, reply);
      const mayConflict = method === "delete" && path.includes("definitions");
      assert.ok(
        reply.status < 300 || (mayConflict && reply.status === 409),
        `seed ${seed}: ${method} ${path}: ${reply.text}`,
      );
    }
  });

  it("declares every refusal: bad bodies, no key, unknown ids", async () => {
    for (const [path, method] of operations()) {
      if (method === "delete" || path.endsWith("interruption")) continue;
      for (let round = 0; round < 8; round += 1) check(path, method, await call(path, method, { isBad: true }));
      check(path, method, await call(path, method, { isAnonymous: true }));
    }
    for (const path of ["/api/v1/nodes/{id}", "/api/v1/sessions/{id}", "/api/v1/definitions/{kind}/{name}"]) {
      const filled = path.replace("{kind}", "zone").replace(/\{\w+\}/g, "nobody");
      const reply = await api.request(filled, { key: api.keys.admin });
      assert.equal(reply.status, 404);
      check(path, "get", reply);
    }
  });
});
