/** Rows by what they have in common. */
import type { AutoscaleConfig } from "../model/config";
import { PlaceMap } from "../model/place-map";

export function addTo<Row>(groups: Map<string, Map<string, Row>>, key: string, id: string, row: Row): void {
  const group = groups.get(key) ?? new Map<string, Row>();
  group.set(id, row);
  groups.set(key, group);
}

export function removeFrom<Row>(groups: Map<string, Map<string, Row>>, key: string, id: string): void {
  const group = groups.get(key);
  group?.delete(id);
  if (group?.size === 0) groups.delete(key);
}

export function groupSorted<T extends { readonly name: string }>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  for (const group of groups.values()) group.sort((a, b) => (a.name < b.name ? -1 : 1));
  return groups;
}

export function groupByPlace(configs: Iterable<AutoscaleConfig>): PlaceMap<AutoscaleConfig[]> {
  const groups = new PlaceMap<AutoscaleConfig[]>();
  for (const config of [...configs].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const group = groups.get(config.pool, config.zone);
    if (group) group.push(config);
    else groups.set(config.pool, config.zone, [config]);
  }
  return groups;
}
