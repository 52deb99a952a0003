/** Numbers of which the smallest is taken first. */
export class MinHeap {
  private readonly values: number[] = [];

  /** Infinity when there is none. */
  get smallest(): number {
    return this.values[0] ?? Infinity;
  }

  push(value: number): void {
    const { values } = this;
    let at = values.length;
    values.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (values[parent]! <= value) break;
      values[at] = values[parent]!;
      at = parent;
    }
    values[at] = value;
  }

  pop(): number {
    const { values } = this;
    const [smallest, value] = [values[0]!, values.pop()!];
    if (values.length === 0) return smallest;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= values.length) break;
      if (child + 1 < values.length && values[child + 1]! < values[child]!) child += 1;
      if (values[child]! >= value) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = value;
    return smallest;
  }
}
