/** Sorts in place. Rows come in the order in which they were stored, which is nearly always the wanted order already. */
export function sortUnlessSorted<T>(items: T[], compare: (a: T, b: T) => number): T[] {
  for (let index = 1; index < items.length; index += 1) {
    if (compare(items[index - 1]!, items[index]!) > 0) return items.sort(compare);
  }
  return items;
}
