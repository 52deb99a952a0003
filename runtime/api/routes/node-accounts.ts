/** Accounts that the service in a VM makes for sessions, with credential type `dynamic`; see `broker/session-accounts.ts`. */
import { UnauthorizedError, UnavailableError } from "../../model/errors";
import { AccountWaits } from "../account-waits";
import type { Leader } from "../backend";
import { accountsQuerySchema, nodeAccountsSchema, presentAccountsSchema } from "../connection-contracts";
import { idParamsSchema } from "../contracts";
import { route, type Route, type RouteContext } from "../route";
import { noStore } from "./connections";

async function admit(nodeId: string, { bearer, leader }: RouteContext): Promise<Leader> {
  if (bearer === undefined) throw new UnauthorizedError("send the node's token as bearer");
  const current = leader();
  await current.accounts.admit(bearer, nodeId);
  return current;
}

async function view(nodeId: string, { accounts }: Leader) {
  const { version, accounts: rows } = await accounts.list(nodeId);
  const told = rows.map(({ accountId, userName, password, publicKey }) => ({
    accountId,
    userName,
    password,
    ...(publicKey === undefined ? {} : { publicKey }),
  }));
  return { version, accounts: told };
}

/** One per server: who waits, waits here. */
export function nodeAccountRoutes(waits = new AccountWaits()): readonly Route[] {
  const list = route({
    method: "get",
    path: "/api/v1/nodes/{id}/accounts",
    access: "node",
    summary:
      "The accounts that the node should have for its sessions; with `after`, the version known, it answers when there is another one, after 25 s at the latest",
    params: idParamsSchema,
    query: accountsQuerySchema,
    responses: { 200: nodeAccountsSchema },
    async handle({ params, query }, context) {
      const leader = await admit(params.id, context);
      const body = await view(params.id, leader);
      if (query.after !== body.version) return { status: 200, headers: noStore, body };
      const leads = (): boolean => context.backend.current() === leader;
      await waits.until(() => !leads() || leader.accounts.hasChanged(params.id, body.version), context.backend.clock);
      if (!leads()) throw new UnavailableError("this runtime leads no more; ask again");
      await admit(params.id, context);
      return { status: 200, headers: noStore, body: await view(params.id, leader) };
    },
  });
  const report = route({
    method: "post",
    path: "/api/v1/nodes/{id}/accounts",
    access: "node",
    summary: "Which of its accounts the node has now; their sessions can then be entered",
    params: idParamsSchema,
    body: presentAccountsSchema,
    responses: { 200: presentAccountsSchema },
    async handle({ params, body }, context) {
      const { accounts } = await admit(params.id, context);
      await accounts.report(params.id, body.present);
      return { status: 200, body };
    },
  });
  return [list, report];
}
