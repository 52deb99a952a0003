import assert from "node:assert/strict";
import { z } from "zod";
import type { Route } from "../../runtime/api/route";
import { addSchedule, Api, loseNode, nodeTokenFor, type RequestOptions } from "./harness";
import { nameOf, samples } from "./samples";

/** What takes away a thing that others need comes after them. */
function isLast({ method, path }: Route): number {
  return Number(method === "delete" || path.endsWith("interruption"));
}

describe("every route", () => {
  let api: Api;
  let sessionId = "";
  before(async () => {
    api = await Api.start();
    await api.furnish();
    await loseNode(api);
    await addSchedule(api);
    sessionId = (await api.client("broker").requestSession({ workspace: "office", userId: "ada" })).sessionId;
  });
  after(() => api.close());

  async function send(route: Route, key: string | undefined, changes: RequestOptions = {}) {
    const sample = samples[nameOf(route)];
    assert.ok(sample, `no sample for ${nameOf(route)}`);
    const path = sample.path.replace("SESSION", sessionId);
    return api.request(path, { method: route.method.toUpperCase(), key, body: sample.body, ...changes });
  }

  const nodeToken = ({ path }: Route): string => nodeTokenFor(api, path);

  it("has a sample request in this test", () => {
    assert.deepEqual(api.routes.map(nameOf).sort(), Object.keys(samples).sort());
  });

  it("with a body refuses unknown fields, wrong types, no JSON, no object, wrong content types, empty bodies", async () => {
    for (const route of api.routes.filter(({ body }) => body !== undefined)) {
      const key = route.access === "node" ? nodeToken(route) : api.keys.admin;
      const name = nameOf(route);
      const unknown = await send(route, key, { body: { ...(samples[name]!.body as object), surprise: 1 } });
      assert.equal(unknown.status, 400, `${name} with an unknown field: ${unknown.text}`);
      assert.equal(unknown.body["path"], "surprise", name);
      assert.equal(unknown.body["code"], "config", name);
      for (const body of ["{ not json", "[]", '"text"', "null", "1"]) {
        const reply = await send(route, key, { body });
        assert.equal(reply.status, 400, `${name} with ${body}: ${reply.text}`);
        assert.ok("path" in reply.body && typeof reply.body["message"] === "string", name);
      }
      const wrongType = await send(route, key, { headers: { "content-type": "text/plain" } });
      // What a node's script sends is read whatever it is called.
      if (route.access === "node") assert.notEqual(wrongType.status, 415, name);
      else assert.equal(wrongType.status, 415, name);
      const empty = await send(route, key, { body: "" });
      const mayBeEmpty = route.body!.safeParse({}).success;
      assert.equal(empty.status, mayBeEmpty ? 200 : 400, `${name} with an empty body: ${empty.text}`);
      const large = await send(route, key, { body: JSON.stringify({ text: "x".repeat(1_200_000) }) });
      assert.equal(large.status, 413, name);
      for (const field of Object.keys(samples[name]!.body as object)) {
        const body = { ...(samples[name]!.body as object), [field]: [[]] };
        const reply = await send(route, key, { body });
        assert.equal(reply.status, 400, `${name} with a wrong ${field}: ${reply.text}`);
        assert.match(String(reply.body["path"]), new RegExp(`^${field}`), name);
      }
    }
  });

  it("refuses unknown query fields and bad ids with the path", async () => {
    for (const route of api.routes.filter(({ access }) => access !== "public")) {
      const key = route.access === "node" ? nodeToken(route) : api.keys.admin;
      const sample = samples[nameOf(route)]!;
      const separator = sample.path.includes("?") ? "&" : "?";
      const path = `${sample.path.replace("SESSION", sessionId)}${separator}surprise=1`;
      const method = route.method.toUpperCase();
      const reply = await api.request(path, { method, key, body: sample.body });
      assert.equal(reply.status, 400, `${nameOf(route)}: ${reply.text}`);
      assert.equal(reply.body["path"], "surprise", nameOf(route));
      for (const [field, bad] of Object.entries({ id: "%00", name: "UPPER", kind: "nothing", subject: "nothing" })) {
        if (!route.path.includes(`{${field}}`)) continue;
        const filled = route.path.replace(`{${field}}`, bad).replace(/\{\w+\}/g, "zone");
        const refused = await api.request(filled, { method, key, body: sample.body });
        assert.equal(refused.status, 400, `${nameOf(route)} with a bad ${field}: ${refused.text}`);
        const problems = refused.body["problems"] as { path: string }[];
        assert.ok(
          problems.some((problem) => problem.path === field),
          refused.text,
        );
      }
    }
  });

  it("answers wrong methods with 405 and says which are possible", async () => {
    for (const path of new Set(api.routes.map((route) => route.path))) {
      const possible = api.routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
      const wrong = ["PATCH", "PUT", "DELETE", "POST"].find((method) => !possible.includes(method))!;
      const reply = await api.request(path.replace("{kind}", "zone").replace(/\{\w+\}/g, "x"), { method: wrong });
      assert.equal(reply.status, 405, `${wrong} ${path}`);
      assert.equal(reply.headers.get("allow"), possible.join(", "));
      assert.equal(reply.body["code"], "methodNotAllowed");
    }
  });

  it("answers as its own schema says", async () => {
    const fresh = await Api.start();
    try {
      await fresh.furnish();
      await loseNode(fresh);
      await addSchedule(fresh);
      await fresh.client("operator").putDefinition({
        kind: "pool",
        name: "other",
        doc: { name: "other", type: "server" },
        owner: "t",
      });
      const session = await fresh.client("broker").requestSession({ workspace: "office", userId: "ada" });
      const ordered = [...fresh.routes].sort((a, b) => isLast(a) - isLast(b));
      for (const route of ordered) {
        const sample = samples[nameOf(route)]!;
        const key = route.access === "node" ? nodeToken(route) : fresh.keys.admin;
        const path = sample.path.replace("SESSION", session.sessionId);
        const reply = await fresh.request(path, { method: route.method.toUpperCase(), key, body: sample.body });
        assert.ok(reply.status < 300, `${nameOf(route)}: ${reply.status} ${reply.text}`);
        assert.ok(String(reply.status) in route.responses, `${nameOf(route)} answered ${reply.status}`);
        const schema = route.responses[reply.status];
        const data = route.isEventStream ? /^data: (.*)$/m.exec(reply.text)?.[1] : undefined;
        const whole: unknown = route.textType ? reply.text : reply.body;
        const body: unknown = data === undefined ? whole : JSON.parse(data);
        if (schema) assert.doesNotThrow(() => schema.parse(body), `${nameOf(route)}: ${reply.text}`);
        else assert.equal(reply.text, "");
      }
    } finally {
      await fresh.close();
    }
  });

  it("is in the OpenAPI document, with its parameters, body and answers", async () => {
    const { body } = await api.request("/api/v1/openapi.json");

    const paths = body["paths"] as Record<string, Record<string, Operation>>;
    const listed = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`));
    assert.deepEqual(listed.sort(), api.routes.map(nameOf).sort());
    for (const route of api.routes) {
      const operation = paths[route.path]![route.method]!;
      const names = (operation.parameters ?? []).filter((parameter) => parameter.in === "path").map(({ name }) => name);
      assert.deepEqual(names.sort(), [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort());
      assert.equal(operation.requestBody !== undefined, route.body !== undefined, nameOf(route));
      assert.deepEqual(
        Object.keys(operation.responses).sort(),
        [...Object.keys(route.responses), "default"].sort(),
        nameOf(route),
      );
      assert.equal(operation.security === undefined, route.access === "public", nameOf(route));
    }
    z.looseObject({ openapi: z.literal("3.1.0"), info: z.looseObject({ title: z.string() }) }).parse(body);
  });
});

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: object;
  readonly responses: object;
  readonly security?: object;
}
