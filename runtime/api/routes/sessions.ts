import { BugError, NoCapacityError, NotFoundError } from "../../model/errors";
import type { Session } from "../../model/state";
import {
  errorSchema,
  idParamsSchema,
  listMax,
  requestSessionSchema,
  sessionAnswerSchema,
  sessionQuerySchema,
  sessionsSchema,
  sessionStatusSchema,
} from "../contracts";
import { route, type Answer, type Route } from "../route";
import type { Leader } from "../backend";
import { viewSession } from "../views";

const request = route({
  method: "post",
  path: "/api/v1/sessions",
  access: "broker",
  summary: "Asks for a session: placed at once (201), queued (202), or refused with the first failing constraint (422)",
  body: requestSessionSchema,
  responses: { 201: sessionAnswerSchema, 202: sessionAnswerSchema, 422: errorSchema },
  takesIdempotencyKey: true,
  async handle({ body }, context) {
    const leader = context.leader();
    let answer: Answer | undefined;
    const outcome = await leader.broker.requestSession(body, (session, position) => {
      answer = {
        status: session.status === "queued" ? 202 : 201,
        body: { session: viewSession(session, leader.ledger.state, position) },
      };
      return context.answerChanges(answer);
    });
    if (outcome.kind === "refused") throw new NoCapacityError(outcome.reason.text, { sessionId: outcome.sessionId });
    if (!answer) throw new BugError("a session was made without an answer");
    return answer;
  },
});

const list = route({
  method: "get",
  path: "/api/v1/sessions",
  access: "viewer",
  summary: "Sessions that have not ended, the queue in its order",
  query: sessionQuerySchema,
  responses: { 200: sessionsSchema },
  async handle({ query }, context) {
    const { state } = context.leader().ledger;
    const positions = new Map(state.queue().map((session, index) => [session.sessionId, index + 1]));
    const all = query.status === "queued" ? state.queue() : [...state.sessions.values()];
    const wanted = all.filter(({ status }) => query.status === undefined || status === query.status);
    const sessions = wanted
      .slice(0, listMax)
      .map((session) => viewSession(session, state, positions.get(session.sessionId)));
    return { status: 200, body: { sessions, total: wanted.length } };
  },
});

const read = route({
  method: "get",
  path: "/api/v1/sessions/{id}",
  access: "viewer",
  summary: "One session, also after it ended",
  params: idParamsSchema,
  responses: { 200: sessionAnswerSchema },
  async handle({ params }, context) {
    const session = await findSession(params.id, context.leader());
    return { status: 200, body: { session: viewSession(session, context.leader().ledger.state) } };
  },
});

/** Live or ended; a {@link NotFoundError} when there never was one. */
export async function findSession(sessionId: string, { ledger, store }: Leader): Promise<Session> {
  const live = ledger.state.sessions.get(sessionId);
  if (live) return live;
  // It may have ended in memory a moment ago: the store knows once everything committed is durable.
  await ledger.settled();
  const session = await store.session(sessionId);
  if (!session) throw new NotFoundError(`there is no session "${sessionId}"`);
  return session;
}

const setStatus = route({
  method: "put",
  path: "/api/v1/sessions/{id}/status",
  access: "broker",
  summary: "Says that a placed session runs, is paused or is stopped",
  params: idParamsSchema,
  body: sessionStatusSchema,
  responses: { 200: sessionAnswerSchema },
  async handle({ params, body }, context) {
    const leader = context.leader();
    const session = await leader.broker.setSessionStatus(params.id, body.status);
    return { status: 200, body: { session: viewSession(session, leader.ledger.state) } };
  },
});

const release = route({
  method: "delete",
  path: "/api/v1/sessions/{id}",
  access: "broker",
  summary: "Ends a session, or cancels it while it is queued; harmless when it has ended",
  params: idParamsSchema,
  responses: { 200: sessionAnswerSchema },
  async handle({ params }, context) {
    const leader = context.leader();
    const isLive = leader.ledger.state.sessions.has(params.id);
    const session = isLive ? await leader.broker.releaseSession(params.id) : await findSession(params.id, leader);
    return { status: 200, body: { session: viewSession(session, leader.ledger.state) } };
  },
});

export const sessionRoutes: readonly Route[] = [request, release, setStatus, read, list];
