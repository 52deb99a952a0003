/** App registrations of emulated directories: each secret is told by its key, and leads to one of two directories. */
import type { Properties } from "../../provider/resource-kernel";
import { credentialError, deniedMessage, type Refused } from "./azure-errors";
import type { CloudAction, EmulatedAccess } from "./emulation";

/** A refusal by Azure Resource Manager itself. */
export class AzureRefusal extends Error {
  constructor(readonly refused: Refused) {
    super(refused.message);
  }
}

const actions: Readonly<Record<CloudAction, string>> = {
  "list VMs": "Microsoft.Compute/virtualMachines/read",
  "create a VM": "Microsoft.Compute/virtualMachines/write",
  "delete a VM": "Microsoft.Compute/virtualMachines/delete",
  "look up a domain": "Microsoft.Network/dnsZones/read",
};

/** What anybody of the directory may do, unless it is denied by its own name. */
export type AzureAction = CloudAction | { readonly action: string };

export class EmulatedDirectories implements EmulatedAccess {
  readonly home = "11111111-aaaa-4aaa-8aaa-111111111111";
  readonly other = "22222222-bbbb-4bbb-8bbb-222222222222";
  private readonly owners = new Map<string, string>();
  private readonly revoked = new Set<string>();
  private readonly denied = new Map<string, Set<string>>();

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

  deny(key: string, action: CloudAction): void {
    this.denyAction(key, actions[action]);
  }

  denyAction(key: string, action: string): void {
    this.denied.set(key, new Set([...(this.denied.get(key) ?? []), action]));
  }

  forgive(): void {
    for (const known of [this.owners, this.revoked, this.denied]) known.clear();
  }

  /** An access token of whoever has this configuration. */
  tokenOf({ clientSecret }: Properties): string {
    const key = keyOf(String(clientSecret));
    this.requireValid(key);
    const claims = { tid: this.owners.get(key) ?? this.home, appid: key };
    return ["e30", Buffer.from(JSON.stringify(claims)).toString("base64url"), "signature"].join(".");
  }

  keyOfToken(token: string): string {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as {
      readonly appid: string;
    };
    return claims.appid;
  }

  /** Throws the refusal of a plugin's request. */
  require(action: AzureAction, { clientSecret }: Properties): void {
    this.requireOf(action, keyOf(String(clientSecret)));
  }

  requireOf(wanted: AzureAction, key: string): void {
    this.requireValid(key);
    if ((this.owners.get(key) ?? this.home) !== this.home) {
      const message = `The access token is from the wrong issuer. It must match the tenant '${this.home}' associated with this subscription.`;
      throw new AzureRefusal({ status: 401, code: "InvalidAuthenticationTokenTenant", message });
    }
    const action = typeof wanted === "string" ? actions[wanted] : wanted.action;
    if (!this.denied.get(key)?.has(action)) return;
    throw new AzureRefusal({ status: 403, code: "AuthorizationFailed", message: deniedMessage(action) });
  }

  private requireValid(key: string): void {
    if (!this.revoked.has(key)) return;
    throw new Error(credentialError("AADSTS7000215: Invalid client secret provided."));
  }
}

export const secretOf = (key: string): string => `secret-of-${key}`;
const keyOf = (secret: string): string => secret.replace(/^secret-of-/, "");
