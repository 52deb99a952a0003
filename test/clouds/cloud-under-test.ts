/**
 * What the suites need to know of each cloud. `under-test/<kind>.ts` says it and exports it as `underTest`; it is found by
 * the kind, and a cloud of the registry without it fails by name.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FindingKind, KnownSize } from "../../runtime/model/account-check";
import type { Settings } from "../../runtime/model/accounts";
import type { CloudFailureClass } from "../../runtime/model/errors";
import type { DesiredNode } from "../../runtime/model/state";
import type { CloudAction, EmulatedZones, Emulation, NoticedAt, VmInCloud } from "./emulation";

export interface CloudUnderTest {
  /** Settings of one VM as a user writes them, without those of the account; `folder` is the test's own. */
  template(folder: string): Settings;
  /** Settings of the account, told from others by the key alone. A cloud without accounts has none. */
  credentials(key: string): Settings;
  /** Absent: it has no DNS service. */
  readonly dns?: {
    /** Without those of the account. */
    settings(folder: string): Settings;
    /** A name that records may be below. */
    readonly baseDomainName: string;
    /**
     * Which zone a record goes into, and which it can't; the longest name and a zone that is given among them. Absent: its records
     * are not tried by the suite of all DNS services, which says so.
     */
    readonly zones?: readonly ZoneCase[];
  };
  /** A template edit that must not touch VMs that exist; each number gives another one. */
  edit(template: Settings, number: number): Settings;
  /** What the cloud's image gets for a script without a first line, by operating system. */
  readonly sentScript: { readonly linux: (script: string) => string; readonly windows?: (script: string) => string };
  start(folder: string): Promise<RunningCloud>;
}

export interface ZoneCase {
  readonly what: string;
  /** Without those of the account. */
  readonly settings: Settings;
  readonly baseDomainName: string;
  /** As {@link ZoneRecord} has it, or what is said when none is found. */
  readonly leadsTo: string | RegExp | undefined;
}

/** A cloud that runs: what stands behind the protocol, and the trouble that it makes on demand. */
export interface RunningCloud {
  /** For the environment of the engine. */
  readonly environment: Readonly<Record<string, string>>;
  vms(): VmInCloud[];
  records(): readonly { readonly name: string; readonly address: string }[];
  /** With a DNS service only. */
  readonly zones?: EmulatedZones;
  /** Everything that still costs money. */
  leftovers(): string[];
  /** Breaches of order that the cloud saw. */
  violations(): readonly string[];
  /** The node to declare so that its create is refused as the cloud does it for this class. */
  refuse(failureClass: CloudFailureClass, node: DesiredNode): DesiredNode;
  /** The node to declare so that its create happens, but the answer is lost. */
  loseAnswer(node: DesiredNode): DesiredNode;
  close(): Promise<void>;
}

/** A cloud whose plugin is emulated: it also has accounts with credentials, and can be asked about them. */
export interface EmulatedUnderTest<E extends Emulation = Emulation> extends CloudUnderTest {
  emulate(): E;
  start(folder: string): Promise<RunningEmulation<E>>;
  /** Whole errors as the plugin prints them, one for each class. */
  readonly refusals: Readonly<Record<CloudFailureClass, string>>;
  /** In the cloud's own words, or in ours where it has none. */
  readonly says: {
    /** Credentials that are not valid any more, whatever is asked. */
    readonly revoked: RegExp;
    /** Credentials of another account than the known one. */
    readonly foreign: RegExp;
    /** Credentials that may not do something. */
    readonly denied: Readonly<Record<CloudAction, RegExp>>;
    /** No domain of the account is one that a record's name is below; with a DNS service only. */
    readonly noDomain?: RegExp;
  };
  /** When credentials that are not valid can be noticed. */
  readonly noticed: readonly NoticedAt[];
  /** A field of its Pulumi provider. */
  readonly providerField: string;
  /** Fields of `template` for another place of the same account; where the account rules name places. */
  readonly otherPlace?: Settings;
  /** True: a VM's own outputs say whose account it is in. */
  readonly vmsTellOwner: boolean;
  /** What its account check tells; those of every cloud stand in the suite. */
  readonly checks: readonly CheckCase<E>[];
  /** What the check tells of the template's own size. Absent: the settings say it, and the check nothing. */
  readonly size?: KnownSize;
}

export interface RunningEmulation<E extends Emulation = Emulation> extends RunningCloud {
  readonly emulation: E;
}

/** Something about a template or its account, and what the account check tells of it. */
export interface CheckCase<E extends Emulation = Emulation> {
  readonly name: string;
  /** What is so in the cloud. */
  arrange?(emulation: E): void;
  readonly template?: Settings;
  /** Kind, field, and what its sentence must say. */
  readonly finds: readonly (readonly [FindingKind, string, RegExp])[];
  /** Default: that of {@link EmulatedUnderTest.size}. */
  readonly size?: KnownSize | "unknown";
  /** The cloud did not tell who asks. */
  readonly isNobody?: boolean;
}

export function cloudUnderTest(kind: string): CloudUnderTest {
  const file = join(__dirname, "under-test", `${kind}.js`);
  if (!existsSync(file))
    throw new Error(`cloud "${kind}" has no test/clouds/under-test/${kind}.ts: say there how it is tested`);
  return (require(file) as { readonly underTest: CloudUnderTest }).underTest;
}

export function emulatedUnderTest(kind: string): EmulatedUnderTest {
  const found = cloudUnderTest(kind);
  if (!("emulate" in found))
    throw new Error(`cloud "${kind}" needs a plugin, and test/clouds/under-test/${kind}.ts emulates none`);
  return found as EmulatedUnderTest;
}
