/** What every emulated cloud can do beside answering an engine: other people, the cloud's staff, the network between. */
import type { Settings } from "../../runtime/model/accounts";
import type { EmulatedCloud } from "./emulated-cloud";

/** Whose a VM is, as its tags, labels, name or description say. */
export interface VmIdentity {
  readonly nodeId?: string | undefined;
  readonly installation?: string | undefined;
}

/** A VM as the cloud itself has it. */
export interface VmInCloud {
  readonly nodeId: string;
  readonly id: string;
  /** The startup script as the VM got it. */
  readonly script: string;
  readonly address: string;
}

/** A record as a DNS service has it. */
export interface ZoneRecord {
  /** The full name, without a dot at its end. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "CNAME" | "TXT";
  readonly values: readonly string[];
  readonly ttlSeconds: number;
  /** By whatever the service tells zones apart; absent where it has one. */
  readonly zone?: string;
}

/** A DNS service as everybody sees it. */
export interface EmulatedZones {
  /** All that there are, also those that nobody of us made. */
  records(): ZoneRecord[];
  /** Somebody makes a record by hand, in the zone that `baseDomainName` of the description leads to. */
  makeByHand(record: Omit<ZoneRecord, "zone">): void;
}

export interface Emulation {
  /** With a DNS service only. */
  readonly zones?: EmulatedZones;
  readonly cloud: EmulatedCloud;
  readonly access: EmulatedAccess;
  /** Breaches of order: a record that points nowhere, a VM that went before its record. */
  readonly violations: readonly string[];
  vms(): VmInCloud[];
  records(): readonly { readonly name: string; readonly address: string }[];
  /** Everything that still costs money. */
  leftovers(): string[];
  /** A VM that no engine made, as somebody makes it in the console; its id. Default: in the home account, in the place of the template. */
  launch(identity: VmIdentity, where?: { readonly owner?: string; readonly place?: Settings }): string;
  /** Somebody edits by hand what says whose a VM is. */
  retag(vmId: string, identity: VmIdentity): void;
  /** Somebody deletes a VM by hand. */
  remove(vmId: string): void;
  /** Every key is good again and may do everything, and nothing fails any more. What was made stays. */
  endTrouble(): void;
  /** An id of a VM that never was. */
  readonly unknownVmId: string;
}

/** Something that credentials may be denied. */
export type CloudAction = "list VMs" | "create a VM" | "delete a VM" | "look up a domain";

/** Credentials, each told by its key, and whose account they lead to. */
export interface EmulatedAccess {
  /** The account that keys lead to unless they are given to another one. */
  readonly home: string;
  /** An account that nobody of us has. */
  readonly other: string;
  /** Of the ways that {@link EmulatedUnderTest.noticed} names. */
  noticeAt(when: NoticedAt): void;
  revoke(key: string): void;
  accept(key: string): void;
  giveTo(key: string, owner: string): void;
  deny(key: string, action: CloudAction): void;
}

/** `start`: the Pulumi provider is refused when it starts; `request`: its first request is. */
export type NoticedAt = "start" | "request";
