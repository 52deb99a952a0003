/**
 * Accounts in servers, one for each session, where the credential type is `dynamic`. The service in the VM asks which there
 * should be, makes those that it lacks, removes those that it made and that are no longer listed, and says which it has.
 * The rows follow the sessions of the node whenever somebody asks.
 */
import { canonicalJson } from "../model/canonical-json";
import type { Clock, Rng } from "../model/clock";
import type { SessionAccount } from "../model/connection-rows";
import type { Change } from "../model/changes";
import { GoneError, UnauthorizedError } from "../model/errors";
import { shortDigest } from "../model/short-digest";
import type { Node, Session } from "../model/state";
import { withoutDomain } from "../model/user-name";
import { without } from "../planner/lifecycle/transitions";
import type { Ledger } from "../store/store";
import type { NodeTokens } from "./node-tokens";

/** What the service in a VM is told. */
export interface NodeAccounts {
  /** The same as long as the list is. */
  readonly version: string;
  readonly accounts: readonly SessionAccount[];
}

/** Windows takes no longer name. */
const userNameLengthMax = 20;
const passwordLength = 20;
/** Without letters that people mix up, and without what a shell would take apart. One of each kind is in every password. */
const passwordAlphabets = ["abcdefghijkmnpqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "-_.+"] as const;

export interface SessionAccountsOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly tokens: NodeTokens;
}

export class SessionAccounts {
  constructor(private readonly options: SessionAccountsOptions) {}

  /** The node that the token speaks for, when it is this one and lives; else the error says why not. */
  async admit(token: string, nodeId: string): Promise<void> {
    const { tokens, clock } = this.options;
    const tokenNodeId = await tokens.verify(token, "agent", clock.now());
    if (tokenNodeId !== nodeId) throw new UnauthorizedError(`this token does not speak for node ${nodeId}`);
    const status = this.state.nodes.get(nodeId)?.status;
    if (status === undefined) throw new GoneError(`node ${nodeId} was destroyed`);
    if (status === "destroying" || status === "failed" || status === "dead") {
      throw new GoneError(`node ${nodeId} is ${status}`);
    }
  }

  /** The accounts that should exist now; resolves when they are durable. */
  async list(nodeId: string): Promise<NodeAccounts> {
    await this.followSessions(nodeId);
    return this.present(nodeId);
  }

  /** That of the session, which is made when it has none; undefined where accounts are not made per session. */
  async accountOf({ sessionId, nodeId = "" }: Session): Promise<SessionAccount | undefined> {
    await this.followSessions(nodeId);
    return this.ofNode(nodeId).find((account) => account.sessionId === sessionId);
  }

  /** True when {@link list} would answer something else than this version. */
  hasChanged(nodeId: string, version: string): boolean {
    return this.pendingChanges(nodeId).length > 0 || this.present(nodeId).version !== version;
  }

  /** The service has these now, and no others that were listed. */
  async report(nodeId: string, accountIds: readonly string[]): Promise<void> {
    const has = new Set(accountIds);
    const changes = this.ofNode(nodeId).flatMap((account): Change[] => {
      const isPresent = has.has(account.accountId);
      if (isPresent === (account.isPresent ?? false)) return [];
      const row = isPresent ? { ...account, isPresent } : without(account, "isPresent");
      return [{ kind: "put", table: "sessionAccount", row }];
    });
    await this.options.ledger.commit(changes);
  }

  private get state() {
    return this.options.ledger.state;
  }

  private ofNode(nodeId: string): SessionAccount[] {
    return [...this.state.sessionAccountsOf(nodeId).values()].sort((a, b) => (a.accountId < b.accountId ? -1 : 1));
  }

  private present(nodeId: string): NodeAccounts {
    const accounts = this.ofNode(nodeId);
    const told = accounts.map(({ accountId, userName, publicKey = "" }) => [accountId, userName, publicKey]);
    return { version: shortDigest(canonicalJson(told)), accounts };
  }

  private followSessions(nodeId: string): Promise<void> {
    return this.options.ledger.commit(this.pendingChanges(nodeId));
  }

  /** Accounts of sessions that have none yet, and the removal of those whose session is over. */
  private pendingChanges(nodeId: string): Change[] {
    const node = this.state.nodes.get(nodeId);
    const known = this.state.sessionAccountsOf(nodeId);
    const isDynamic = node?.connection?.credentialType === "dynamic";
    if (!node || (!isDynamic && known.size === 0)) return [];
    const changes: Change[] = [];
    const served = new Set<string>();
    const sessions = isDynamic ? this.state.sessionsOf(nodeId) : new Map<string, Session>();
    for (const account of known.values()) {
      if (sessions.has(account.sessionId)) served.add(account.sessionId);
      else changes.push({ kind: "delete", table: "sessionAccount", id: account.accountId });
    }
    const taken = new Set([...known.values()].map(({ userName }) => userName));
    for (const session of sessions.values()) {
      if (session.status === "staged" || served.has(session.sessionId)) continue;
      const row = this.newAccount(session, node, taken);
      taken.add(row.userName);
      changes.push({ kind: "put", table: "sessionAccount", row });
    }
    return changes;
  }

  private newAccount({ sessionId, userId }: Session, node: Node, taken: ReadonlySet<string>): SessionAccount {
    const { rng } = this.options;
    const key = node.connection?.useUserSshKey ? this.state.userKeys.get(userId) : undefined;
    let userName = accountName(userId, rng);
    while (taken.has(userName)) userName = accountName(userId, rng);
    return {
      accountId: `a${rng.id(15)}`,
      sessionId,
      nodeId: node.nodeId,
      userName,
      password: makePassword(rng),
      ...(key ? { publicKey: key.publicKey } : {}),
    };
  }
}

/** Lower-case letters, digits and dashes. The mark in front and the chance behind keep it from being anybody's already. */
function accountName(userId: string, rng: Rng): string {
  const [mark, chance] = ["hr-", `-${rng.id(4)}`];
  const plain = withoutDomain(userId)
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  const name = plain.slice(0, userNameLengthMax - mark.length - chance.length).replace(/^-+|-+$/g, "");
  return `${mark}${name === "" ? "user" : name}${chance}`;
}

function makePassword(rng: Rng): string {
  const pick = (alphabet: string): string => alphabet[rng.below(alphabet.length)]!;
  const all = passwordAlphabets.join("");
  const letters = Array.from({ length: passwordLength }, (_, index) => pick(passwordAlphabets[index] ?? all));
  for (let index = letters.length - 1; index > 0; index -= 1) {
    const other = rng.below(index + 1);
    [letters[index], letters[other]] = [letters[other]!, letters[index]!];
  }
  return letters.join("");
}
