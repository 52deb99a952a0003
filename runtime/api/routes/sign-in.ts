/** Signing in and out by a browser, see `sign-in.ts`. */
import { UnauthorizedError } from "../../model/errors";
import { allows } from "../api-keys";
import { route, type Route, type RouteContext } from "../route";
import { clearedCookie, signIn, signOut } from "../sign-in";
import { signInSchema, type SignInView } from "../sign-in-contracts";

const path = "/api/v1/sign-in";

const begin = route({
  method: "post",
  path,
  access: "viewer",
  summary: "Gives the browser that shows an API key a cookie instead, for 12 hours",
  responses: { 200: signInSchema },
  async handle(_input, context) {
    const { apiKeySecret: secret, clock } = context.leader();
    const apiKey = keyOf(context);
    if (context.signIn) return { status: 200, body: viewOf(context) };
    const { isHttps } = context;
    const begun = signIn(apiKey, { secret, nowMs: clock.now(), isHttps });
    const headers = { "set-cookie": begun.cookie };
    return { status: 200, body: viewOf({ ...context, signIn: begun.signIn }), headers };
  },
});

const read = route({
  method: "get",
  path,
  access: "viewer",
  summary: "Who asks: name and scope of the key, and until when the browser is signed in",
  responses: { 200: signInSchema },
  async handle(_input, context) {
    return { status: 200, body: viewOf(context) };
  },
});

const end = route({
  method: "delete",
  path,
  access: "viewer",
  summary: "Signs the browser out: its cookie is never good again",
  responses: { 204: undefined },
  async handle(_input, context) {
    const { ledger, clock } = context.leader();
    const row = ledger.state.apiKeys.get(keyOf(context).name);
    if (context.signIn && row) {
      await ledger.commit([{ kind: "put", table: "apiKey", row: signOut(row, context.signIn, clock.now()) }]);
    }
    return { status: 204, headers: { "set-cookie": clearedCookie(context.isHttps) } };
  },
});

function keyOf({ apiKey }: RouteContext): NonNullable<RouteContext["apiKey"]> {
  if (!apiKey) throw new UnauthorizedError("show an API key");
  return apiKey;
}

function viewOf(context: Pick<RouteContext, "apiKey" | "signIn">): SignInView {
  const { name, scope } = context.apiKey!;
  if (!context.signIn) return { name, scope };
  return { name, scope: allows(scope, "operator") ? "operator" : scope, untilMs: context.signIn.untilMs };
}

export const signInRoutes: readonly Route[] = [begin, read, end];
