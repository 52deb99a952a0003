/** DigitalOcean's tokens: whose they are, whether they are still taken, and what they may do. Nothing is noticed at the start. */
import type { Properties } from "../../provider/resource-kernel";
import type { CloudAction, EmulatedAccess } from "./emulation";

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** "know itself": what every token may look up. */
export type TokenAction = CloudAction | "know itself";

export class EmulatedTokens implements EmulatedAccess {
  readonly home = "99525febec065ca37b2ffe4f852fd2b2581895e7";
  readonly other = "5df3e3004a17e242b7c20ca6c9fc25b701a47ece";
  private readonly owners = new Map<string, string>();
  private readonly revoked = new Set<string>();
  private readonly denied = new Map<string, Set<TokenAction>>();

  noticeAt(): void {
    // The plugin configures itself without asking anybody.
  }

  revoke(key: string): void {
    this.revoked.add(key);
  }

  accept(key: string): void {
    this.revoked.delete(key);
  }

  giveTo(key: string, owner: string): void {
    this.owners.set(key, owner);
  }

  deny(key: string, action: TokenAction): void {
    this.denied.set(key, new Set([...(this.denied.get(key) ?? []), action]));
  }

  forgive(): void {
    for (const known of [this.owners, this.revoked, this.denied]) known.clear();
  }

  /** Id of the team that asks, or the API's refusal. */
  answerTo(action: TokenAction, { token }: Properties): string | Refusal {
    const key = keyOf(String(token));
    if (this.revoked.has(key)) return { status: 401, message: "Unable to authenticate you" };
    if (this.denied.get(key)?.has(action)) {
      return { status: 403, message: "You are not authorized to perform this operation" };
    }
    return this.owners.get(key) ?? this.home;
  }
}

export const tokenOf = (key: string): string => `token-of-${key}`;
const keyOf = (token: string): string => token.replace(/^token-of-/, "");
