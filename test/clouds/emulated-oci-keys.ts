/** API keys of OCI: whose they are, whether they are still taken, and what they may do. Nothing is noticed at the start. */
import { createHash } from "node:crypto";
import type { Properties } from "../../provider/resource-kernel";
import type { CloudAction, EmulatedAccess } from "./emulation";

/** "know itself": what every key may look up. */
export type KeyAction = CloudAction | "know itself";

export class EmulatedOciKeys implements EmulatedAccess {
  readonly home = "ocid1.tenancy.oc1..home";
  readonly other = "ocid1.tenancy.oc1..other";
  private readonly owners = new Map<string, string>();
  private readonly revoked = new Set<string>();
  private readonly denied = new Map<string, Set<KeyAction>>();

  noticeAt(): void {
    // The plugin configures itself without asking anybody.
  }

  revoke(key: string): void {
    this.revoked.add(fingerprintOf(key));
  }

  accept(key: string): void {
    this.revoked.delete(fingerprintOf(key));
  }

  giveTo(key: string, owner: string): void {
    this.owners.set(fingerprintOf(key), owner);
  }

  deny(key: string, action: KeyAction): void {
    const fingerprint = fingerprintOf(key);
    this.denied.set(fingerprint, new Set([...(this.denied.get(fingerprint) ?? []), action]));
  }

  forgive(): void {
    for (const known of [this.owners, this.revoked, this.denied]) known.clear();
  }

  /** What whoever has this key declares as its tenancy. */
  tenancyOf(key: string): string {
    return this.owners.get(fingerprintOf(key)) ?? this.home;
  }

  /** The tenancy of who asks; undefined: OCI does not know the caller. Requests are signed in the name of tenancy, user and key. */
  ownerOf({ fingerprint, tenancyOcid }: Properties): string | undefined {
    const key = String(fingerprint);
    const owner = this.owners.get(key) ?? this.home;
    return this.revoked.has(key) || tenancyOcid !== owner ? undefined : owner;
  }

  /** Whoever may not do something is told that there is no such thing. */
  may(action: KeyAction, { fingerprint }: Properties): boolean {
    return !this.denied.get(String(fingerprint))?.has(action);
  }
}

export function fingerprintOf(key: string): string {
  return createHash("md5")
    .update(key)
    .digest("hex")
    .replace(/(..)(?=.)/g, "$1:");
}
