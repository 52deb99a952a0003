/** Signed tokens with which a node speaks: one purpose, one node, and an end. */
import { createHmac } from "node:crypto";
import { jwtVerify } from "jose";
import { UnauthorizedError } from "../model/errors";
import type { EpochMs } from "../model/clock";

/** `checkin`: set_server_status. `agent`: heartbeats. */
export type TokenPurpose = "checkin" | "agent";

export interface TokenRequest {
  readonly nodeId: string;
  readonly purpose: TokenPurpose;
  readonly expiresAtMs: EpochMs;
  readonly nowMs: EpochMs;
}

const issuer = "headroom";
const header = encodePart({ alg: "HS256", typ: "JWT" });

export class NodeTokens {
  /** At least 32 bytes, the same after every restart: tokens live in startup scripts of running VMs. */
  constructor(private readonly secret: Uint8Array) {}

  /**
   * A JWT with algorithm HS256. Signed here and not by the library, which does so only asynchronously: a plan and the
   * nodes that it makes are one step, in which nothing else may happen.
   */
  issue({ nodeId, purpose, expiresAtMs, nowMs }: TokenRequest): string {
    const claims = {
      iss: issuer,
      sub: nodeId,
      aud: purpose,
      iat: Math.floor(nowMs / 1000),
      exp: Math.ceil(expiresAtMs / 1000),
    };
    const signed = `${header}.${encodePart(claims)}`;
    return `${signed}.${createHmac("sha256", this.secret).update(signed).digest("base64url")}`;
  }

  /** The node that the token speaks for; {@link UnauthorizedError} when it is not good for this purpose now. */
  async verify(token: string, purpose: TokenPurpose, nowMs: EpochMs): Promise<string> {
    try {
      const { payload } = await jwtVerify(token, this.secret, {
        algorithms: ["HS256"],
        issuer,
        audience: purpose,
        currentDate: new Date(nowMs),
        requiredClaims: ["sub", "exp"],
      });
      return payload.sub!;
    } catch (error) {
      throw new UnauthorizedError(`the node token is not valid for ${purpose}`, { cause: error });
    }
  }

  /** The node that a token of ours was given to, whatever its purpose and also when it has expired; undefined = not ours. */
  async nodeOf(token: string): Promise<string | undefined> {
    // At the beginning of time nothing has expired.
    const options = { algorithms: ["HS256"], issuer, currentDate: new Date(0), requiredClaims: ["sub", "exp"] };
    return jwtVerify(token, this.secret, options).then(
      ({ payload }) => payload.sub,
      () => undefined,
    );
  }
}

function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
