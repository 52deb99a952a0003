import assert from "node:assert/strict";
import { SignJWT } from "jose";
import { NodeTokens } from "../../runtime/broker/node-tokens";
import { UnauthorizedError } from "../../runtime/model/errors";
import { startMs } from "../support/virtual-clock";

const hour = 3_600_000;

describe("node tokens", () => {
  const tokens = new NodeTokens(new Uint8Array(32).fill(7));
  const issue = () => tokens.issue({ nodeId: "n1", purpose: "checkin", expiresAtMs: startMs + hour, nowMs: startMs });

  it("speak for one node and one purpose until they expire", async () => {
    const token = issue();

    assert.equal(await tokens.verify(token, "checkin", startMs + hour - 1000), "n1");
    await assert.rejects(tokens.verify(token, "agent", startMs), UnauthorizedError);
    await assert.rejects(tokens.verify(token, "checkin", startMs + hour + 1000), UnauthorizedError);
  });

  it("are, to the letter, the JWTs that a library makes, so that those of earlier versions stay good", async () => {
    for (const [length, nodeId] of [
      [32, "n1"],
      [48, "n0abc123"],
      [64, "ü".repeat(40)],
      [200, 'n"\\'],
    ] as const) {
      const secret = Uint8Array.from({ length }, (_, index) => (index * 37) % 256);
      const own = new NodeTokens(secret);
      for (const purpose of ["checkin", "agent"] as const) {
        const nowMs = startMs + length * 1001;
        const theirs = await new SignJWT()
          .setProtectedHeader({ alg: "HS256", typ: "JWT" })
          .setIssuer("headroom")
          .setSubject(nodeId)
          .setAudience(purpose)
          .setIssuedAt(Math.floor(nowMs / 1000))
          .setExpirationTime(Math.ceil((nowMs + hour) / 1000))
          .sign(secret);

        assert.equal(own.issue({ nodeId, purpose, expiresAtMs: nowMs + hour, nowMs }), theirs);
        assert.equal(await own.verify(theirs, purpose, nowMs), nodeId);
      }
    }
  });

  it("are worth nothing when they are changed, unsigned or signed by another runtime", async () => {
    const token = issue();
    const [header, payload, signature] = token.split(".");
    const unsigned = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    const others = new NodeTokens(new Uint8Array(32).fill(8));

    for (const bad of [`${header}.${payload}x.${signature}`, `${unsigned}.${payload}.`, "", "x"]) {
      await assert.rejects(tokens.verify(bad, "checkin", startMs), UnauthorizedError);
    }
    await assert.rejects(others.verify(token, "checkin", startMs), UnauthorizedError);
  });
});
