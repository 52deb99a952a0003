/** The dashboard's files as they are served: what browsers may keep, and what a page may do. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import express from "express";
import { listen, type Listening } from "../../runtime/api/listen";
import { joinedSites, readSite, serveSite } from "../../runtime/api/site";
import { TrustedProxies } from "../../runtime/api/trusted-proxies";
import { withFolder } from "../cli/headroom";

const built = resolve(__dirname, "..", "..", "dashboard", "site");

describe("the site at /", () => {
  let listening: Listening;
  before(async () => {
    const site = readSite(built);
    assert.ok(site, "the dashboard is not built");
    const app = express().use(serveSite(site, TrustedProxies.parse("127.0.0.1")));
    app.use((_request, response) => void response.status(418).end());
    listening = await listen({ host: "127.0.0.1", port: 0, app });
  });
  after(() => listening.close(0));

  const get = (path: string, init: RequestInit = {}) => fetch(listening.url + path, init);

  it("is a page that loads nothing but its own files, runs no script or style of its text, and stands in no frame", async () => {
    const page = await get("/");
    const text = await page.text();
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type")!, /^text\/html/);
    const policy = page.headers.get("content-security-policy")!;
    for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) {
      assert.ok(policy.split(";").includes(rule), `${policy} lacks ${rule}`);
    }
    assert.doesNotMatch(policy, /unsafe|https?:|\*|data:|blob:/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    assert.equal(page.headers.get("x-frame-options"), "DENY");
    assert.equal(page.headers.get("strict-transport-security"), null);
    assert.doesNotMatch(text, /<style|style=|<script>| on\w+=|https?:/);
    const named = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name!);
    assert.ok(named.length >= 3);
    for (const name of named) {
      const file = await get(`/${name}`);
      assert.equal(file.status, 200, name);
      assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable", name);
      assert.equal(file.headers.get("x-content-type-options"), "nosniff", name);
      assert.ok((await file.arrayBuffer()).byteLength > 100, name);
    }
  });

  it("is asked for anew each time, and not sent again while it is the same", async () => {
    const first = await get("/");
    assert.equal(first.headers.get("cache-control"), "no-cache");
    const again = await get("/", { headers: { "if-none-match": first.headers.get("etag")! } });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
    const head = await get("/", { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    assert.ok(Number(head.headers.get("content-length")) > 0);
  });

  it("says by https that it is to be asked by https", async () => {
    const page = await get("/", { headers: { "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https" } });
    assert.match(page.headers.get("strict-transport-security")!, /max-age=\d+/);
  });

  it("has no other path, however it is written, and takes only GET and HEAD", async () => {
    for (const path of [
      "/assets/",
      "/assets",
      "/index.html",
      "/..%2fpackage.json",
      "/assets/..%2f..%2fserver.js",
      "/%00",
      "//",
    ]) {
      assert.equal((await get(path)).status, 418, path);
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) assert.equal((await get("/", { method })).status, 418);
  });

  it("is packed for whoever takes that, with the same content", async () => {
    await withFolder(async (folder) => {
      mkdirSync(join(folder, "assets"));
      const text = "p{color:red}".repeat(100);
      writeFileSync(join(folder, "index.html"), "<p>hello</p>");
      writeFileSync(join(folder, "assets", "main-ABCDEFGH.css"), text);
      writeFileSync(join(folder, "notes.txt"), "not for anybody");
      const site = readSite(folder)!;
      assert.deepEqual([...site.keys()].sort(), ["/", "/assets/main-ABCDEFGH.css"]);
      const { plain, packed, isImmutable } = site.get("/assets/main-ABCDEFGH.css")!;
      assert.deepEqual([plain.toString(), gunzipSync(packed).toString(), isImmutable], [text, text, true]);
      assert.equal(readSite(join(folder, "none")), undefined);
    });
  });

  it("stands beside the documentation at /docs, which has the same policy and leads to its first page", async () => {
    const docs = readSite(resolve(built, "..", "..", "docs"), "/docs");
    assert.ok(docs, "the documentation is not built");
    const app = express().use(serveSite(joinedSites(undefined, docs), undefined));
    app.use((_request, response) => void response.status(418).end());
    const both = await listen({ host: "127.0.0.1", port: 0, app });
    try {
      const bare = await fetch(`${both.url}/docs`, { redirect: "manual" });
      assert.deepEqual([bare.status, bare.headers.get("location")], [308, "/docs/"]);
      for (const path of ["/docs/", "/docs/start.html", "/docs/clouds/aws.html", "/docs/site.css", "/docs/site.js"]) {
        const answer = await fetch(both.url + path);
        assert.equal(answer.status, 200, path);
        assert.match(answer.headers.get("content-security-policy")!, /default-src 'none'.*script-src 'self'/, path);
      }
      for (const path of ["/", "/docs/none.html", "/docs/..%2fREADME.md", "//docs", "/docs/clouds"]) {
        assert.equal((await fetch(both.url + path, { redirect: "manual" })).status, 418, path);
      }
      assert.equal((await fetch(`${both.url}/docs`, { method: "POST" })).status, 418);
    } finally {
      await both.close(0);
    }
  });
});
