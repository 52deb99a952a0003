import { ConflictError, NotFoundError } from "../../model/errors";
import { makeKey, revocationOf } from "../api-key-life";
import { apiKeysSchema, createApiKeySchema, createdApiKeySchema, nameParamsSchema } from "../key-contracts";
import { route, type Route } from "../route";

const create = route({
  method: "post",
  path: "/api/v1/api-keys",
  access: "admin",
  summary: "Creates an API key; the answer shows it this once",
  body: createApiKeySchema,
  responses: { 201: createdApiKeySchema },
  takesIdempotencyKey: true,
  async handle({ body }, context) {
    const { ledger, clock, apiKeySecret } = context.leader();
    const wish = { ...body, idempotencyKey: context.idempotencyKey };
    const made = makeKey(wish, { state: ledger.state, secret: apiKeySecret, nowMs: clock.now() });
    await ledger.commit(made.changes);
    return { status: 201, body: { ...body, key: made.key }, headers: { "cache-control": "no-store" } };
  },
});

const list = route({
  method: "get",
  path: "/api/v1/api-keys",
  access: "admin",
  summary: "Names and scopes of the API keys",
  responses: { 200: apiKeysSchema },
  async handle(_input, context) {
    const apiKeys = [...context.leader().ledger.state.apiKeys.values()].map(({ name, scope, createdAtMs }) => ({
      name,
      scope,
      createdAtMs,
    }));
    return { status: 200, body: { apiKeys } };
  },
});

const remove = route({
  method: "delete",
  path: "/api/v1/api-keys/{name}",
  access: "admin",
  summary: "Deletes an API key for good; requests with it are refused and its event streams end",
  params: nameParamsSchema,
  responses: { 204: undefined },
  async handle({ params }, context) {
    const { ledger, clock } = context.leader();
    const key = ledger.state.apiKeys.get(params.name);
    if (!key) throw new NotFoundError(`there is no key "${params.name}"`);
    if (context.apiKey?.name === params.name) {
      throw new ConflictError(`"${params.name}" is the key of this request; delete it with another admin key`);
    }
    await ledger.commit(revocationOf(key, ledger.state, clock.now()));
    return { status: 204 };
  },
});

export const apiKeyRoutes: readonly Route[] = [create, list, remove];
