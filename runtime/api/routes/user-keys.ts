/** Users' own SSH keys. They go in and come out of nothing but connections. */
import { ConfigError, ConflictError, NotFoundError } from "../../model/errors";
import type { UserKey } from "../../model/connection-rows";
import { readPrivateKey } from "../../model/private-key";
import { formatCount } from "../../model/units";
import { putUserKeySchema, userKeySchema, userParamsSchema } from "../connection-contracts";
import { route, type Route } from "../route";

/** About 4 kB of memory each. */
const userKeysMax = 100_000;

const put = route({
  method: "put",
  path: "/api/v1/users/{userId}/ssh-key",
  access: "broker",
  summary: "Keeps the private key with which the user enters by SSH, in place of the one before",
  params: userParamsSchema,
  body: putUserKeySchema,
  secretFields: ["privateKey", "passphrase"],
  responses: { 200: userKeySchema },
  async handle({ params, body }, context) {
    const { ledger, clock } = context.leader();
    const { userId } = params;
    const { privateKey, passphrase, takesAnyKey = false } = body;
    const reading = readPrivateKey({ privateKey, passphrase }, takesAnyKey);
    if (reading.kind === "bad") {
      throw ConfigError.of([{ path: reading.field, message: `got a secret; ${reading.message}` }]);
    }
    const { userKeys } = ledger.state;
    if (!userKeys.has(userId) && userKeys.size >= userKeysMax) {
      throw new ConflictError(
        `${formatCount(userKeysMax, "user")} have a key, the most there may be; delete some first`,
      );
    }
    const { publicKey, fingerprint } = reading;
    const kept = { userId, privateKey: privateKey.trim(), ...(passphrase === undefined ? {} : { passphrase }) };
    const row: UserKey = { ...kept, publicKey, fingerprint, updatedAtMs: clock.now() };
    await ledger.commit([{ kind: "put", table: "userKey", row }]);
    return { status: 200, body: viewKey(row) };
  },
});

const read = route({
  method: "get",
  path: "/api/v1/users/{userId}/ssh-key",
  access: "broker",
  summary: "Which SSH key the user has: its fingerprint and since when, never the key",
  params: userParamsSchema,
  responses: { 200: userKeySchema },
  async handle({ params }, context) {
    const row = context.leader().ledger.state.userKeys.get(params.userId);
    if (!row) throw unknownKey(params.userId);
    return { status: 200, body: viewKey(row) };
  },
});

const remove = route({
  method: "delete",
  path: "/api/v1/users/{userId}/ssh-key",
  access: "broker",
  summary: "Forgets the user's SSH key",
  params: userParamsSchema,
  responses: { 204: undefined },
  async handle({ params }, context) {
    const { ledger } = context.leader();
    if (!ledger.state.userKeys.has(params.userId)) throw unknownKey(params.userId);
    await ledger.commit([{ kind: "delete", table: "userKey", id: params.userId }]);
    return { status: 204 };
  },
});

function viewKey({ userId, fingerprint, updatedAtMs }: UserKey) {
  return { sshKey: { userId, fingerprint, updatedAtMs } };
}

function unknownKey(userId: string): NotFoundError {
  return new NotFoundError(`user "${userId}" has no SSH key here`);
}

export const userKeyRoutes: readonly Route[] = [read, put, remove];
