/** Users of emulated Prism Centrals: each is told by its password, and leads to one of two. */
import type { CloudAction, EmulatedAccess } from "./emulation";

/** Why Prism Central refuses a request. */
export class PrismRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** As its body has it. */
  get body(): object {
    const message_list = [{ message: this.message, reason: this.code }];
    return { api_version: "3.1", code: this.status, message_list, state: "ERROR" };
  }
}

const actionOf: Readonly<Record<CloudAction, string>> = {
  "list VMs": "View_Virtual_Machine",
  "create a VM": "Create_Virtual_Machine",
  "delete a VM": "Delete_Virtual_Machine",
  "look up a domain": "",
};

export const username = "headroom@example.org";
export const passwordOf = (key: string): string => `password-of-${key}`;

export class EmulatedPrismUsers implements EmulatedAccess {
  readonly home = "11111111-aaaa-4aaa-8aaa-000000000001";
  readonly other = "22222222-bbbb-4bbb-8bbb-000000000002";
  private readonly revoked = new Set<string>();
  private readonly owners = new Map<string, string>();
  private readonly lacking = new Map<string, Set<string>>();

  /** A password is looked at with each request. */
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
    this.take(key, actionOf[action]);
  }

  /** The user's role loses a permission. */
  take(key: string, permission: string): void {
    this.lacking.set(key, (this.lacking.get(key) ?? new Set()).add(permission));
  }

  forgive(): void {
    for (const marks of [this.revoked, this.owners, this.lacking]) marks.clear();
  }

  identify(user: string, password: string): { readonly key: string; readonly owner: string } {
    const [, key = ""] = /^password-of-(.+)$/.exec(password) ?? [];
    if (user !== username || key === "" || this.revoked.has(key)) {
      throw new PrismRefusal(401, "AUTHENTICATION_REQUIRED", "Authentication required.");
    }
    return { key, owner: this.owners.get(key) ?? this.home };
  }

  require(key: string, permission: string): void {
    if (!this.lacking.get(key)?.has(permission)) return;
    throw new PrismRefusal(403, "ACCESS_DENIED", `No permission to ${permission.replaceAll("_", " ").toLowerCase()}`);
  }
}
