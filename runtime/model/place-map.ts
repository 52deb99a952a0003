/** Values by place: one pool in one zone. Two look-ups by names that exist already, where a joined key would be made each time. */
export class PlaceMap<T> {
  private readonly byPool = new Map<string, Map<string, T>>();

  get(pool: string, zone: string): T | undefined {
    return this.byPool.get(pool)?.get(zone);
  }

  set(pool: string, zone: string, value: T): void {
    const known = this.byPool.get(pool);
    if (known) known.set(zone, value);
    else this.byPool.set(pool, new Map([[zone, value]]));
  }

  *values(): Iterable<T> {
    for (const inPool of this.byPool.values()) yield* inPool.values();
  }

  clear(): void {
    this.byPool.clear();
  }
}
