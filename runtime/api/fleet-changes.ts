/**
 * What has changed in one term of leadership, gathered for whoever watches: a ring of steps, each with the ids of one
 * quarter of a second. Who has seen a step that is still in the ring is told all since; who has not is told to look at
 * everything again. Bounded whatever happens: a step names so many ids of a kind and then says "many".
 */
import type { Snapshot } from "../model/snapshot";
import type { ChangeListener, WatchedTable } from "../store/change-watch";
import { changedKinds, type ChangedKind } from "./fleet-event-contracts";

/** Ids of one kind in one step and in one event. */
const idsMax = 200;
/** Steps that are kept: at four in a second at least half a minute, so that a connection may break. */
const stepsMax = 120;

export class ChangedIds {
  private readonly ids = new Map<ChangedKind, Set<string>>();
  readonly many = new Set<ChangedKind>();
  readonly configs = new Set<string>();

  get isEmpty(): boolean {
    return this.ids.size === 0 && this.many.size === 0 && this.configs.size === 0;
  }

  add(kind: ChangedKind, id: string): void {
    if (this.many.has(kind)) return;
    const ids = this.ids.get(kind) ?? new Set();
    this.ids.set(kind, ids.add(id));
    if (ids.size <= idsMax) return;
    this.ids.delete(kind);
    this.many.add(kind);
  }

  addAll(other: ChangedIds): void {
    for (const [kind, ids] of other.ids) for (const id of ids) this.add(kind, id);
    for (const kind of other.many) {
      this.ids.delete(kind);
      this.many.add(kind);
    }
    for (const name of other.configs) this.configs.add(name);
  }

  byKind(): Record<string, string[]> {
    return Object.fromEntries([...this.ids].map(([kind, ids]) => [kind, [...ids]]));
  }
}

interface Step {
  readonly number: number;
  readonly changed: ChangedIds;
}

const watchedKinds: ReadonlySet<string> = new Set(changedKinds);

export class FleetChanges {
  private readonly ring: Step[] = [];
  private pending = new ChangedIds();
  private lastNumber = 0;
  /** By autoscale config: what its counts follow from, at the end of the last step. */
  private known: ReadonlyMap<string, string>;

  constructor(private readonly state: CountedState) {
    this.known = marksOf(state);
  }

  /** Number of the newest step; 0 = there is none yet. */
  get number(): number {
    return this.lastNumber;
  }

  readonly note: ChangeListener = (table, id) => {
    if (isWatched(table)) this.pending.add(table, id);
  };

  /** Ends the present step. False when nothing has changed in it. */
  endStep(): boolean {
    if (this.pending.isEmpty) return false;
    const marks = marksOf(this.state);
    for (const name of new Set([...marks.keys(), ...this.known.keys()])) {
      if (marks.get(name) !== this.known.get(name)) this.pending.configs.add(name);
    }
    this.known = marks;
    this.lastNumber += 1;
    this.ring.push({ number: this.lastNumber, changed: this.pending });
    if (this.ring.length > stepsMax) this.ring.shift();
    this.pending = new ChangedIds();
    return true;
  }

  /** All that has changed behind that step; undefined = it is too long ago, or of another term. */
  since(number: number): ChangedIds | undefined {
    const oldest = this.ring[0]?.number ?? this.lastNumber + 1;
    if (number > this.lastNumber || number < oldest - 1) return undefined;
    const all = new ChangedIds();
    for (const step of this.ring) if (step.number > number) all.addAll(step.changed);
    return all;
  }
}

type CountedState = Pick<Snapshot, "autoscaleConfigs" | "configsWithNodes" | "revisions" | "queue">;

/** Numbers that are others whenever a node of the config, a session on one, or who waits for it has changed. */
function marksOf(state: CountedState): Map<string, string> {
  const waiting = waitingByConfig(state);
  const names = new Set([...state.autoscaleConfigs.keys(), ...state.configsWithNodes(), ...waiting.keys()]);
  return new Map([...names].map((name) => [name, `${state.revisions.config(name)} ${waiting.get(name) ?? 0}`]));
}

/** How many sessions wait for each autoscale config. */
export function waitingByConfig(state: Pick<Snapshot, "queue">): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { reason } of state.queue()) {
    const config = reason.numbers["autoscaleConfig"];
    if (typeof config === "string") counts.set(config, (counts.get(config) ?? 0) + 1);
  }
  return counts;
}

function isWatched(table: WatchedTable): table is ChangedKind {
  return watchedKinds.has(table);
}
