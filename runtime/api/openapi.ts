/** The OpenAPI document, made from the route table. */
import { OpenApiGeneratorV31, OpenAPIRegistry, type RouteConfig } from "@asteasolutions/zod-to-openapi";
import type { z } from "zod";
import { errorSchema } from "./contracts";
import type { Route } from "./route";

export function describeApi(routes: readonly Route[], version: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent("securitySchemes", "apiKey", { type: "http", scheme: "bearer" });
  registry.registerComponent("securitySchemes", "nodeToken", { type: "http", scheme: "bearer", bearerFormat: "JWT" });
  for (const route of routes) registry.registerPath(describeRoute(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: { title: "Headroom", version, description: "Keeps the right number of VMs ready for session work." },
  });
}

function describeRoute(route: Route): RouteConfig {
  const responses: RouteConfig["responses"] = {};
  for (const [status, schema] of Object.entries(route.responses)) {
    responses[status] = { description: schema ? "done" : "done, no content", ...contentOf(schema, route) };
  }
  responses["default"] = { description: "refused", ...contentOf(errorSchema) };
  const asObject = (schema: z.ZodType | undefined) => schema as z.ZodObject | undefined;
  const idempotency = {
    name: "Idempotency-Key",
    in: "header" as const,
    required: false,
    description: "1 to 200 visible ASCII characters; a retry with the same key gets the first answer, for 24 hours",
    schema: { type: "string" as const },
  };
  return {
    method: route.method,
    path: route.path,
    summary: route.summary,
    ...(route.access === "public" ? {} : { security: [{ [route.access === "node" ? "nodeToken" : "apiKey"]: [] }] }),
    ...(route.access === "public" || route.access === "node" ? {} : { "x-scope": route.access }),
    ...(route.takesIdempotencyKey ? { parameters: [idempotency] } : {}),
    request: {
      ...(route.params ? { params: asObject(route.params) } : {}),
      ...(route.query ? { query: asObject(route.query) } : {}),
      ...(route.body ? { body: { required: true, ...contentOf(route.body) } } : {}),
    },
    responses,
  };
}

function contentOf(
  schema: z.ZodType | undefined,
  { isEventStream, textType = "application/json" }: Partial<Route> = {},
) {
  const type = isEventStream ? "text/event-stream" : textType;
  return { content: schema ? { [type]: { schema } } : {} };
}
