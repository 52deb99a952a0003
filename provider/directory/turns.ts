/** Lets so many at once, the others wait their turn: what waits in a long row at a controller would seem not to be answered. */
export class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly atOnce: number) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.atOnce) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await work();
    } finally {
      // Who is next takes over the place of who ends.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
