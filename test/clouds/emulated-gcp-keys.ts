/** Keys of service accounts: which project they lead to, whether they are still taken, and what they may do. */
import type { Properties } from "../../provider/resource-kernel";
import type { CloudAction, EmulatedAccess } from "./emulation";

/** "know the project": what every key may look up. */
export type KeyAction = CloudAction | "know the project";

/** As the plugin prints what its client says when it asks for a token. */
export const keyGone = 'Post "https://oauth2.googleapis.com/token": oauth2: "invalid_grant" "Invalid JWT Signature."';

export class EmulatedKeys implements EmulatedAccess {
  readonly home = "8153742036871249856";
  readonly other = "3573408427823947982";
  private readonly owners = new Map<string, string>();
  private readonly revoked = new Set<string>();
  private readonly denied = new Map<string, Set<KeyAction>>();

  noticeAt(): void {
    // The plugin asks for a token with its first request.
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

  deny(key: string, action: KeyAction): void {
    this.denied.set(key, new Set([...(this.denied.get(key) ?? []), action]));
  }

  forgive(): void {
    for (const known of [this.owners, this.revoked, this.denied]) known.clear();
  }

  /** A token that tells its key; throws when the key is gone. */
  tokenOf({ credentials }: Properties): string {
    const { client_email: email } = JSON.parse(String(credentials)) as { client_email: string };
    const [key = ""] = email.split("@");
    if (this.revoked.has(key)) throw new Error(keyGone);
    return `${tokenStart}${key}`;
  }

  /** Number of the project that a token leads to; undefined = it may not do this. */
  ownerOf(token: string, action: KeyAction): string | undefined {
    const key = token.slice(tokenStart.length);
    return this.denied.get(key)?.has(action) ? undefined : (this.owners.get(key) ?? this.home);
  }
}

const tokenStart = "ya29.token-of-";

/** The JSON file of a service account's key. */
export function keyFile(key: string): string {
  return JSON.stringify({
    type: "service_account",
    project_id: "pensive-voice-547511",
    private_key_id: "0123abcd",
    private_key: `-----BEGIN PRIVATE KEY-----\nsecret of ${key}\n-----END PRIVATE KEY-----\n`,
    client_email: `${key}@pensive-voice-547511.iam.gserviceaccount.com`,
  });
}
