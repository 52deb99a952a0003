import { createHmac } from "node:crypto";
import { ConflictError, NotFoundError } from "../../model/errors";
import type { ApiKey } from "../../model/state";
import { apiKeysMax, createApiKey, formatApiKey, hashApiKey } from "../api-keys";
import { apiKeysSchema, createApiKeySchema, createdApiKeySchema, nameParamsSchema } from "../contracts";
import { reused } from "../idempotency";
import { route, type Route, type RouteContext } from "../route";

const create = route({
  method: "post",
  path: "/api/v1/api-keys",
  access: "admin",
  summary: "Creates an API key; the answer shows it this once",
  body: createApiKeySchema,
  responses: { 201: createdApiKeySchema },
  takesIdempotencyKey: true,
  async handle({ body }, context) {
    const { ledger, clock } = context.leader();
    const key = keyFor(context);
    const known = ledger.state.apiKeys.get(body.name);
    const answer = { status: 201, body: { ...body, key } };
    // A retry with the same idempotency key derives the same key, so that its plain text need not be kept.
    if (known?.hash === hashApiKey(key) && known.scope === body.scope) return answer;
    const hasKey = (other: ApiKey): boolean => other.hash === hashApiKey(key);
    if ([...ledger.state.apiKeys.values()].some(hasKey)) throw reused();
    if (known) throw new ConflictError(`there is a key "${body.name}" already; delete it or choose another name`);
    if (ledger.state.apiKeys.size >= apiKeysMax) {
      throw new ConflictError(`there are ${apiKeysMax} keys, the most there may be; delete some first`);
    }
    const row: ApiKey = { ...body, hash: hashApiKey(key), createdAtMs: clock.now() };
    await ledger.commit([{ kind: "put", table: "apiKey", row }]);
    return answer;
  },
});

function keyFor({ idempotencyKey, leader }: RouteContext): string {
  if (idempotencyKey === undefined) return createApiKey();
  return formatApiKey(createHmac("sha256", leader().apiKeySecret).update(idempotencyKey).digest());
}

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
  summary: "Deletes an API key; requests with it are refused from then on",
  params: nameParamsSchema,
  responses: { 204: undefined },
  async handle({ params }, context) {
    const { ledger } = context.leader();
    if (!ledger.state.apiKeys.has(params.name)) throw new NotFoundError(`there is no key "${params.name}"`);
    if (context.apiKey?.name === params.name) {
      throw new ConflictError(`"${params.name}" is the key of this request; delete it with another admin key`);
    }
    await ledger.commit([{ kind: "delete", table: "apiKey", id: params.name }]);
    return { status: 204 };
  },
});

export const apiKeyRoutes: readonly Route[] = [create, list, remove];
