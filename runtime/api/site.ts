/**
 * Pages and their files, as a build left them in a folder: read once, served from memory, with headers under which a page
 * can load nothing but these files and talk to nobody but this address. A file whose name holds the hash of its content
 * is kept by browsers for a year; any other is asked for again each time.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import type { RequestHandler } from "express";
import { strictTransport } from "./server";
import { clientOf, type TrustedProxies } from "./trusted-proxies";

interface SiteFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly packed: Buffer;
  readonly etag: string;
  readonly isImmutable: boolean;
}

/** Files by path, e.g. `/`, `/assets/main-1A2B3C4D.js`. */
export type Site = ReadonlyMap<string, SiteFile>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** @param images Where pictures come from. */
export function pagePolicy(images: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${images}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(";");
}

const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": pagePolicy("'self'"),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What several sites have together; each is shown where it was read for. */
export function joinedSites(...sites: readonly (Site | undefined)[]): Site {
  return new Map(sites.flatMap((site) => [...(site ?? [])]));
}

/**
 * Undefined when there is no such folder: a build without the pages. Files of unknown kinds are left out.
 *
 * @param place Where it is shown, e.g. `/docs`; empty = at the top.
 */
export function readSite(folder: string, place = ""): Site | undefined {
  if (!existsSync(folder)) return undefined;
  const files = new Map<string, SiteFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const plain = readFileSync(path);
    const etag = `"${createHash("sha256").update(plain).digest("base64url").slice(0, 22)}"`;
    const isImmutable = /-[A-Z0-9]{8}\.\w+$/.test(entry.name);
    const target = `${place}/${relative(folder, path).split(sep).join("/")}`.replace(/\/index\.html$/, "/");
    files.set(target, { type, plain, packed: gzipSync(plain), etag, isImmutable });
  }
  return files;
}

/** Answers GET and HEAD of the site's paths, and leaves all else to whoever comes next. */
export function serveSite(site: Site, proxies: TrustedProxies | undefined): RequestHandler {
  return (request, response, next) => {
    const isReading = request.method === "GET" || request.method === "HEAD";
    const file = isReading ? site.get(request.path) : undefined;
    // Links of a first page are relative to the folder that it stands for.
    if (!file && isReading && site.has(`${request.path}/`)) return response.redirect(308, `${request.path}/`);
    if (!file) return next();
    const { type, plain, packed, etag, isImmutable } = file;
    response.set(pageHeaders);
    if (clientOf(request, proxies).isHttps) response.set(strictTransport);
    response.set({
      "cache-control": isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
      "content-type": type,
      etag,
      vary: "accept-encoding",
    });
    if (request.headers["if-none-match"] === etag) return void response.status(304).end();
    const isPacked = request.acceptsEncodings("gzip") === "gzip";
    const body = isPacked ? packed : plain;
    if (isPacked) response.set("content-encoding", "gzip");
    response.set("content-length", String(body.length));
    response.status(200).end(request.method === "HEAD" ? undefined : body);
  };
}
