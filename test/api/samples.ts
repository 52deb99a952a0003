import type { Route } from "../../runtime/api/route";
import { rsaKey } from "../support/private-keys";

const someRsaKey = rsaKey();

export interface Sample {
  /** `SESSION` stands for the id of a session. */
  readonly path: string;
  readonly body?: unknown;
}

/** A good request for each route of the table, by method and path, in an API with the harness's furniture. */
export const samples: Readonly<Record<string, Sample>> = {
  "post /api/v1/sessions": { path: "/api/v1/sessions", body: { workspace: "office", userId: "ada" } },
  "delete /api/v1/sessions/{id}": { path: "/api/v1/sessions/SESSION" },
  "put /api/v1/sessions/{id}/status": { path: "/api/v1/sessions/SESSION/status", body: { status: "running" } },
  "get /api/v1/sessions/{id}": { path: "/api/v1/sessions/SESSION" },
  "get /api/v1/sessions/{id}/events": { path: "/api/v1/sessions/SESSION/events" },
  "get /api/v1/sessions/{id}/connection": { path: "/api/v1/sessions/SESSION/connection" },
  "get /api/v1/users/{userId}/ssh-key": { path: "/api/v1/users/ada/ssh-key" },
  "put /api/v1/users/{userId}/ssh-key": { path: "/api/v1/users/ada/ssh-key", body: { privateKey: someRsaKey } },
  "delete /api/v1/users/{userId}/ssh-key": { path: "/api/v1/users/ada/ssh-key" },
  "get /api/v1/nodes/{id}/accounts": { path: "/api/v1/nodes/node-1/accounts" },
  "post /api/v1/nodes/{id}/accounts": { path: "/api/v1/nodes/node-1/accounts", body: { present: ["a1"] } },
  "get /api/v1/staging": { path: "/api/v1/staging" },
  "get /api/v1/sessions": { path: "/api/v1/sessions?status=assigned" },
  "post /api/v1/nodes/{id}/heartbeat": { path: "/api/v1/nodes/node-1/heartbeat", body: { cores: 4 } },
  "post /api/set_server_status": {
    path: "/api/set_server_status",
    body: { status: "running", status_message: "done", status_progress: "100" },
  },
  "get /api/v1/nodes": { path: "/api/v1/nodes" },
  "get /api/v1/nodes/{id}": { path: "/api/v1/nodes/node-1" },
  "delete /api/v1/nodes/{id}": { path: "/api/v1/nodes/node-1" },
  "post /api/v1/nodes/{id}/drain": { path: "/api/v1/nodes/node-1/drain" },
  "post /api/v1/nodes/{id}/undrain": { path: "/api/v1/nodes/node-1/undrain" },
  "post /api/v1/nodes/{id}/forget": { path: "/api/v1/nodes/node-lost/forget", body: { force: true } },
  "get /api/v1/orphans": { path: "/api/v1/orphans" },
  "post /api/v1/nodes/{id}/interruption": {
    path: "/api/v1/nodes/node-1/interruption",
    body: { deadline: "2031-01-01T08:22:00Z", message: "spot" },
  },
  "get /api/v1/nodes/{id}/startup-script": { path: "/api/v1/nodes/node-boots/startup-script" },
  "get /api/v1/node-list": { path: "/api/v1/node-list?status=running,missing&sort=load&limit=10" },
  "get /api/v1/lanes": { path: "/api/v1/lanes" },
  "get /api/v1/lanes/{id}": { path: "/api/v1/lanes/lane-1" },
  "get /api/v1/workers": { path: "/api/v1/workers" },
  "get /api/v1/lanes/{id}/output": { path: "/api/v1/lanes/lane-1/output?bytes=1000" },
  "get /api/v1/accounts": { path: "/api/v1/accounts" },
  "get /api/v1/schedules/{name}/occurrences": { path: "/api/v1/schedules/agents/occurrences" },
  "get /api/v1/occurrences": { path: "/api/v1/occurrences?config=agents-eu" },
  "post /api/v1/lanes/{id}/close": { path: "/api/v1/lanes/lane-1/close" },
  "post /api/v1/definitions/check": {
    path: "/api/v1/definitions/check",
    body: { kind: "pool", doc: { name: "p", type: "server" }, owner: "t" },
  },
  "put /api/v1/definitions/{kind}/{name}": {
    path: "/api/v1/definitions/pool/other",
    body: { doc: { name: "other", type: "server" }, owner: "t" },
  },
  "get /api/v1/definitions/{kind}": { path: "/api/v1/definitions/vmProviderConfig" },
  "get /api/v1/definitions/{kind}/{name}": { path: "/api/v1/definitions/pool/agents" },
  "delete /api/v1/definitions/{kind}/{name}": { path: "/api/v1/definitions/pool/other?owner=t" },
  "post /api/v1/sign-in": { path: "/api/v1/sign-in" },
  "get /api/v1/sign-in": { path: "/api/v1/sign-in" },
  "delete /api/v1/sign-in": { path: "/api/v1/sign-in" },
  "get /api/v1/status": { path: "/api/v1/status" },
  "get /api/v1/plan": { path: "/api/v1/plan" },
  "get /api/v1/decisions": { path: "/api/v1/decisions?limit=5" },
  "get /api/v1/events": { path: "/api/v1/events" },
  "get /api/v1/history": { path: "/api/v1/history?pool=agents&by=config&of=max&values=vms,demandSessions" },
  "get /api/v1/cost": { path: "/api/v1/cost?timezone=Europe/Berlin" },
  "get /api/v1/budgets": { path: "/api/v1/budgets" },
  "get /api/v1/waits": { path: "/api/v1/waits?config=agents-eu" },
  "get /api/v1/decisions/counts": { path: "/api/v1/decisions/counts?step=60&event=placed" },
  "get /api/v1/explain/{subject}/{id}": { path: "/api/v1/explain/node/node-1" },
  "post /api/v1/api-keys": { path: "/api/v1/api-keys", body: { name: "new", scope: "viewer" } },
  "get /api/v1/api-keys": { path: "/api/v1/api-keys" },
  "get /api/v1/secrets": { path: "/api/v1/secrets" },
  "post /api/v1/secrets/rotate": { path: "/api/v1/secrets/rotate" },
  "delete /api/v1/api-keys/{name}": { path: "/api/v1/api-keys/viewer-key" },
  "get /api/docs": { path: "/api/docs" },
  "get /api/docs/start.js": { path: "/api/docs/start.js" },
  "get /api/docs/swagger-ui.css": { path: "/api/docs/swagger-ui.css" },
  "get /api/docs/swagger-ui-bundle.js": { path: "/api/docs/swagger-ui-bundle.js" },
  "get /metrics": { path: "/metrics" },
  "get /healthz": { path: "/healthz" },
  "get /livez": { path: "/livez" },
  "get /readyz": { path: "/readyz" },
  "get /api/v1/openapi.json": { path: "/api/v1/openapi.json" },
};

/** The key of a route in the tables of these tests. */
export function nameOf({ method, path }: Pick<Route, "method" | "path">): string {
  return `${method} ${path}`;
}
