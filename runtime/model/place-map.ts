/** Values by place: one pool in one zone. Two look-ups by names that exist already, where a joined key would be made each time. */
export class PlaceMap<T> {
  private readonly byZone = new Map<string, Map<string, T>>();

  get(pool: string, zone: string): T | undefined {
    return this.byZone.get(zone)?.get(pool);
  }

  set(pool: string, zone: string, value: T): void {
    const known = this.byZone.get(zone);
    if (known) known.set(pool, value);
    else this.byZone.set(zone, new Map([[pool, value]]));
  }

  *values(): Iterable<T> {
    for (const inZone of this.byZone.values()) yield* inZone.values();
  }

  clear(): void {
    this.byZone.clear();
  }
}
