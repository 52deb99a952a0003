/**
 * The HTTP front: Express, with the whole API mounted in it.
 *
 * One route table and one handler ({@link Api}) have two doors. What people and tools ask for comes through Express. The
 * routes of sessions and node calls, of which thousands come per second, are answered before it, because Express alone
 * takes about 110 µs of processor time for a request and all the rest about 40 µs (`npm run bench -- --only doors`).
 */
import type { RequestListener } from "node:http";
import express from "express";
import type { ApiBackend } from "./backend";
import { serveSite, type Site } from "./site";
import type { Route } from "./route";
import { Router } from "./router";
import { Api } from "./server";
import { splitTarget } from "./target";

/** `site`: the dashboard, shown at `/`, and the documentation at `/docs`; absent = none, and these are no routes. */
export function createFront(backend: ApiBackend, routes: readonly Route[], site?: Site): RequestListener {
  const router = new Router(routes);
  const api = new Api(backend, router);
  const serve: RequestListener = (request, response) => void api.serve(request, response);
  const front = express().disable("x-powered-by");
  if (site) front.use(serveSite(site, backend.proxies));
  front.use(serve);
  return (request, response) => {
    if (router.isBusy(splitTarget(request.url ?? "").path)) return serve(request, response);
    // What Express can't route, such as the target `*`, the API refuses in its own words.
    front(request as express.Request, response as express.Response, () => serve(request, response));
  };
}
