/** Rows of one kind in memory, by id, with the indexes that are declared beside them. */
import { PlaceMap } from "../model/place-map";

/** Follows each change of a table's rows. */
export interface Index<Row> {
  /** `before` and `after` are the row of this id; undefined = it was not there, or is not there any more. */
  follow(id: string, before: Row | undefined, after: Row | undefined): void;
}

/** A row that changes keeps its place in the order of rows, here and in the indexes. */
export class Table<Row> extends Map<string, Row> {
  private readonly indexes: readonly Index<Row>[];

  constructor(...indexes: readonly Index<Row>[]) {
    super();
    this.indexes = indexes;
  }

  override set(id: string, row: Row): this {
    const before = this.get(id);
    super.set(id, row);
    for (const index of this.indexes) index.follow(id, before, row);
    return this;
  }

  override delete(id: string): boolean {
    const before = this.get(id);
    if (before === undefined || !super.delete(id)) return false;
    for (const index of this.indexes) index.follow(id, before, undefined);
    return true;
  }
}

const nothing: ReadonlyMap<string, never> = new Map<string, never>();

/** The sum of a number that each row has. */
export class Sum<Row> implements Index<Row> {
  private sum = 0;

  constructor(private readonly numberOf: (row: Row) => number) {}

  get value(): number {
    return this.sum;
  }

  follow(_id: string, before: Row | undefined, after: Row | undefined): void {
    this.sum += (after ? this.numberOf(after) : 0) - (before ? this.numberOf(before) : 0);
  }
}

/** All rows that have a key, by id. Rows without a key are in no group. */
export class Groups<Row> implements Index<Row> {
  private readonly groups = new Map<string, Map<string, Row>>();

  constructor(private readonly keyOf: (row: Row) => string | undefined) {}

  of(key: string): ReadonlyMap<string, Row> {
    return this.groups.get(key) ?? nothing;
  }

  /** None of them is empty. */
  get all(): ReadonlyMap<string, ReadonlyMap<string, Row>> {
    return this.groups;
  }

  follow(id: string, before: Row | undefined, after: Row | undefined): void {
    const [old, key] = [before && this.keyOf(before), after && this.keyOf(after)];
    if (old !== undefined && old !== key) this.leave(old, id);
    if (key === undefined || !after) return;
    const group = this.groups.get(key);
    if (group) group.set(id, after);
    else this.groups.set(key, new Map([[id, after]]));
  }

  private leave(key: string, id: string): void {
    const group = this.groups.get(key);
    group?.delete(id);
    if (group?.size === 0) this.groups.delete(key);
  }
}

/** All rows of one pool in one zone, by id. */
export class PlaceGroups<Row extends { readonly pool: string; readonly zone: string }> implements Index<Row> {
  private readonly groups = new PlaceMap<Map<string, Row>>();

  of(pool: string, zone: string): ReadonlyMap<string, Row> {
    return this.groups.get(pool, zone) ?? nothing;
  }

  follow(id: string, before: Row | undefined, after: Row | undefined): void {
    const isMoved = before && (before.pool !== after?.pool || before.zone !== after.zone);
    if (isMoved) this.groups.get(before.pool, before.zone)?.delete(id);
    if (!after) return;
    const group = this.groups.get(after.pool, after.zone);
    if (group) group.set(id, after);
    else this.groups.set(after.pool, after.zone, new Map([[id, after]]));
  }
}

/** The one row that has a key; of two that claim it, the one that was written last. */
export class Holders<Row> implements Index<Row> {
  private readonly holders = new Map<string, Row>();

  constructor(private readonly keysOf: (row: Row) => readonly string[]) {}

  get byKey(): ReadonlyMap<string, Row> {
    return this.holders;
  }

  follow(_id: string, before: Row | undefined, after: Row | undefined): void {
    for (const key of before ? this.keysOf(before) : []) {
      if (this.holders.get(key) === before) this.holders.delete(key);
    }
    for (const key of after ? this.keysOf(after) : []) this.holders.set(key, after!);
  }
}
