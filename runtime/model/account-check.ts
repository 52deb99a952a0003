/**
 * What a cloud said when it was asked about an account and about what a VM provider config makes its VMs from there, or a
 * directory when it was asked whether it lets us in.
 */
import type { EpochMs } from "./clock";
import type { Shape } from "./shapes";

/**
 * - `wrong`: no node can be made like this until somebody changes the settings or the account.
 * - `unchecked`: the credentials may not look; no fault of what was declared.
 * - `passing`: a time-out or a throttled request; it may be fine the next time.
 */
export const findingKinds = ["wrong", "unchecked", "passing"] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface AccountFinding {
  readonly kind: FindingKind;
  /** Name in the settings, e.g. `amiId`. */
  readonly field: string;
  /** One sentence: field and value, what the cloud said, what to do. Never a secret. */
  readonly text: string;
}

/** Who the credentials are. */
export interface AccountPrincipal {
  /** The cloud's own number or name of the account, as {@link AccountIdentity}'s `owner`. */
  readonly owner: string;
  /** The user or role in the cloud's words, e.g. an ARN. */
  readonly name: string;
}

/** What VMs of one size have, by the cloud's word. */
export interface KnownSize {
  /** As {@link VmProviderFacts.sizeOf} names it, e.g. `m7i.large`. Of another size it says nothing. */
  readonly name: string;
  readonly shape: Shape;
}

/** The answer about one VM provider config. */
export interface AccountCheck {
  /** Absent: the cloud has no accounts, or did not tell. */
  readonly identity?: AccountPrincipal;
  readonly findings: readonly AccountFinding[];
  /** Absent: the cloud did not tell. */
  readonly size?: KnownSize;
}

/** A definition whose account is checked. */
export interface CheckSubject {
  readonly kind: "vmProviderConfig" | "ldapConfig";
  readonly name: string;
}

/** Of the row about it. That of a VM provider config is its name alone; no name has a slash. */
export function checkIdOf({ kind, name }: CheckSubject): string {
  return kind === "vmProviderConfig" ? name : `${kind}/${name}`;
}

/** @example `LDAP config "corp"` */
export function describeSubject({ kind, name }: CheckSubject): string {
  return `${kind === "vmProviderConfig" ? "VM provider config" : "LDAP config"} "${name}"`;
}

/** For reasons and advice. */
export function namesOf({ kind, name }: CheckSubject): Readonly<Record<string, string>> {
  return { [kind === "vmProviderConfig" ? "vmProvider" : kind]: name };
}

/** The last answer about an account, kept over restarts. */
export interface AccountCheckRow extends AccountCheck {
  /** See {@link checkIdOf}: mostly the name of a VM provider config. */
  readonly vmProvider: string;
  /** Of what was asked about: another one shows that the definition or its credentials were edited since. */
  readonly digest: string;
  /** When the cloud last gave a whole answer; absent = not yet since the last edit. */
  readonly checkedAtMs?: EpochMs;
  /** Tries since then that came to nothing; absent = none. */
  readonly trouble?: CheckTrouble;
}

export interface CheckTrouble {
  /** In a row, at least 1. */
  readonly tries: number;
  readonly lastTryMs: EpochMs;
  /** Why the last one came to nothing. */
  readonly message: string;
}

/** So many tries in a row must come to nothing before anybody is told: the first may be a passing trouble. */
export const triesUntilTold = 2;

/** What people should know: what is wrong, and what could not be asked again and again. */
export function troublesIn({ findings, trouble }: AccountCheckRow): string[] {
  const wrong = findings.filter(({ kind }) => kind === "wrong").map(({ text }) => text);
  if (!trouble || trouble.tries < triesUntilTold) return wrong;
  return [...wrong, `could not be checked ${trouble.tries} times in a row, last: ${trouble.message}`];
}
