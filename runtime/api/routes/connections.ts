/** How a portal gets users into their sessions. Answers hold secrets: nothing keeps them, and each is told in the journal. */
import { ConflictError, GoneError } from "../../model/errors";
import { Journal } from "../../model/journal";
import type { Session } from "../../model/state";
import { connectionOfSession, type SessionConnection } from "../../broker/session-connection";
import type { Leader } from "../backend";
import { connectionAnswerSchema, connectionQuerySchema } from "../connection-contracts";
import { errorSchema, idParamsSchema } from "../contracts";
import { RequestError } from "../error-answers";
import { guacamoleDocument, guacamoleValidMs, sealForGuacamole } from "../guacamole";
import { RateLimiter } from "../rate-limit";
import { route, type Answer, type Route, type RouteContext } from "../route";
import { findSession, viewPresent } from "./sessions";

/** Of one API key. A class of 500 that starts at once gets in; a stolen key does not empty a site in seconds. */
const connectionsPerMinute = 1_200;

/** Answers with secrets are kept nowhere. */
export const noStore = { "cache-control": "no-store" };

/** Soon enough for a user who waits, and no flood from a portal that asks for hundreds. */
const retryAfterSeconds = 2;

/** One per server: it has a limit of its own, beside that of all requests. */
export function connectionRoutes(): readonly Route[] {
  let limiter: RateLimiter | undefined;
  const read = route({
    method: "get",
    path: "/api/v1/sessions/{id}/connection",
    access: "broker",
    summary:
      "How the session's user gets into its server, with credentials; 409 while it is not ready, 410 once it has ended",
    params: idParamsSchema,
    query: connectionQuerySchema,
    responses: { 200: connectionAnswerSchema, 409: errorSchema, 410: errorSchema },
    async handle({ params, query }, context) {
      limiter ??= new RateLimiter(context.backend.clock, connectionsPerMinute);
      limiter.count("key", context.apiKey?.name ?? "");
      const leader = context.leader();
      leader.broker.seeRequester(params.id);
      const session = await findSession(params.id, leader);
      const connection = await readyConnection(session, leader);
      const answer = query.as === "guacamole" ? asGuacamole(connection, session, context) : { connection };
      await noteRead(session, connection, context);
      return { status: 200, headers: noStore, body: answer } satisfies Answer;
    },
  });
  return [read];
}

async function readyConnection(session: Session, leader: Leader): Promise<SessionConnection> {
  const { sessionId, status, nodeId, reason } = session;
  if (status === "ended") throw new GoneError(`session ${sessionId} has ended: ${reason.text}`);
  const node = nodeId === undefined ? undefined : leader.ledger.state.nodes.get(nodeId);
  if (status === "staged") throw new ConflictError(`session ${sessionId} is staged: it is nobody's yet`);
  if (!node) {
    const { phase = status } = viewPresent(session, leader);
    throw notReady(`session ${sessionId} has no node yet, it is ${phase}: ${reason.text}`);
  }
  const account = await leader.accounts.accountOf(session);
  // It may have ended meanwhile, and its node be somebody else's.
  const now = await findSession(sessionId, leader);
  if (now.status === "ended") throw new GoneError(`session ${sessionId} has ended: ${now.reason.text}`);
  const outcome = connectionOfSession(session, node, leader.ledger.state, account);
  if (outcome.kind === "ready") return outcome.connection;
  if (outcome.kind === "notReady") throw notReady(outcome.text);
  throw new ConflictError(outcome.text);
}

function notReady(text: string): RequestError {
  return new RequestError(409, "notReady", text, { ...noStore, "retry-after": String(retryAfterSeconds) });
}

function asGuacamole(connection: SessionConnection, session: Session, { backend }: RouteContext) {
  if (backend.guacamoleKey === undefined) {
    throw new ConflictError("this runtime has no key of a Guacamole; start it with --guacamole-key-file");
  }
  const expiresAtMs = backend.clock.now() + guacamoleValidMs;
  const document = guacamoleDocument(connection, session, expiresAtMs);
  if (!document) {
    throw new ConflictError(`Guacamole makes no connection of type ${connection.type}; it makes rdp, ssh and vnc`);
  }
  return { guacamole: { data: sealForGuacamole(JSON.stringify(document), backend.guacamoleKey), expiresAtMs } };
}

/** Who was told when, without what. */
async function noteRead(session: Session, { type }: SessionConnection, context: RouteContext): Promise<void> {
  const { ledger } = context.leader();
  const { clock, rng } = context.backend;
  const apiKey = context.apiKey?.name ?? "";
  const reason = {
    code: "connectionTold",
    text: `its connection (${type}) was told to API key "${apiKey}"`,
    numbers: { apiKey, type },
  };
  const decision = new Journal(clock, rng).entry("session", session.sessionId, "connectionTold", reason);
  await ledger.commit([{ kind: "decision", decision }]);
}
