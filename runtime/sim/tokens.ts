/** Plain text instead of signatures: those are verified in threads of their own, for which virtual time can't wait. */
import { NodeTokens, type TokenPurpose, type TokenRequest } from "../broker/node-tokens";
import { UnauthorizedError } from "../model/errors";
import type { EpochMs } from "../model/clock";

export class PlainTokens extends NodeTokens {
  constructor(private readonly areVoid = false) {
    super(new Uint8Array(32));
  }

  override issue({ nodeId, purpose, expiresAtMs }: TokenRequest): string {
    return `${purpose}:${nodeId}:${expiresAtMs}`;
  }

  override verify(token: string, purpose: TokenPurpose, nowMs: EpochMs): Promise<string> {
    const [kind, nodeId, expiresAtMs] = token.split(":");
    if (this.areVoid || kind !== purpose || nodeId === undefined || Number(expiresAtMs) < nowMs) {
      return Promise.reject(new UnauthorizedError("no such token"));
    }
    return Promise.resolve(nodeId);
  }
}
