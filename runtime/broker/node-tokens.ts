/** Signed tokens with which a node speaks: one purpose, one node, and an end. */
import { jwtVerify, SignJWT } from "jose";
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

export class NodeTokens {
  /** At least 32 bytes, the same after every restart: tokens live in startup scripts of running VMs. */
  constructor(private readonly secret: Uint8Array) {}

  async issue({ nodeId, purpose, expiresAtMs, nowMs }: TokenRequest): Promise<string> {
    return new SignJWT()
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(issuer)
      .setSubject(nodeId)
      .setAudience(purpose)
      .setIssuedAt(Math.floor(nowMs / 1000))
      .setExpirationTime(Math.ceil(expiresAtMs / 1000))
      .sign(this.secret);
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
}
