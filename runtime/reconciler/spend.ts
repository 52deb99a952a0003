/**
 * Counts all VMs into the ledger of spend every few minutes; between two counts what they cost follows from their lives.
 * Lives begin and end with the commits of their nodes (`model/spend-companion.ts`); here they begin when the first price or
 * budget is declared, and whatever was missed is put right.
 */
import { spendMarkRow, type Change } from "../model/changes";
import type { EpochMs } from "../model/clock";
import type { Snapshot } from "../model/snapshot";
import { spendDaysKept, type SpendMark, type VmLife } from "../model/spend";
import { powerOf } from "../model/spend-companion";
import { begunLife, SpendCount, writtenLife } from "../model/spend-count";
import { dayMs } from "../model/wall-clock";

const countEveryMs = 300_000;

/** What is to be changed now, as one commit; empty when nothing is due. */
export function spendDue(snapshot: Snapshot, nowMs: EpochMs): Change[] {
  const { spendMark: mark } = snapshot;
  if (!isWanted(snapshot)) return mark === undefined ? [] : endCounting(snapshot);
  if (mark === undefined) return beginCounting(snapshot, nowMs);
  if (nowMs < mark.countedMs) return turnBack(snapshot, mark, nowMs);
  return nowMs - mark.countedMs < countEveryMs ? [] : countAll(snapshot, mark, nowMs);
}

function isWanted({ budgets, vmProviderConfigs }: Snapshot): boolean {
  if (budgets.size > 0) return true;
  for (const { hourlyCost, stoppedHourlyCost } of vmProviderConfigs.values()) {
    if (hourlyCost !== undefined || stoppedHourlyCost !== undefined) return true;
  }
  return false;
}

function beginCounting(snapshot: Snapshot, nowMs: EpochMs): Change[] {
  const mark: SpendMark = { sinceMs: nowMs, countedMs: nowMs, count: 1 };
  return [putMark(mark), ...missingLives(snapshot, mark, nowMs)];
}

/** Their days stay until they are old. */
function endCounting({ vmLives }: Snapshot): Change[] {
  const lives = [...vmLives.keys()].map((id): Change => ({ kind: "delete", table: "vmLife", id }));
  return [{ kind: "delete", table: "spendMark", id: spendMarkRow }, ...lives];
}

/**
 * The clock was set back behind the mark, which can't tell any more how far older lives are counted: they say it themselves
 * from now on.
 */
function turnBack(snapshot: Snapshot, mark: SpendMark, nowMs: EpochMs): Change[] {
  const next = { ...mark, countedMs: nowMs, count: mark.count + 1 };
  const count = new SpendCount(snapshot);
  const lives = [...snapshot.vmLives.values()].map((life): Change => {
    return { kind: "put", table: "vmLife", row: writtenLife(life, count.count(life, nowMs), next) };
  });
  return [putMark(next), ...lives, ...count.changes()];
}

function countAll(snapshot: Snapshot, mark: SpendMark, nowMs: EpochMs): Change[] {
  const count = new SpendCount(snapshot);
  const next = { ...mark, countedMs: nowMs, count: mark.count + 1 };
  const ended: Change[] = [];
  for (const life of snapshot.vmLives.values()) {
    count.count(life, nowMs);
    if (!snapshot.nodes.has(life.nodeId)) ended.push({ kind: "delete", table: "vmLife", id: life.nodeId });
  }
  return [
    putMark(next),
    ...ended,
    ...missingLives(snapshot, next, nowMs),
    ...count.changes(),
    ...oldDays(snapshot, nowMs),
  ];
}

function putMark(row: SpendMark): Change {
  return { kind: "put", table: "spendMark", row };
}

function missingLives({ nodes, vmLives }: Snapshot, mark: SpendMark, nowMs: EpochMs): Change[] {
  const changes: Change[] = [];
  for (const node of nodes.values()) {
    const power = vmLives.has(node.nodeId) ? undefined : powerOf(node);
    if (power === undefined) continue;
    const { nodeId, zone, pool, autoscaleConfig = "", vmProvider = "" } = node;
    const row: VmLife = begunLife({ nodeId, zone, pool, autoscaleConfig, vmProvider, power }, nowMs, mark);
    changes.push({ kind: "put", table: "vmLife", row });
  }
  return changes;
}

function oldDays({ spendDays }: Snapshot, nowMs: EpochMs): Change[] {
  const first = Math.floor(nowMs / dayMs) - spendDaysKept;
  const old = [...spendDays.values()].filter(({ day }) => day < first);
  return old.map(({ spendId }) => ({ kind: "delete", table: "spendDay", id: spendId }));
}
