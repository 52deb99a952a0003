/** The key with which what is secret in the database is sealed. */
import type { SecretsState } from "../../store/resealing";
import { route, type Route } from "../route";
import { secretsStateSchema, type SecretsStateView } from "../secrets-contracts";

const show = route({
  method: "get",
  path: "/api/v1/secrets",
  access: "admin",
  summary: "Id of the key that seals secrets in the database, and how many rows wait to be sealed with it",
  responses: { 200: secretsStateSchema },
  async handle(_input, context) {
    return { status: 200, body: viewSecrets(await context.leader().secrets.state()) };
  },
});

const rotate = route({
  method: "post",
  path: "/api/v1/secrets/rotate",
  access: "admin",
  summary:
    "Makes a new key and seals everything with it while the runtime serves; the older key goes when no row needs it",
  responses: { 202: secretsStateSchema },
  async handle(_input, context) {
    return { status: 202, body: viewSecrets(await context.leader().secrets.rotate()) };
  },
});

function viewSecrets({ keyId, olderKeyIds, rows, toSeal }: SecretsState): SecretsStateView {
  return { keyId, olderKeyIds: [...olderKeyIds], rows, toSeal };
}

export const secretsRoutes: readonly Route[] = [show, rotate];
