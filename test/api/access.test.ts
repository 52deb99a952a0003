/** Who may call what: every route, every sort of caller, against a table written by hand. */
import assert from "node:assert/strict";
import { NodeTokens, type TokenPurpose } from "../../runtime/broker/node-tokens";
import { createApiKey } from "../../runtime/api/api-keys";
import type { Route } from "../../runtime/api/route";
import { apiScopes, type ApiScope } from "../../runtime/model/state";
import { aNode, Api } from "./harness";
import { nameOf } from "./samples";

/**
 * The least scope, the purpose of the node's own token, or nobody in particular. A new route needs a line here.
 * Any of a node's own tokens may say that its VM is taken back: that only ever drains the node itself.
 */
const expected: Readonly<Record<string, ApiScope | `${TokenPurpose} token` | "any token" | "everybody">> = {
  "get /api/docs": "everybody",
  "get /api/docs/start.js": "everybody",
  "get /api/docs/swagger-ui.css": "everybody",
  "get /api/docs/swagger-ui-bundle.js": "everybody",
  "get /metrics": "viewer",
  "get /healthz": "everybody",
  "get /livez": "everybody",
  "get /readyz": "everybody",
  "get /api/v1/openapi.json": "everybody",
  "post /api/v1/sessions": "broker",
  "delete /api/v1/sessions/{id}": "broker",
  "put /api/v1/sessions/{id}/status": "broker",
  "get /api/v1/sessions/{id}": "viewer",
  "get /api/v1/sessions/{id}/events": "viewer",
  "get /api/v1/sessions": "viewer",
  "get /api/v1/sessions/{id}/connection": "broker",
  "get /api/v1/users/{userId}/ssh-key": "broker",
  "put /api/v1/users/{userId}/ssh-key": "broker",
  "delete /api/v1/users/{userId}/ssh-key": "broker",
  "get /api/v1/staging": "viewer",
  "post /api/set_server_status": "checkin token",
  "post /api/v1/nodes/{id}/heartbeat": "agent token",
  "post /api/v1/nodes/{id}/interruption": "any token",
  "get /api/v1/nodes/{id}/accounts": "agent token",
  "get /api/v1/nodes/{id}/startup-script": "checkin token",
  "post /api/v1/nodes/{id}/accounts": "agent token",
  "get /api/v1/nodes": "viewer",
  "get /api/v1/nodes/{id}": "viewer",
  "delete /api/v1/nodes/{id}": "operator",
  "post /api/v1/nodes/{id}/drain": "operator",
  "post /api/v1/nodes/{id}/undrain": "operator",
  "get /api/v1/node-list": "viewer",
  "get /api/v1/lanes": "viewer",
  "get /api/v1/lanes/{id}": "viewer",
  "get /api/v1/lanes/{id}/output": "viewer",
  "get /api/v1/accounts": "viewer",
  "get /api/v1/schedules/{name}/occurrences": "viewer",
  "get /api/v1/occurrences": "viewer",
  "get /api/v1/history": "viewer",
  "get /api/v1/cost": "viewer",
  "get /api/v1/budgets": "viewer",
  "get /api/v1/waits": "viewer",
  "get /api/v1/events": "viewer",
  "get /api/v1/decisions/counts": "viewer",
  "post /api/v1/lanes/{id}/close": "operator",
  "get /api/v1/workers": "viewer",
  "post /api/v1/nodes/{id}/forget": "operator",
  "get /api/v1/orphans": "viewer",
  "post /api/v1/definitions/check": "viewer",
  "put /api/v1/definitions/{kind}/{name}": "operator",
  "get /api/v1/definitions/{kind}": "viewer",
  "get /api/v1/definitions/{kind}/{name}": "viewer",
  "delete /api/v1/definitions/{kind}/{name}": "operator",
  "get /api/v1/status": "viewer",
  "get /api/v1/plan": "viewer",
  "get /api/v1/decisions": "viewer",
  "get /api/v1/explain/{subject}/{id}": "viewer",
  "post /api/v1/api-keys": "admin",
  "get /api/v1/api-keys": "admin",
  "delete /api/v1/api-keys/{name}": "admin",
  "post /api/v1/sign-in": "viewer",
  "get /api/v1/sign-in": "viewer",
  "delete /api/v1/sign-in": "viewer",
  "get /api/v1/secrets": "admin",
  "post /api/v1/secrets/rotate": "admin",
};

/** What each scope may do beyond the ones before it. */
const scopesAbove: Readonly<Record<ApiScope, readonly ApiScope[]>> = {
  viewer: ["viewer", "broker", "operator", "admin"],
  broker: ["broker", "operator", "admin"],
  operator: ["operator", "admin"],
  admin: ["admin"],
};

/** Bodies of node routes: there the token is looked at together with the body. */
const nodeBodies: Readonly<Record<string, object>> = {
  "post /api/set_server_status": { status: "starting", status_progress: "10" },
  "post /api/v1/nodes/{id}/heartbeat": { cores: 4 },
  "post /api/v1/nodes/{id}/accounts": { present: [] },
  "post /api/v1/nodes/{id}/interruption": { deadline: "2031-01-01T08:22:00Z" },
};

describe("access", () => {
  let api: Api;
  before(async () => {
    api = await Api.start();
    await api.furnish();
    // One that nobody has heard of: its script may be fetched.
    const booting = { nodeId: "node-4", status: "starting", runningSinceMs: undefined, fetchedScript: "true" } as const;
    const rows = [
      aNode(booting),
      aNode({ nodeId: "node-2" }),
      aNode({ nodeId: "node-3", status: "starting", readyWhen: "checkin" }),
    ];
    await api.leader.ledger.commit(rows.map((row) => ({ kind: "put", table: "node", row })));
  });
  after(() => api.close());

  /** Nothing that exists is named, and bodies are empty: a caller who is let in gets 2xx, 400 or 404 and changes nothing. */
  async function statusFor(route: Route, authorization: string | undefined, id = "nobody"): Promise<number> {
    const path = route.path.replace("{kind}", "zone").replace("{subject}", "node").replace("{id}", id);
    const body = nodeBodies[nameOf(route)] ?? (route.body ? {} : undefined);
    const reply = await api.request(path.replace(/\{\w+\}/g, "nobody"), {
      method: route.method.toUpperCase(),
      headers: authorization === undefined ? {} : { authorization },
      body,
    });
    assert.ok(reply.status < 500, reply.text);
    return reply.status;
  }

  function token(nodeId: string, purpose: TokenPurpose, options: { ageMs?: number; secret?: number } = {}) {
    const nowMs = Date.now() - (options.ageMs ?? 0);
    const tokens = options.secret === undefined ? api.tokens : new NodeTokens(Buffer.alloc(32, options.secret));
    return `Bearer ${tokens.issue({ nodeId, purpose, expiresAtMs: nowMs + 60_000, nowMs })}`;
  }

  const isNodeRoute = (route: Route): boolean => expected[nameOf(route)]?.endsWith(" token") ?? false;

  it("is written down for every route", () => {
    assert.deepEqual(api.routes.map(nameOf).sort(), Object.keys(expected).sort());
  });

  it("by API key: each scope reaches what the table says and nothing else", async () => {
    for (const route of api.routes) {
      const needed = expected[nameOf(route)]!;
      if (needed === "everybody" || isNodeRoute(route)) continue;
      for (const scope of apiScopes) {
        const status = await statusFor(route, `Bearer ${api.keys[scope]}`);
        const isLetIn = status !== 401 && status !== 403;
        assert.equal(
          isLetIn,
          scopesAbove[needed as ApiScope].includes(scope),
          `${nameOf(route)} as ${scope}: ${status}`,
        );
        if (!isLetIn) assert.equal(status, 403);
      }
    }
  });

  it("without a key, with a wrong, malformed or deleted one, or with a node token, is to public routes only", async () => {
    const admin = api.client("admin");
    const { key: deleted } = await admin.createApiKey({ name: "deleted", scope: "admin" });
    await admin.deleteApiKey("deleted");
    const strangers = [
      undefined,
      "",
      "Bearer",
      `Basic ${Buffer.from(`admin:${api.keys.admin}`).toString("base64")}`,
      `Bearer ${createApiKey()}`,
      `Bearer ${deleted}`,
      `Bearer ${api.keys.admin} ${api.keys.admin}`,
      `Bearer ${api.keys.admin.slice(0, -1)}`,
      token("node-1", "agent"),
      token("node-1", "checkin"),
    ];
    for (const route of api.routes) {
      if (isNodeRoute(route)) continue;
      const isPublic = expected[nameOf(route)] === "everybody";
      for (const stranger of strangers) {
        const status = await statusFor(route, stranger);
        assert.equal(status, isPublic ? 200 : 401, `${nameOf(route)} with ${String(stranger)}`);
      }
    }
  });

  it("by node token: bound to one node and one purpose, until it expires; never by an API key", async () => {
    for (const route of api.routes.filter(isNodeRoute)) {
      const needed = expected[nameOf(route)]!;
      const purpose = needed === "checkin token" ? "checkin" : "agent";
      const other = purpose === "agent" ? "checkin" : "agent";
      const isForOneNode = route.path.includes("{id}");
      const own = route.path.endsWith("/startup-script") ? "node-4" : "node-3";
      assert.equal(await statusFor(route, token(own, purpose), own), 200, nameOf(route));
      const refused = [
        undefined,
        ...(needed === "any token" ? [] : [token("node-1", other)]),
        token("node-1", purpose, { ageMs: 120_000 }),
        token("node-1", purpose, { secret: 8 }),
        ...(isForOneNode ? [token("node-2", purpose)] : []),
        ...apiScopes.map((scope) => `Bearer ${api.keys[scope]}`),
      ];
      for (const bearer of refused) {
        assert.equal(await statusFor(route, bearer, "node-1"), 401, `${nameOf(route)} with ${String(bearer)}`);
      }
    }
  });

  it("by the token of a node that was destroyed is answered with 410", async () => {
    for (const route of api.routes.filter(isNodeRoute)) {
      const purpose = expected[nameOf(route)] === "checkin token" ? "checkin" : "agent";
      assert.equal(await statusFor(route, token("n-gone", purpose), "n-gone"), 410, nameOf(route));
    }
  });

  it("to a standby is to public routes and to what it tells of itself alone", async () => {
    const { current } = api;
    api.current = { message: "another runtime leads" };
    try {
      for (const route of api.routes) {
        const status = await api.request(route.path.replace("{kind}", "zone").replace(/\{\w+\}/g, "x"), {
          method: route.method.toUpperCase(),
          key: api.keys.admin,
          body: route.body ? {} : undefined,
        });
        const isOwn = expected[nameOf(route)] === "everybody" || route.isOfThisProcess;
        // It reaches nobody who leads, so that it is not ready.
        const isAnswered = isOwn && route.path !== "/readyz";
        assert.equal(status.status, isAnswered ? 200 : 503, nameOf(route));
      }
    } finally {
      api.current = current;
    }
  });
});
