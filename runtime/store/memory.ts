/** A store for tests and simulation: behaves as `postgres.ts` does (one conformance suite runs on both), keeps nothing. */
import { UnavailableError } from "../model/errors";
import type { Decision, Node, Orphan, Session, StoredDefinition } from "../model/state";
import { changeId, putOf } from "./batch";
import { definitionId, type Change, type Rows, type TableName } from "../model/changes";
import { judgePermit, refused, type OrphanFacts, type Permit, type PermitRequest } from "./permit";
import { MemoryHistory } from "./memory-history";
import type { SampleRow } from "./sample-rows";
import type { DecisionFilter, Store } from "./store";

/** Decisions kept; older ones are dropped. A long simulation must not grow without end. */
export const memoryDecisionsMax = 100_000;

interface StoredRow {
  readonly table: TableName;
  readonly text: string;
}

/** What would be on the disk. Outlives the {@link MemoryStore}s opened on it, so a crash can be simulated. */
export class MemoryDisk {
  /** Rows as JSON by table and id, in the order of their last change. */
  readonly rows = new Map<string, StoredRow>();
  /** In the order of their ids. */
  decisions: Decision[] = [];
  /** By minute. */
  readonly samples = new Map<number, SampleRow>();
  epoch = 0;
}

export interface MemoryStoreOptions {
  /** Default: an empty disk. Opening takes over: stores opened on it before can't write any more. */
  readonly disk?: MemoryDisk;
  /** Runs before a write: may wait, or throw so that nothing is written. */
  readonly beforeWrite?: (changes: readonly Change[]) => Promise<void> | void;
  /** Runs after a write: throwing is a write that happened although its caller sees a failure. */
  readonly afterWrite?: (changes: readonly Change[]) => Promise<void> | void;
}

export class MemoryStore implements Store {
  readonly disk: MemoryDisk;
  readonly epoch: number;
  readonly history: MemoryHistory;
  private isClosed = false;

  constructor(private readonly options: MemoryStoreOptions = {}) {
    this.disk = options.disk ?? new MemoryDisk();
    this.disk.epoch += 1;
    this.epoch = this.disk.epoch;
    this.history = new MemoryHistory(this.disk, this.epoch);
  }

  async load(): Promise<Change[]> {
    this.checkOpen();
    return [...this.disk.rows.values()]
      .map(({ table, text }) => putOf(table, JSON.parse(text) as Rows[TableName]))
      .filter((change) => !isEndedSession(change));
  }

  async write(changes: readonly Change[]): Promise<void> {
    this.checkOpen();
    await this.options.beforeWrite?.(changes);
    this.checkOpen();
    if (this.disk.epoch !== this.epoch) {
      throw new UnavailableError("another runtime has taken over; this one may no longer write");
    }
    for (const change of changes) this.writeOne(change);
    this.dropOldDecisions();
    await this.options.afterWrite?.(changes);
  }

  async decisions({ subject, subjectId, after, limit }: DecisionFilter): Promise<Decision[]> {
    this.checkOpen();
    const matching = this.disk.decisions.filter(
      (decision) =>
        (subject === undefined || decision.subject === subject) &&
        (subjectId === undefined || decision.subjectId === subjectId) &&
        (after === undefined || decision.decisionId > after),
    );
    return after === undefined ? matching.reverse().slice(0, limit) : matching.slice(0, limit);
  }

  async session(sessionId: string): Promise<Session | undefined> {
    this.checkOpen();
    const row = this.disk.rows.get(rowKey("session", sessionId));
    return row && (JSON.parse(row.text) as Session);
  }

  async permit(request: PermitRequest): Promise<Permit> {
    if (this.isClosed) return refused("the store is closed");
    const { epoch } = this.disk;
    if (request.step === "deleteOrphan")
      return judgePermit(request, { epoch, orphan: this.orphanFacts(request.orphanId) });
    const row = request.step === "operate" ? undefined : this.disk.rows.get(rowKey("node", request.nodeId));
    const nodeStatus = row && (JSON.parse(row.text) as Node).status;
    return judgePermit(request, { epoch, nodeStatus });
  }

  private orphanFacts(orphanId: string): OrphanFacts {
    const row = this.read<Orphan>("orphan", orphanId);
    if (row === undefined) return { row, ownerId: undefined, policy: undefined };
    const rows = [...this.disk.rows.values()].filter(({ table }) => table === "node");
    const owner = rows
      .map(({ text }) => JSON.parse(text) as Node)
      .find((node) => {
        if (node.nodeId === row.nodeId && (row.isComputerRecord || node.vmId === undefined)) return true;
        return node.vmId === row.vmId;
      });
    const kind = row.isComputerRecord ? "ldapConfig" : "vmProviderConfig";
    const definition = this.read<StoredDefinition>("definition", definitionId(kind, row.vmProvider));
    return { row, ownerId: owner?.nodeId, policy: definition?.doc["orphans"] as string | undefined };
  }

  private read<Row>(table: TableName, id: string): Row | undefined {
    const row = this.disk.rows.get(rowKey(table, id));
    return row && (JSON.parse(row.text) as Row);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  private checkOpen(): void {
    if (this.isClosed) throw new UnavailableError("the store is closed");
  }

  private writeOne(change: Change): void {
    const { rows, decisions } = this.disk;
    if (change.kind === "decision") return insertInOrder(decisions, change.decision);
    if (change.kind === "delete") {
      rows.delete(rowKey(change.table, change.id));
      return;
    }
    const key = rowKey(change.table, changeId(change));
    rows.delete(key);
    rows.set(key, { table: change.table, text: JSON.stringify(change.row) });
  }

  private dropOldDecisions(): void {
    if (this.disk.decisions.length <= memoryDecisionsMax * 1.1) return;
    this.disk.decisions = this.disk.decisions.slice(-memoryDecisionsMax);
  }
}

function rowKey(table: TableName, id: string): string {
  return `${table} ${id}`;
}

function isEndedSession(change: Change): boolean {
  return change.kind === "put" && change.table === "session" && change.row.status === "ended";
}

/** Ids sort in time, so this is nearly always an append. A decision that is there already stays as it is. */
function insertInOrder(decisions: Decision[], decision: Decision): void {
  let index = decisions.length;
  while (index > 0 && decisions[index - 1]!.decisionId > decision.decisionId) index -= 1;
  if (decisions[index - 1]?.decisionId === decision.decisionId) return;
  decisions.splice(index, 0, JSON.parse(JSON.stringify(decision)) as Decision);
}
