/** Users of emulated vCenters: each is told by its name, has all privileges but those that it lost, and leads to one of two vCenters. */
import type { CloudAction, EmulatedAccess } from "./emulation";

/** A fault, as vCenter tells it. */
export class VimFault extends Error {
  constructor(
    /** E.g. `NoPermission`. */
    readonly fault: string,
    sentence: string,
    /** XML inside of the fault. */
    readonly detail = "",
  ) {
    super(sentence);
  }
}

const lackOf: Readonly<Record<CloudAction, string>> = {
  "list VMs": "System.Read",
  "create a VM": "VirtualMachine.Provisioning.DeployTemplate",
  "delete a VM": "VirtualMachine.Inventory.Delete",
  "look up a domain": "",
};

/** Names are no secrets, so none has the key in it. */
export const userOf = (key: string): string => `user-${Buffer.from(key).toString("hex")}@vsphere.local`;
const keyOf = (user: string): string => Buffer.from(/^user-([0-9a-f]+)@/.exec(user)?.[1] ?? "", "hex").toString();
export const passwordOf = (key: string): string => `password-of-${key}`;

export class EmulatedVCenterUsers implements EmulatedAccess {
  readonly home = "0f2c4e1a-0001-4000-8000-00000000aaaa";
  readonly other = "0f2c4e1a-0002-4000-8000-00000000bbbb";
  private readonly revoked = new Set<string>();
  private readonly owners = new Map<string, string>();
  private readonly lost = new Map<string, Set<string>>();

  /** The plugin begins a session when it starts, as we do with each question. */
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

  /** The user's role loses a privilege. */
  take(key: string, privilege: string): void {
    this.lost.set(key, (this.lost.get(key) ?? new Set()).add(privilege));
  }

  forgive(): void {
    for (const marks of [this.revoked, this.owners, this.lost]) marks.clear();
  }

  /** The key of a user that may come in. */
  login(user: string, password: string): string {
    const key = keyOf(user);
    if (password === passwordOf(key) && !this.revoked.has(key)) return key;
    throw new VimFault("InvalidLogin", "Cannot complete login due to an incorrect user name or password.");
  }

  ownerOf(key: string): string {
    return this.owners.get(key) ?? this.home;
  }

  has(key: string, privilege: string): boolean {
    return !this.lost.get(key)?.has(privilege);
  }

  require(key: string, privilege: string, type: string, id: string): void {
    if (this.has(key, privilege)) return;
    throw new VimFault(
      "NoPermission",
      "Permission to perform this operation was denied.",
      `<object type="${type}">${id}</object><privilegeId>${privilege}</privilegeId>`,
    );
  }
}
