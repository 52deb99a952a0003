/** Google Cloud's REST APIs as they are asked: every page, only whole answers, and no token in what is told. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GoogleApi } from "../../provider/clouds/gcp/google-api";

describe("Google Cloud's REST API", () => {
  let server: Server;
  let answers: (readonly [number, unknown] | "broken")[];
  let asked: string[];
  let api: GoogleApi;
  beforeEach(async () => {
    [answers, asked] = [[], []];
    server = createServer((request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`);
      const answer = answers.shift() ?? [200, {}];
      if (answer === "broken") return void request.socket.destroy();
      response.writeHead(answer[0], answer[0] === 302 ? { location: "http://127.0.0.1:1/" } : {});
      response.end(typeof answer[1] === "string" ? answer[1] : JSON.stringify(answer[1]));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    api = new GoogleApi(
      "ya29.secret",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/compute/v1/`,
      [1, 1],
    );
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it("turns every page", async () => {
    answers = [
      [200, { items: 1, nextPageToken: "two" }],
      [200, { items: 2, nextPageToken: "three" }],
      [200, { items: 3 }],
    ];
    const pages = await api.pages<{ items: number }>("projects/p/aggregated/instances", { maxResults: "500" });
    assert.deepEqual(
      pages.map(({ items }) => items),
      [1, 2, 3],
    );
    assert.deepEqual(
      asked.map((request) => new URL(request.split(" ")[2]!, "http://x").searchParams.get("pageToken")),
      [null, "two", "three"],
    );
    assert.ok(
      asked.every((request) => request.startsWith("Bearer ya29.secret /compute/v1/projects/p/aggregated/instances?")),
    );
  });

  it("a page that is missing is no answer", async () => {
    const refusal = { error: { message: "Rate Limit Exceeded", errors: [{ reason: "rateLimitExceeded" }] } };
    answers = [
      [200, { nextPageToken: "two" }],
      [403, refusal],
    ];
    await assert.rejects(
      api.pages("list", {}),
      /^GoogleError: googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded$/,
    );
  });

  it("asks again what got no answer, and then tells why, without the token", async () => {
    answers = ["broken", [503, "<html>busy</html>"], [200, { id: "7" }]];
    assert.deepEqual(await api.get("projects/p"), { id: "7" });
    answers = ["broken", "broken", "broken"];
    await assert.rejects(api.get("projects/p"), (error: Error) => {
      assert.match(error.message, /^no answer from Google Cloud to GET projects\/p: /);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });

  it("takes neither a redirect nor an answer that is no JSON for one", async () => {
    answers = [
      [302, {}],
      [302, {}],
      [302, {}],
    ];
    await assert.rejects(api.get("projects/p"), /no answer from Google Cloud/);
    answers = [
      [200, "<html>"],
      [200, "<html>"],
      [200, "<html>"],
    ];
    await assert.rejects(api.get("projects/p"), /Error 200: GET projects\/p was answered without a sentence/);
  });
});
