/** Application credentials of an emulated cloud: each is told by its key, and leads to one of two projects. */
import { createHash } from "node:crypto";
import type { CloudAction, EmulatedAccess } from "./emulation";

/** Why a service refuses a request. */
export class OpenStackRefusal extends Error {
  constructor(
    readonly status: number,
    readonly body: object,
  ) {
    super(JSON.stringify(body));
  }
}

/** In Nova's form. */
export function fault(status: number, message: string): OpenStackRefusal {
  const names: Readonly<Record<number, string>> = {
    400: "badRequest",
    403: "forbidden",
    404: "itemNotFound",
    409: "conflictingRequest",
    413: "overLimit",
  };
  return new OpenStackRefusal(status, { [names[status] ?? "computeFault"]: { code: status, message } });
}

const policyOf: Readonly<Record<CloudAction, string>> = {
  "list VMs": "os_compute_api:servers:detail",
  "create a VM": "os_compute_api:servers:create",
  "delete a VM": "os_compute_api:os-deferred-delete:force",
  "look up a domain": "",
};

export class EmulatedCredentials implements EmulatedAccess {
  readonly home = "383a0dad105e460ab5a863ea0a45932b";
  readonly other = "99525febec065ca37b2ffe4f852fd2b2";
  /** Of every user. */
  roles = ["member", "reader"];
  private readonly revoked = new Set<string>();
  private readonly owners = new Map<string, string>();
  private readonly denied = new Map<string, Set<CloudAction>>();

  /** The plugin asks for a token only with its first request. */
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
    this.denied.set(key, (this.denied.get(key) ?? new Set()).add(action));
  }

  forgive(): void {
    this.roles = ["member", "reader"];
    for (const known of [this.revoked, this.owners, this.denied]) known.clear();
  }

  /** Project of the credential with this id. */
  login(id: unknown, secret: unknown): { readonly key: string; readonly owner: string } {
    const key = String(secret).replace(/^secret-of-/, "");
    if (secret !== secretOf(key) || id !== credentialOf(key) || this.revoked.has(key)) {
      const message = "The request you have made requires authentication.";
      throw new OpenStackRefusal(401, { error: { code: 401, message, title: "Unauthorized" } });
    }
    return { key, owner: this.owners.get(key) ?? this.home };
  }

  require(key: string, action: CloudAction): void {
    if (!this.denied.get(key)?.has(action)) return;
    throw fault(403, `Policy doesn't allow ${policyOf[action]} to be performed.`);
  }
}

/** No secret, and so nothing that tells the key. */
export const credentialOf = (key: string): string => createHash("md5").update(key).digest("hex");
export const secretOf = (key: string): string => `secret-of-${key}`;
