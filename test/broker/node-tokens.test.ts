import assert from "node:assert/strict";
import { NodeTokens } from "../../runtime/broker/node-tokens";
import { UnauthorizedError } from "../../runtime/model/errors";
import { startMs } from "../support/virtual-clock";

const hour = 3_600_000;

describe("node tokens", () => {
  const tokens = new NodeTokens(new Uint8Array(32).fill(7));
  const issue = () => tokens.issue({ nodeId: "n1", purpose: "checkin", expiresAtMs: startMs + hour, nowMs: startMs });

  it("speak for one node and one purpose until they expire", async () => {
    const token = await issue();

    assert.equal(await tokens.verify(token, "checkin", startMs + hour - 1000), "n1");
    await assert.rejects(tokens.verify(token, "agent", startMs), UnauthorizedError);
    await assert.rejects(tokens.verify(token, "checkin", startMs + hour + 1000), UnauthorizedError);
  });

  it("are worth nothing when they are changed, unsigned or signed by another runtime", async () => {
    const token = await issue();
    const [header, payload, signature] = token.split(".");
    const unsigned = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    const others = new NodeTokens(new Uint8Array(32).fill(8));

    for (const bad of [`${header}.${payload}x.${signature}`, `${unsigned}.${payload}.`, "", "x"]) {
      await assert.rejects(tokens.verify(bad, "checkin", startMs), UnauthorizedError);
    }
    await assert.rejects(others.verify(token, "checkin", startMs), UnauthorizedError);
  });
});
