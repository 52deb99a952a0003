/**
 * The check of an account, that of a VM provider config or of an LDAP config: what it would ask about, when it is due, and
 * what an answer changes. A check is asked beside everything else; nothing waits for it.
 */
import {
  checkIdOf,
  troublesIn,
  type AccountCheck,
  type AccountCheckRow,
  type CheckSubject,
} from "../model/account-check";
import { templateOf, type Account, type AccountSpec, type Settings } from "../model/accounts";
import { canonicalJson } from "../model/canonical-json";
import type { EpochMs } from "../model/clock";
import { factsOf, knownFacts, type CloudCatalog, type VmProviderConfig } from "../model/config";
import { boundReport, isSameShape, wholeShape } from "../model/shapes";
import { shortDigest } from "../model/short-digest";
import type { Node } from "../model/state";
import type { Change } from "../model/changes";
import type { Snapshot } from "../model/snapshot";
import { accountsAfterCheck } from "./account-rows";

export interface CheckContext {
  readonly snapshot: Snapshot;
  readonly catalog: CloudCatalog;
  readonly nowMs: EpochMs;
}

/** A question that is due. */
export interface CheckQuestion {
  readonly subject: CheckSubject;
  /** Of the definition and its account as they are asked about. */
  readonly digest: string;
  readonly account: Account;
  /** The account to ask in. Whose it is, is the question: so no owner is demanded. */
  readonly spec: AccountSpec;
  /** The template, without the account's fields; empty for a directory. */
  readonly settings: Settings;
}

/** What came of it; `failed`: nothing is known, and why. */
export type CheckOutcome = { readonly check: AccountCheck } | { readonly failed: string };

/** Edits in a burst are one question, or two. */
const pauseMs = 15_000;
const dayMs = 24 * 3600_000;
/** What is wrong may be put right in the cloud, where no edit shows it. */
const wrongEveryMs = 3600_000;
/** After nodes were refused, which a check may explain. */
const refusedEveryMs = 600_000;
const firstRetryMs = 60_000;
const retryMsMax = 3600_000;

/** The most urgent question that is due: first what was never answered as it is declared now, then by time. */
export function nextCheck(context: CheckContext, askedAtMs: ReadonlyMap<string, EpochMs>): CheckQuestion | undefined {
  let best: { readonly question: CheckQuestion; readonly isNew: boolean; readonly dueAtMs: EpochMs } | undefined;
  for (const subject of subjectsOf(context.snapshot)) {
    const question = questionAbout(subject, context);
    if (!question) continue;
    const row = currentRow(question, context.snapshot);
    const isNew = row?.checkedAtMs === undefined;
    const dueAtMs = dueAt(question, row, { ...context, lastAskMs: askedAtMs.get(checkIdOf(subject)) });
    if (dueAtMs > context.nowMs) continue;
    const isBefore = !best || (isNew === best.isNew ? dueAtMs < best.dueAtMs : isNew);
    if (isBefore) best = { question, isNew, dueAtMs };
  }
  return best?.question;
}

function* subjectsOf({ vmProviderConfigs, ldapConfigs }: Snapshot): Iterable<CheckSubject> {
  for (const name of vmProviderConfigs.keys()) yield { kind: "vmProviderConfig", name };
  for (const name of ldapConfigs.keys()) yield { kind: "ldapConfig", name };
}

/** The last answer about a definition as it is declared now; undefined = nobody has asked since the last edit. */
export function checkOf(subject: CheckSubject, context: Omit<CheckContext, "nowMs">): AccountCheckRow | undefined {
  const question = questionAbout(subject, context);
  return question && currentRow(question, context.snapshot);
}

/** Undefined for kinds that this runtime does not take, and until the account has its row. */
function questionAbout(subject: CheckSubject, context: Omit<CheckContext, "nowMs">): CheckQuestion | undefined {
  if (subject.kind === "ldapConfig") return questionAboutDirectory(subject, context.snapshot);
  const definition = context.snapshot.vmProviderConfigs.get(subject.name);
  return definition && questionAboutVms(definition, context);
}

/** All of an LDAP config says how to get in, so that is all that is asked about. */
function questionAboutDirectory(subject: CheckSubject, snapshot: Snapshot): CheckQuestion | undefined {
  const account = snapshot.accountOf("directory", subject.name);
  if (!account) return undefined;
  const digest = shortDigest(canonicalJson([account.kind, account.settings]));
  return { subject, digest, account, spec: account, settings: {} };
}

function questionAboutVms(
  { name, kind, settings }: VmProviderConfig,
  { snapshot, catalog }: Omit<CheckContext, "nowMs">,
): CheckQuestion | undefined {
  const facts = factsOf(catalog.vm, kind);
  const account = snapshot.accountOf("vm", name);
  if (facts.refusal !== undefined || !account) return undefined;
  const { service, definition } = account;
  const identity = Object.fromEntries(Object.entries(account.identity).filter(([fact]) => fact !== "owner"));
  const spec: AccountSpec = { service, kind, definition, identity, settings: account.settings };
  const template = templateOf(settings, facts.account);
  const digest = shortDigest(canonicalJson([kind, template, account.settings]));
  return { subject: { kind: "vmProviderConfig", name }, digest, account, spec, settings: template };
}

function currentRow({ subject, digest }: CheckQuestion, { accountChecks }: Snapshot): AccountCheckRow | undefined {
  const row = accountChecks.get(checkIdOf(subject));
  return row?.digest === digest ? row : undefined;
}

/** When the next answer is wanted. Times in the future are those of a clock that was wrong. */
function dueAt(
  { subject }: CheckQuestion,
  row: AccountCheckRow | undefined,
  context: CheckContext & { readonly lastAskMs: EpochMs | undefined },
): EpochMs {
  const { nowMs, lastAskMs } = context;
  const earliestMs = lastAskMs === undefined || lastAskMs > nowMs ? 0 : lastAskMs + pauseMs;
  if (row === undefined) return earliestMs;
  const { trouble, checkedAtMs } = row;
  const lastMs = Math.max(trouble?.lastTryMs ?? 0, checkedAtMs ?? 0);
  if (lastMs > nowMs) return earliestMs;
  if (trouble) return Math.max(earliestMs, trouble.lastTryMs + retryMs(trouble.tries));
  const isWrong = row.findings.some(({ kind }) => kind === "wrong");
  const regularMs = (checkedAtMs ?? 0) + (isWrong ? wrongEveryMs : dayMs);
  const refusedMs = lastRefusalMs(subject, context.snapshot);
  const hasNews = refusedMs !== undefined && refusedMs > lastMs && refusedMs <= nowMs;
  return Math.max(earliestMs, hasNews ? Math.min(regularMs, lastMs + refusedEveryMs) : regularMs);
}

function retryMs(tries: number): number {
  return Math.min(retryMsMax, firstRetryMs * 2 ** Math.min(20, tries - 1));
}

/** When the cloud last refused a node because of its account or its template. */
function lastRefusalMs({ kind, name }: CheckSubject, { configStates }: Snapshot): EpochMs | undefined {
  // Whether a cloud or a directory refused is not known of a failure.
  if (kind !== "vmProviderConfig") return undefined;
  let lastMs: EpochMs | undefined;
  for (const { failures } of configStates.values()) {
    const last = failures?.[name]?.last;
    if (last?.class === "CONFIG") lastMs = Math.max(lastMs ?? 0, last.atMs);
  }
  return lastMs;
}

/** What an answer changes: its row, whose account it is, and the size of the nodes that were born before it was known. */
export function changesAfterCheck(asked: CheckQuestion, outcome: CheckOutcome, context: CheckContext): Change[] {
  const { snapshot } = context;
  // Deleted meanwhile: nobody wants to know any more.
  if (!isDeclared(asked.subject, snapshot)) return [];
  const row = rowAfter(asked, outcome, context);
  const owner = "check" in outcome ? outcome.check.identity?.owner : undefined;
  return [
    { kind: "put", table: "accountCheck", row },
    ...(owner === undefined ? [] : accountsAfterCheck(asked.account, owner, context)),
    ...(asked.subject.kind === "vmProviderConfig" ? nodesOfSize(row, context) : []),
  ];
}

function isDeclared({ kind, name }: CheckSubject, { vmProviderConfigs, ldapConfigs }: Snapshot): boolean {
  return kind === "vmProviderConfig" ? vmProviderConfigs.has(name) : ldapConfigs.has(name);
}

function rowAfter(asked: CheckQuestion, outcome: CheckOutcome, { snapshot, nowMs }: CheckContext): AccountCheckRow {
  const { digest } = asked;
  const vmProvider = checkIdOf(asked.subject);
  const known = snapshot.accountChecks.get(vmProvider);
  const before = known?.digest === digest ? known : undefined;
  const tries = (before?.trouble?.tries ?? 0) + 1;
  const trouble = (message: string) => ({ trouble: { tries, lastTryMs: nowMs, message } });
  // What a size has stays true, whatever could not be asked this time.
  const size = ("check" in outcome ? outcome.check.size : undefined) ?? known?.size;
  const sized = size ? { size } : {};
  if ("failed" in outcome) {
    const { findings = [], identity, checkedAtMs } = before ?? {};
    const kept = {
      ...(identity ? { identity } : {}),
      ...(checkedAtMs === undefined ? {} : { checkedAtMs }),
      findings,
    };
    return { vmProvider, digest, ...kept, ...sized, ...trouble(outcome.failed) };
  }
  const { identity, findings } = outcome.check;
  const passing = findings.find(({ kind }) => kind === "passing");
  return {
    vmProvider,
    digest,
    ...(identity ? { identity } : {}),
    findings: findings.filter(({ kind }) => kind !== "passing"),
    ...sized,
    checkedAtMs: nowMs,
    ...(passing ? trouble(passing.text) : {}),
  };
}

/** Nodes of this size that do not know it: without it the plan would make others for what they have room for. */
function nodesOfSize({ vmProvider, size }: AccountCheckRow, { snapshot, catalog }: CheckContext): Change[] {
  if (!size) return [];
  const changes: Change[] = [];
  for (const node of snapshot.nodes.values()) {
    if (node.vmProvider !== vmProvider || isLeaving(node) || isSameShape(node.size ?? {}, size.shape)) continue;
    if (sizeOfNode(node, snapshot, catalog) !== size.name) continue;
    const shape = wholeShape({
      ...size.shape,
      ...boundReport(node.reported ?? {}, size.shape),
      ...node.declared,
    });
    changes.push({ kind: "put", table: "node", row: { ...node, size: size.shape, ...(shape ? { shape } : {}) } });
  }
  return changes;
}

function isLeaving({ status }: Node): boolean {
  return status === "destroying" || status === "failed" || status === "dead";
}

function sizeOfNode({ spec }: Node, snapshot: Snapshot, catalog: CloudCatalog): string | undefined {
  const facts = spec && knownFacts(catalog.vm, spec.kind);
  if (!facts) return undefined;
  const settings = facts.settings.safeParse({
    ...spec.settings,
    ...(spec.account === undefined ? {} : snapshot.accounts.get(spec.account)?.settings),
  });
  return settings.success ? facts.sizeOf?.(settings.data) : undefined;
}

/** What people should be told of it; empty = all is well, or nobody knows yet. */
export function troublesOf(subject: CheckSubject, context: Omit<CheckContext, "nowMs">): string[] {
  const row = checkOf(subject, context);
  return row ? troublesIn(row) : [];
}
