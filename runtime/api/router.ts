/** Finds the route of a request in the route table, in time that depends on the path alone. */
import type { IncomingHttpHeaders } from "node:http";
import type { Route } from "./route";
import { RequestError } from "./error-answers";
import { decodeSegment } from "./target";

interface Branch {
  readonly byName: Map<string, Branch>;
  /** Where any other segment leads. */
  parameter?: Branch;
  /** By method in upper case, in the order of the table. */
  readonly routes: Map<string, PlacedRoute>;
}

interface PlacedRoute {
  readonly route: Route;
  /** Names of the parameters in the order of the path. */
  readonly parameters: readonly string[];
}

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export class Router {
  private readonly root = createBranch();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.add(route);
  }

  /** Throws {@link RequestError}: 404 for an unknown path, 405 for a method it does not have, 400 for bad escapes. */
  find(method: string, path: string): Match {
    const values: string[] = [];
    const branch = this.branchOf(path, values);
    if (!branch || branch.routes.size === 0) throw unknownPath();
    const found = branch.routes.get(method) ?? (method === "HEAD" ? headOf(branch) : undefined);
    if (!found) throw wrongMethod(method, [...branch.routes.keys()]);
    return { route: found.route, params: nameAll(found.parameters, values) };
  }

  /** True where a route of the path, whatever its method, is busy. */
  isBusy(path: string): boolean {
    const routes = this.branchOf(path, [])?.routes.values() ?? [];
    return [...routes].some(({ route }) => route.isBusy);
  }

  /** True where a route of the path, whatever its method, is answered by the leader alone. */
  needsLeader(path: string): boolean {
    const routes = this.branchOf(path, [])?.routes.values() ?? [];
    return [...routes].some(({ route }) => route.access !== "public" && route.isOfThisProcess !== true);
  }

  /** True where doing a request twice is the same as doing it once: by its method (RFC 9110), or by its idempotency key. */
  isRepeatable(method: string, path: string, headers: IncomingHttpHeaders): boolean {
    if (method !== "POST" && method !== "PATCH") return true;
    const route = this.branchOf(path, [])?.routes.get(method)?.route;
    return route?.takesIdempotencyKey === true && headers["idempotency-key"] !== undefined;
  }

  /** Gathers the segments that stand where the table has parameters. */
  private branchOf(path: string, values: string[]): Branch | undefined {
    let branch = this.root;
    for (const segment of segmentsOf(path)) {
      const named = branch.byName.get(segment);
      if (!named && (segment === "" || !branch.parameter)) return undefined;
      if (!named) values.push(segment);
      branch = named ?? branch.parameter!;
    }
    return branch;
  }

  private add(route: Route): void {
    const parameters: string[] = [];
    let branch = this.root;
    for (const segment of segmentsOf(route.path)) {
      const name = /^\{(\w+)\}$/.exec(segment)?.[1];
      if (name !== undefined) {
        parameters.push(name);
        branch = branch.parameter ??= createBranch();
        continue;
      }
      const next = branch.byName.get(segment) ?? createBranch();
      branch.byName.set(segment, next);
      branch = next;
    }
    branch.routes.set(route.method.toUpperCase(), { route, parameters });
  }
}

/** What a GET would answer, without its body; a stream of events has no end to wait for, so it has no head of its own. */
function headOf({ routes }: Branch): PlacedRoute | undefined {
  const found = routes.get("GET");
  return found?.route.isEventStream ? undefined : found;
}

function createBranch(): Branch {
  return { byName: new Map(), routes: new Map() };
}

/** `/a/b` → `a`, `b`. A path that ends in a slash has an empty last segment, which no route has. */
function segmentsOf(path: string): string[] {
  return path.startsWith("/") ? path.slice(1).split("/") : [""];
}

function unknownPath(): RequestError {
  return new RequestError(404, "notFound", "no such route; GET /api/v1/openapi.json lists all");
}

function wrongMethod(method: string, possible: readonly string[]): RequestError {
  const allowed = possible.join(", ");
  return new RequestError(405, "methodNotAllowed", `${method} is not possible here; use ${allowed}`, {
    allow: allowed,
  });
}

function nameAll(names: readonly string[], values: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) params[name] = decodeSegment(values[index]!);
  return params;
}
