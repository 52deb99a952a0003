/** API tokens of emulated clusters: each is told by its name, and leads to one of two clusters. */
import type { CloudAction, EmulatedAccess } from "./emulation";

/** Why a request is refused, as Proxmox VE says it. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    reason: string,
  ) {
    super(reason);
  }
}

const all = [
  "VM.Allocate",
  "VM.Audit",
  "VM.Clone",
  "VM.Config.CPU",
  "VM.Config.Memory",
  "VM.Config.Options",
  "VM.PowerMgmt",
];
const privileges = [
  ...all,
  "VM.GuestAgent.Unrestricted",
  "Datastore.AllocateSpace",
  "Datastore.Audit",
  "Pool.Audit",
  "Sys.Audit",
];

const lackOf: Readonly<Record<CloudAction, string>> = {
  "list VMs": "VM.Audit",
  "create a VM": "VM.Clone",
  "delete a VM": "VM.Allocate",
  "look up a domain": "",
};

export class EmulatedTokens implements EmulatedAccess {
  readonly home = "home-cluster";
  readonly other = "other-cluster";
  private readonly revoked = new Set<string>();
  private readonly owners = new Map<string, string>();
  private readonly lacking = new Map<string, Set<string>>();

  /** A token is looked at with each request. */
  noticeAt(): void {}

  revoke(key: string): void {
    this.revoked.add(key);
  }

  accept(key: string): void {
    this.revoked.delete(key);
  }

  giveTo(key: string, owner: string): void {
    this.owners.set(key, owner);
  }

  deny(key: string, action: CloudAction): void {
    this.take(key, lackOf[action]);
  }

  /** The token's role loses a privilege. */
  take(key: string, privilege: string): void {
    this.lacking.set(key, (this.lacking.get(key) ?? new Set()).add(privilege));
  }

  forgive(): void {
    for (const marks of [this.revoked, this.owners, this.lacking]) marks.clear();
  }

  /** @param token As in the header, `user@realm!key=secret`. @returns The name of the token, and whose cluster it leads to. */
  identify(token: string): { readonly key: string; readonly owner: string } {
    const [, key = "", secret = ""] = /^headroom@pve!([^=]+)=(.+)$/.exec(token) ?? [];
    if (secret !== secretOf(key) || this.revoked.has(key)) throw new Refusal(401, "invalid token value!");
    return { key, owner: this.owners.get(key) ?? this.home };
  }

  has(key: string, privilege: string): boolean {
    return !this.lacking.get(key)?.has(privilege);
  }

  privilegesOf(key: string): Record<string, 1> {
    return Object.fromEntries(privileges.filter((privilege) => this.has(key, privilege)).map((name) => [name, 1]));
  }

  require(key: string, path: string, privilege: string): void {
    if (!this.has(key, privilege)) throw new Refusal(403, `Permission check failed (${path}, ${privilege})`);
  }
}

export function secretOf(key: string): string {
  return `11111111-2222-3333-4444-${key}`;
}
