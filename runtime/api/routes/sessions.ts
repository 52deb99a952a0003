import { NoCapacityError, NotFoundError } from "../../model/errors";
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
  type SessionView,
} from "../contracts";
import { ProgressReader } from "../../planner/explain/progress";
import { route, type Route } from "../route";
import type { Leader } from "../backend";
import type { SessionFeed } from "../session-feed";
import { viewSession } from "../views";

const request = route({
  method: "post",
  path: "/api/v1/sessions",
  access: "broker",
  summary: "Asks for a session: placed at once (201), queued (202), or refused with the first failing constraint (422)",
  body: requestSessionSchema,
  responses: { 201: sessionAnswerSchema, 202: sessionAnswerSchema, 422: errorSchema },
  isOfItsCommit: true,
  takesIdempotencyKey: true,
  async handle({ body }, context) {
    context.countUser(body.userId);
    const { broker, ledger, clock } = context.leader();
    const { outcome, commit } = broker.decideSession(body);
    if (outcome.kind === "refused") {
      await commit();
      throw new NoCapacityError(outcome.reason.text, { sessionId: outcome.sessionId, reason: outcome.reason.code });
    }
    const { session } = outcome;
    const place = outcome.kind === "queued" ? { position: outcome.position } : {};
    const progress = new ProgressReader(ledger.state, clock.now()).of(session);
    const view = viewSession(session, ledger.state, { ...place, ...progress });
    const answer = { status: outcome.kind === "queued" ? 202 : 201, body: { session: view } };
    await commit(context.answerChanges(answer));
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
    const reader = new ProgressReader(state, context.leader().clock.now());
    const all = query.status === "queued" ? state.queue() : [...state.sessions.values()];
    const wanted = all.filter(({ status }) => query.status === undefined || status === query.status);
    const sessions = wanted.slice(0, listMax).map((session) => viewSession(session, state, reader.of(session)));
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
    const leader = context.leader();
    leader.broker.seeRequester(params.id);
    return { status: 200, body: { session: viewPresent(await findSession(params.id, leader), leader) } };
  },
});

/** With its progress at this moment. */
export function viewPresent(session: Session, { ledger, clock }: Leader): SessionView {
  return viewSession(session, ledger.state, new ProgressReader(ledger.state, clock.now()).of(session));
}

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
    return { status: 200, body: { session: viewPresent(session, leader) } };
  },
});

const release = route({
  method: "delete",
  path: "/api/v1/sessions/{id}",
  access: "broker",
  summary: "Ends a session, or cancels it while it is queued; harmless when it has ended",
  params: idParamsSchema,
  isOfItsCommit: true,
  responses: { 200: sessionAnswerSchema },
  async handle({ params }, context) {
    const leader = context.leader();
    let view: SessionView;
    if (leader.ledger.state.sessions.has(params.id)) {
      const { outcome, commit } = leader.broker.decideRelease(params.id);
      view = viewPresent(outcome, leader);
      await commit();
    } else {
      view = viewPresent(await findSession(params.id, leader), leader);
      await leader.ledger.settled();
    }
    return { status: 200, body: { session: view } };
  },
});

function events(feed: SessionFeed): Route {
  return route({
    method: "get",
    path: "/api/v1/sessions/{id}/events",
    access: "viewer",
    summary:
      "The session's changes as server-sent events (`session`, and a last `end`) until it runs or has ended; at a limit of streams 503: poll instead",
    params: idParamsSchema,
    isEventStream: true,
    responses: { 200: sessionAnswerSchema, 204: undefined },
    async handle({ params }, context) {
      const session = await findSession(params.id, context.leader());
      return feed.answer(session, context);
    },
  });
}

export function sessionRoutes(feed: SessionFeed): readonly Route[] {
  return [request, release, setStatus, read, list, events(feed)];
}
