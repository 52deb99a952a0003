/**
 * The API as a page to read and to try: Swagger UI over this runtime's own OpenAPI document. Everything comes from this
 * address, so it works without internet and the browser loads and asks nothing else.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { NotFoundError } from "../../model/errors";
import type { Answer } from "../route";
import { route, type Route } from "../route";
import { pagePolicy } from "../site";

/** Where the build has put Swagger UI; see `scripts/api-page.mjs`. */
const folder = join(__dirname, "..", "..", "..", "swagger-ui");

/** Its icons are `data:` images in the style sheet. */
const headers = {
  "content-security-policy": pagePolicy("'self' data:"),
  "x-frame-options": "DENY",
};

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Headroom API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <script src="docs/swagger-ui-bundle.js" defer></script>
    <script src="docs/start.js" defer></script>
  </head>
  <body>
    <main id="api"></main>
    <noscript>This page needs JavaScript; <a href="v1/openapi.json">the OpenAPI document</a> does not.</noscript>
  </body>
</html>
`;

/** Nobody is asked whether the document is valid, and a key that was typed in is gone with the page. */
const start = `SwaggerUIBundle({
  url: "v1/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  docExpansion: "none",
  presets: [SwaggerUIBundle.presets.apis],
});
`;

function textRoute(path: string, type: string, { summary, read }: { summary: string; read: () => string }): Route {
  return route({
    method: "get",
    path,
    access: "public",
    summary,
    textType: type,
    responses: { 200: z.string() },
    handle: () => Promise.resolve(textAnswer(read(), type)),
  });
}

function textAnswer(text: string, type: string): Answer {
  const length = String(Buffer.byteLength(text));
  const own = { "content-type": `${type}; charset=utf-8`, "content-length": length, "cache-control": "max-age=3600" };
  return { status: 200, headers: { ...headers, ...own }, stream: (response) => void response.end(text) };
}

/** Reads a file of Swagger UI when it is first asked for. */
function swaggerFile(name: string): () => string {
  let text: string | undefined;
  return () => {
    try {
      return (text ??= readFileSync(join(folder, name), "utf8"));
    } catch (cause) {
      const instead = "GET /api/v1/openapi.json is the document";
      throw new NotFoundError(`this build has no page of the API; ${instead}`, { cause });
    }
  };
}

/** New for each server: it keeps the files it has read. */
export function apiPageRoutes(): readonly Route[] {
  const part = "A part of the page of this API";
  return [
    textRoute("/api/docs", "text/html", { summary: "This API as a page to read and to try", read: () => page }),
    textRoute("/api/docs/start.js", "text/javascript", { summary: part, read: () => start }),
    textRoute("/api/docs/swagger-ui.css", "text/css", { summary: part, read: swaggerFile("swagger-ui.css") }),
    textRoute("/api/docs/swagger-ui-bundle.js", "text/javascript", {
      summary: part,
      read: swaggerFile("swagger-ui-bundle.js"),
    }),
  ];
}
