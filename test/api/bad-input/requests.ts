/** Requests by a seed, for every route of the table: close to good ones, and wrong in every part of them. */
import { gzipSync } from "node:zlib";
import { z } from "zod";
import type { Route } from "../../../runtime/api/route";
import { definitionKinds, definitionSchemas, type DefinitionKind } from "../../../runtime/model/config";
import type { SeededRng } from "../../support/virtual-clock";
import { chance, goodValue, pick, spoil, strangeTexts, strangeValue, type Hints, type JsonSchema } from "./values";
import type { WireRequest } from "./wire";

/** Names that exist in the world of the run, so that many requests reach deep. */
export interface Known {
  readonly keys: readonly string[];
  readonly nodeTokens: readonly string[];
  readonly nodeIds: readonly string[];
  sessionIds: string[];
}

const texts = (...values: readonly unknown[]): readonly unknown[] => values;

/** Good values by the name of the field. New fields need none: the schema's own type is tried. */
export const hints: Hints = {
  name: texts("eu", "us", "agents", "servers", "here", "agents-eu", "servers-eu", "office", "desk", "x1"),
  zone: texts("eu", "us"),
  zones: texts("eu", "us"),
  pool: texts("agents", "servers"),
  pools: texts("agents", "servers"),
  vmProvider: texts("here", "cloud"),
  dnsProvider: texts("here"),
  autoscaleConfig: texts("agents-eu", "servers-eu"),
  workspace: texts("office", "desk"),
  memory: texts("2GiB", "512MiB", "8GB"),
  memoryOverride: texts("0MB", "16GiB"),
  standbyMemory: texts("0MB", "4GiB"),
  upstreamAuthAddress: texts("10.0.0.1:8700", "headroom.example", "[fe80::1]:443"),
  address: texts("10.0.0.9", "host.example"),
  start: texts("08:00", "22:30", "00:00:00"),
  end: texts("18:00", "06:00", "24:00", "23:59"),
  timezone: texts("UTC", "Europe/Berlin", "Australia/Lord_Howe"),
  dates: texts("2026-01-01", "2028-02-29"),
  exceptDates: texts("2026-12-24", "2028-02-29"),
  leadTime: texts("auto", "10m", "0s"),
  baseDomainName: texts("vms.example.com"),
  text: texts("#!/bin/sh\necho {server_id} {{x}}\n", "{checkin_jwt}", "plain"),
  owner: texts("test", "urn:pulumi:dev::p::t::n"),
  settings: texts({}, { region: "eu-west-1" }, { cores: 4, memory: "8GiB" }, awsSettings()),
  status_progress: texts(50, "100", "12.5%"),
  maxInstances: texts(1, 5, 100),
  maxNodes: texts(1, 5),
};

function awsSettings(): object {
  return {
    region: "eu-west-1",
    amiId: "ami-0123456789abcdef0",
    instanceType: "t3.large",
    securityGroupIds: ["sg-1"],
    subnetId: "subnet-1",
    tags: { team: "x" },
    metadataOptions: { httpTokens: "optional" },
    spot: { maxPrice: "0.05" },
    configOverride: { instance_config: { Monitoring: { Enabled: true }, MetadataOptions: { HttpTokens: "required" } } },
    inputOverride: { ebsOptimized: true },
  };
}

function asJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

function durationHints(schema: JsonSchema, into: Record<string, readonly unknown[]> = {}): Hints {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (/Timeout$|Backoff$|Age$|PreWarm$|leadTime$|Expir|ttl/i.test(name) && field.type === "string" && !field.enum) {
      into[name] ??= ["5m", "900s", "2h", "1d"];
    }
    durationHints(field, into);
  }
  for (const option of schema.oneOf ?? schema.anyOf ?? []) durationHints(option, into);
  return into;
}

function weightOf({ body, path }: Route): number {
  if (!body) return 1;
  return path.includes("definitions") ? 12 : 3;
}

export class RequestMaker {
  private readonly bodies = new Map<Route, JsonSchema>();
  private readonly documents: ReadonlyMap<DefinitionKind, JsonSchema>;
  private readonly hints: Hints;
  /** Routes with a body come more often, those that take documents most. */
  private readonly weighted: readonly Route[];

  constructor(
    private readonly routes: readonly Route[],
    private readonly known: Known,
  ) {
    for (const route of routes) if (route.body) this.bodies.set(route, asJsonSchema(route.body));
    this.weighted = routes.flatMap((route) => Array<Route>(weightOf(route)).fill(route));
    this.documents = new Map(definitionKinds.map((kind) => [kind, asJsonSchema(definitionSchemas[kind])]));
    const durations = Object.assign(
      {},
      ...[...this.documents.values()].map((schema) => durationHints(schema)),
    ) as Hints;
    this.hints = { ...durations, ...hints };
  }

  make(rng: SeededRng): WireRequest {
    const route = pick(rng, this.weighted);
    const kind = pick(rng, definitionKinds);
    const body = this.bodyOf(route, kind, rng);
    const method = chance(rng, 4) ? pick(rng, strangeMethods) : route.method.toUpperCase();
    const path = this.pathOf(route, kind, body, rng);
    const hasBody = route.body !== undefined ? chance(rng, 97) : chance(rng, 5);
    const bytes = hasBody ? encode(body, rng) : undefined;
    const headers = this.headersOf(route, bytes !== undefined, rng);
    const cutAfter = bytes && bytes.length > 1 && chance(rng, 1) ? rng.below(bytes.length) : undefined;
    return compress(
      { method, path, headers, ...(bytes ? { body: bytes } : {}), ...(cutAfter ? { cutAfter } : {}) },
      rng,
    );
  }

  private bodyOf(route: Route, kind: DefinitionKind, rng: SeededRng): unknown {
    const schema = this.bodies.get(route);
    if (!schema) return strangeValue(rng);
    const good = goodValue(schema, rng, this.hints) as Record<string, unknown>;
    if ("doc" in good) good["doc"] = goodValue(this.documents.get(kind)!, rng, this.hints);
    if ("kind" in good) good["kind"] = kind;
    if (Array.isArray(good["pending"])) {
      good["pending"] = definitionKinds
        .slice(0, rng.below(4))
        .map((other) => ({ kind: other, owner: "test", doc: goodValue(this.documents.get(other)!, rng, this.hints) }));
    }
    return chance(rng, 35) ? good : spoil(good, rng);
  }

  private pathOf(route: Route, kind: DefinitionKind, body: unknown, rng: SeededRng): string {
    const name = (body as { doc?: { name?: unknown } } | null)?.doc?.name;
    const filled = route.path.replace(/\{(\w+)\}/g, (_, parameter: string) => {
      if (chance(rng, 12)) return encodeURIComponent(wellFormed(pick(rng, strangeTexts).slice(0, 300)));
      if (chance(rng, 3)) return pick(rng, ["%", "%00", "%zz", "%E0%A4%A", "..", ".", "", "a/b", "\u00e9", " "]);
      if (parameter === "kind") return kind;
      if (parameter === "subject") return pick(rng, ["node", "session", "config"]);
      if (parameter === "name")
        return typeof name === "string" && name.length < 60 ? encodeURIComponent(wellFormed(name)) : "eu";
      return pick(rng, [...this.known.nodeIds, ...this.known.sessionIds, "agents-eu", "nobody"]);
    });
    return filled + this.queryOf(route, rng);
  }

  private queryOf(route: Route, rng: SeededRng): string {
    const parts: string[] = [];
    const schema = route.query ? asJsonSchema(route.query) : undefined;
    for (const [field, value] of Object.entries(schema?.properties ?? {})) {
      if (field !== "owner" && chance(rng, 50)) continue;
      if (field === "token") parts.push(`token=${this.tokenOf(rng)}`);
      else
        parts.push(
          `${field}=${encodeURIComponent(wellFormed(String(chance(rng, 60) ? goodValue(value, rng, this.hints, field) : pick(rng, strangeTexts).slice(0, 500))))}`,
        );
    }
    if (chance(rng, 6))
      parts.push(
        pick(rng, [
          "__proto__[x]=1",
          "a[b][c]=1",
          "limit=1&limit=2",
          "%",
          "=",
          "&&&",
          "x=%00",
          "constructor=1",
          "after[]=1",
          `q=${"y".repeat(3000)}`,
        ]),
      );
    return parts.length === 0 ? "" : `?${parts.join("&")}`;
  }

  private headersOf(route: Route, hasBody: boolean, rng: SeededRng): [string, string][] {
    const headers: [string, string][] = [];
    if (!chance(rng, 3)) headers.push(["authorization", this.authorizationOf(route, rng)]);
    if (hasBody && !chance(rng, 3))
      headers.push(["content-type", chance(rng, 94) ? "application/json" : pick(rng, contentTypes)]);
    if (chance(rng, route.takesIdempotencyKey ? 40 : 3)) {
      headers.push(["idempotency-key", chance(rng, 60) ? `k${rng.below(50)}` : pick(rng, idempotencyKeys)]);
    }
    if (chance(rng, 4)) headers.push([...pick(rng, strangeHeaders)]);
    return headers;
  }

  private authorizationOf(route: Route, rng: SeededRng): string {
    if (chance(rng, 5))
      return pick(rng, [
        "",
        "Bearer",
        "Basic YTpi",
        "Bearer  ",
        "bearer x",
        `Bearer ${"z".repeat(5000)}`,
        "Bearer \u0001",
      ]);
    if (route.access === "node") return `Bearer ${this.tokenOf(rng)}`;
    return `Bearer ${pick(rng, this.known.keys)}`;
  }

  private tokenOf(rng: SeededRng): string {
    const token = pick(rng, this.known.nodeTokens);
    if (chance(rng, 75)) return token;
    const parts = token.split(".");
    const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    return pick(rng, [
      `${header}.${parts[1]}.`,
      `${parts[0]}.${parts[1]}.x`,
      parts[0]!,
      "",
      "..",
      `${token}${token}`,
      "%00",
    ]);
  }
}

const strangeMethods = [
  "HEAD",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "PUT",
  "DELETE",
  "POST",
  "GET",
  "PROPFIND",
  "get",
  "FOO",
  "M-SEARCH",
];
const contentTypes = [
  "text/plain",
  "application/xml",
  "multipart/form-data",
  "application/json; charset=utf-16",
  "application/json; charset=x",
  "application/jsonp",
  "application/json;",
  "*/*",
  "",
  "application/x-www-form-urlencoded",
  "APPLICATION/JSON",
];
const idempotencyKeys = ["", " ", "a b", "\u00e9", "x".repeat(201), "__proto__", "constructor", "\u0001"];
const strangeHeaders: readonly (readonly [string, string])[] = [
  ["content-length", "-1"],
  ["content-length", "99999999999999999999"],
  ["transfer-encoding", "chunked"],
  ["transfer-encoding", "gzip, chunked"],
  ["expect", "100-continue"],
  ["expect", "nonsense"],
  ["host", ""],
  ["x-http-method-override", "DELETE"],
  ["x-forwarded-for", "'; drop"],
  ["connection", "upgrade"],
  ["upgrade", "websocket"],
  ["accept", "text/html"],
  ["range", "bytes=0-1"],
  ["if-none-match", "*"],
  ["x-long", "y".repeat(20_000)],
  ["bad header", "x"],
  ["authorization", "Bearer second"],
];

/** JSON text, sometimes broken, in some encoding. */
function encode(body: unknown, rng: SeededRng): Buffer {
  const text = JSON.stringify(body) ?? "null";
  const draw = rng.below(100);
  if (draw < 86) return Buffer.from(text, "utf8");
  if (draw < 89) return Buffer.from(text.slice(0, rng.below(text.length + 1)), "utf8");
  if (draw < 91) return Buffer.from(text, "latin1");
  if (draw < 92) return Buffer.from(text, "utf16le");
  if (draw < 93) return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]);
  if (draw < 94) return Buffer.from(text.replace(/:\s*"/, ': "\xff\xfe'), "latin1");
  if (draw < 95) return Buffer.from(text.replace(/\d+/, "1e999"), "utf8");
  if (draw < 96) return Buffer.from(text.replace("{", '{"__proto__":{"isAdmin":true},'), "utf8");
  if (draw < 97) return Buffer.from(text.replace("{", `{"a":${"[".repeat(5000)}${"]".repeat(5000)},`), "utf8");
  if (draw < 98) return Buffer.from(text.replace("{", `{"a":${"1".repeat(1000)},`), "utf8");
  if (draw < 99)
    return Buffer.from(
      pick(rng, ["", "null", "[]", '"x"', "1", "{", "}", "{}{}", "\u0000", "NaN", "'{}'", "{a:1}"]),
      "utf8",
    );
  return Buffer.from(Array.from({ length: rng.below(200) }, () => rng.below(256)));
}

/** Now and then compressed, or said to be. */
function compress(request: WireRequest, rng: SeededRng): WireRequest {
  if (!request.body || !chance(rng, 2)) return request;
  const encoding = pick(rng, ["gzip", "deflate", "br", "identity", "zstd", "x"]);
  const body = chance(rng, 50) ? gzipSync(request.body) : request.body;
  return { ...request, body, headers: [...request.headers, ["content-encoding", encoding]] };
}

/** Lone surrogates can't be put into a URL at all. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "?");
}
