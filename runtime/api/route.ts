/**
 * The shape of the route table. One entry says everything about a route: the server, the OpenAPI document and the
 * tests of every route are made from it.
 */
import type { ServerResponse } from "node:http";
import { z } from "zod";
import { problemsOf } from "../model/config";
import { ConfigError, type Problem } from "../model/errors";
import type { ApiKey, ApiScope } from "../model/state";
import type { Change } from "../model/changes";
import type { ApiBackend, Leader } from "./backend";
import type { SignIn } from "./sign-in";

/** What a caller must show: an API key of at least this scope, a node's own token, or nothing. */
export type RouteAccess = ApiScope | "node" | "public";

export interface Answer {
  readonly status: number;
  /** Absent = no body. */
  readonly body?: unknown;
  /** Beside those of every answer; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of a body: writes to the response, whose head is sent, and ends it in its own time. Must not throw. */
  readonly stream?: (response: ServerResponse) => void;
}

/** What a handler gets besides its parsed input. */
export interface RouteContext {
  readonly backend: ApiBackend;
  /** Only routes with `public` access may be reached while it throws `UnavailableError`: on a standby. */
  leader(): Leader;
  /** The key of the caller; undefined on node routes. */
  readonly apiKey?: ApiKey;
  /** Of a browser that came with the cookie of its sign-in instead of the key. */
  readonly signIn?: SignIn;
  /** The caller came by https, as far as the connection and trusted proxies tell. */
  readonly isHttps: boolean;
  /** Token of the `Authorization` header, on node routes. */
  readonly bearer?: string;
  /**
   * With an idempotency key: the rows that keep this answer, to be committed together with its effect, so that a retry
   * gets the same answer even after a crash. Empty without one.
   */
  answerChanges(answer: Answer): Change[];
  /** Counts a request for this user, whoever sends it; throws beyond the limit. */
  countUser(userId: string): void;
  /** The last server-sent event that the caller has seen, when it connects again. */
  readonly lastEventId?: string;
  /** The caller's idempotency key, already bound to caller and route. */
  readonly idempotencyKey?: string;
}

interface TypedRoute<P, Q, B> {
  readonly method: "get" | "post" | "put" | "delete";
  /** With parameters as in OpenAPI: `/api/v1/nodes/{id}`. */
  readonly path: string;
  readonly access: RouteAccess;
  /** One sentence for the OpenAPI document. */
  readonly summary: string;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** Fields of the body that no refusal may tell, see `model/secret-paths.ts`. Default none. */
  readonly secretFields?: readonly string[];
  /** Schema of the body by status; `undefined` = no body. */
  readonly responses: Readonly<Record<number, z.ZodType | undefined>>;
  /** Type of a good answer that is text and no JSON; `responses` has its schema. */
  readonly textType?: string;
  /** True where the answer is a stream of server-sent events; `responses` has the schema of their data. */
  readonly isEventStream?: boolean;
  /**
   * True where a good answer is made before the commit that it waits for, and so tells of nothing later. All others wait
   * until everything committed up to their making is durable.
   */
  readonly isOfItsCommit?: boolean;
  /** True where an `Idempotency-Key` header is honoured. */
  readonly takesIdempotencyKey?: boolean;
  /**
   * True where each process answers for itself, also one that stands by. That one knows no keys, so it answers anybody and
   * must tell of nothing but itself.
   */
  readonly isOfThisProcess?: boolean;
  /** True where requests come by the thousand per second: they take the short door, see `front.ts`. */
  readonly isBusy?: boolean;
  handle(input: { readonly params: P; readonly query: Q; readonly body: B }, context: RouteContext): Promise<Answer>;
}

export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

export interface Route extends Omit<TypedRoute<unknown, unknown, unknown>, "handle"> {
  /** Parses and handles; throws {@link ConfigError} with every problem of path, query and body. */
  run(raw: RawInput, context: RouteContext): Promise<Answer>;
}

const nothing = z.strictObject({});

/** Checks a route's types and erases them. */
export function route<P = object, Q = object, B = undefined>(typed: TypedRoute<P, Q, B>): Route {
  const paramsSchema = (typed.params ?? nothing) as z.ZodType<P>;
  const querySchema = (typed.query ?? nothing) as z.ZodType<Q>;
  return {
    ...typed,
    run(raw, context) {
      const params = paramsSchema.safeParse(raw.params);
      const query = querySchema.safeParse(raw.query);
      const body = typed.body?.safeParse(raw.body);
      if (params.success && query.success && (body === undefined || body.success)) {
        const answer = typed.handle({ params: params.data, query: query.data, body: body?.data as B }, context);
        const isFree = typed.access === "public" || typed.isOfThisProcess;
        return isFree ? answer : settled(answer, context, typed.isOfItsCommit ?? false);
      }
      const problems: Problem[] = [];
      if (!params.success) problems.push(...problemsOf(params.error, raw.params));
      if (!query.success) problems.push(...problemsOf(query.error, raw.query, [], querySchema));
      if (body && !body.success) problems.push(...problemsOf(body.error, raw.body, typed.secretFields, typed.body));
      throw ConfigError.of(problems);
    },
  };
}

/** Nothing leaves that a crash could take back: neither a good answer nor a refusal. */
async function settled(answering: Promise<Answer>, context: RouteContext, isOfItsCommit: boolean): Promise<Answer> {
  let mustWait = true;
  try {
    const answer = await answering;
    mustWait = !isOfItsCommit;
    return answer;
  } finally {
    if (mustWait) await context.leader().ledger.settled();
  }
}
