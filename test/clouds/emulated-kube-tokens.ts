/** Tokens of service accounts of emulated clusters: each is told by its name, and leads to one of two clusters. */
import type { CloudAction, EmulatedAccess } from "./emulation";

/** Why a request is refused, as an API server says it. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export interface Verb {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
}

const lackOf: Readonly<Record<CloudAction, Verb | undefined>> = {
  "list VMs": { verb: "list", group: "kubevirt.io", resource: "virtualmachines" },
  "create a VM": { verb: "create", group: "kubevirt.io", resource: "virtualmachines" },
  "delete a VM": { verb: "delete", group: "kubevirt.io", resource: "virtualmachines" },
  "look up a domain": undefined,
};

export class EmulatedTokens implements EmulatedAccess {
  readonly home = "3f2c1a9e-0000-4000-8000-00000000aaaa";
  readonly other = "3f2c1a9e-0000-4000-8000-00000000bbbb";
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
    const verb = lackOf[action];
    if (verb !== undefined) this.take(key, verb);
  }

  /** The role of the service account loses a verb. */
  take(key: string, verb: Verb): void {
    this.lacking.set(key, (this.lacking.get(key) ?? new Set()).add(wordOf(verb)));
  }

  forgive(): void {
    for (const marks of [this.revoked, this.owners, this.lacking]) marks.clear();
  }

  /** @returns The name of the token, and whose cluster it leads to. */
  identify(token: string): { readonly key: string; readonly owner: string } {
    const key = /^token-of-(.+)$/.exec(token)?.[1] ?? keyOfSigned(token);
    if (key === undefined || this.revoked.has(key)) throw new Refusal(401, "Unauthorized", "Unauthorized");
    return { key, owner: this.owners.get(key) ?? this.home };
  }

  may(key: string, verb: Verb): boolean {
    return !this.lacking.get(key)?.has(wordOf(verb));
  }

  require(key: string, verb: Verb, namespace: string, name?: string): void {
    if (this.may(key, verb)) return;
    const what = `${verb.resource}${verb.group === "" ? "" : `.${verb.group}`}`;
    const whole = name === undefined ? what : `${what} "${name}"`;
    const user = `system:serviceaccount:kasm:${key}`;
    throw new Refusal(
      403,
      "Forbidden",
      `${whole} is forbidden: User "${user}" cannot ${verb.verb} resource "${verb.resource}" in API group "${verb.group}" in the namespace "${namespace}"`,
    );
  }
}

function wordOf({ verb, group, resource }: Verb): string {
  return `${verb} ${group}/${resource}`;
}

export const tokenOf = (key: string): string => `token-of-${key}`;

/** As clusters sign them: it says whose it is, and may say when it ends. */
export function signedTokenOf(key: string, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part({ sub: `system:serviceaccount:kasm:${key}`, ...claims })}.c2ln`;
}

function keyOfSigned(token: string): string | undefined {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
  return /"sub":"system:serviceaccount:kasm:([^"]+)"/.exec(payload)?.[1];
}
