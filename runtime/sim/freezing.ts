/** Something that can be held for a while, as a stopped process is, and goes on afterwards as if nothing had been. */
export class Freezable {
  private thawed: Promise<void> | undefined;
  private release: () => void = () => undefined;

  get isFrozen(): boolean {
    return this.thawed !== undefined;
  }

  freeze(): void {
    this.thawed ??= new Promise((resolve) => (this.release = resolve));
  }

  goOn(): void {
    this.thawed = undefined;
    this.release();
  }

  /** Whatever it does next waits here while it is held. */
  async pass(): Promise<void> {
    while (this.thawed) await this.thawed;
  }
}
