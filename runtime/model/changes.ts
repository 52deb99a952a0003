/** The rows that survive a restart, and one change of them. */
import type { AccountCheckRow } from "./account-check";
import type { Account } from "./accounts";
import type { DefinitionKind } from "./config";
import type { NodeSecrets, SessionAccount, UserKey } from "./connection-rows";
import type { ConfigDemand } from "./demand";
import type { InstallationRecord } from "./installation-record";
import type { BudgetState, SpendDay, SpendMark, VmLife } from "./spend";
import type {
  ApiKey,
  ConfigState,
  Decision,
  IdempotentAnswer,
  Lane,
  Node,
  Orphan,
  RevokedKey,
  Session,
  StoredDefinition,
} from "./state";

/** Rows that survive a restart, by table. Sessions that ended stay in the store only. */
export interface Rows {
  definition: StoredDefinition;
  node: Node;
  nodeSecrets: NodeSecrets;
  session: Session;
  sessionAccount: SessionAccount;
  lane: Lane;
  configState: ConfigState;
  configDemand: ConfigDemand;
  account: Account;
  accountCheck: AccountCheckRow;
  orphan: Orphan;
  apiKey: ApiKey;
  userKey: UserKey;
  revokedKey: RevokedKey;
  idempotentAnswer: IdempotentAnswer;
  installation: InstallationRecord;
  vmLife: VmLife;
  spendMark: SpendMark;
  spendDay: SpendDay;
  budgetState: BudgetState;
}
export type TableName = keyof Rows;

/** One change of the durable state. Several in one commit are one transaction. */
export type Change =
  | { readonly [T in TableName]: { readonly kind: "put"; readonly table: T; readonly row: Rows[T] } }[TableName]
  | { readonly kind: "delete"; readonly table: TableName; readonly id: string }
  | { readonly kind: "decision"; readonly decision: Decision };

const ids: { readonly [T in TableName]: (row: Rows[T]) => string } = {
  definition: ({ kind, name }) => definitionId(kind, name),
  node: ({ nodeId }) => nodeId,
  nodeSecrets: ({ nodeId }) => nodeId,
  session: ({ sessionId }) => sessionId,
  sessionAccount: ({ accountId }) => accountId,
  lane: ({ laneId }) => laneId,
  configState: ({ autoscaleConfig }) => autoscaleConfig,
  configDemand: ({ autoscaleConfig }) => autoscaleConfig,
  account: ({ accountId }) => accountId,
  accountCheck: ({ vmProvider }) => vmProvider,
  orphan: ({ orphanId }) => orphanId,
  apiKey: ({ name }) => name,
  userKey: ({ userId }) => userId,
  revokedKey: ({ hash }) => hash,
  idempotentAnswer: ({ key }) => key,
  installation: () => installationRow,
  vmLife: ({ nodeId }) => nodeId,
  spendMark: () => spendMarkRow,
  spendDay: ({ spendId }) => spendId,
  budgetState: ({ budget }) => budget,
};

export function rowId<T extends TableName>(table: T, row: Rows[T]): string {
  return ids[table](row);
}

/** Id of the only row of table `installation`. */
export const installationRow = "installation";

/** Id of the only row of table `spendMark`. */
export const spendMarkRow = "spend";

export function definitionId(kind: DefinitionKind, name: string): string {
  return `${kind}/${name}`;
}
