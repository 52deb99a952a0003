/** The demo's lines, and, while there are none, what it waits for: nobody should wonder whether it hangs. */

const silenceMaxMs = 4_000;

export class Progress {
  private readonly startedMs = Date.now();
  private lastMs = this.startedMs;
  private doing = "";
  private sinceMs = this.startedMs;

  /** The process ends by itself when nothing else keeps it. */
  constructor(private readonly write: (line: string) => void) {
    setInterval(() => this.look(), 500).unref();
  }

  print(line: string): void {
    this.lastMs = Date.now();
    this.write(line);
  }

  /** What is going on from now on, e.g. `starting the runtime`. */
  begin(doing: string): void {
    this.doing = doing;
    this.sinceMs = Date.now();
  }

  /** Seconds since the demo began, as each line of it has them. */
  clock(atMs: number): string {
    const seconds = Math.max(0, (atMs - this.startedMs) / 1000);
    return `${seconds.toFixed(1).padStart(6)} s`;
  }

  private look(): void {
    const nowMs = Date.now();
    if (this.doing === "" || nowMs - this.lastMs < silenceMaxMs) return;
    this.print(`${this.clock(nowMs)}  ... ${this.doing}, for ${Math.round((nowMs - this.sinceMs) / 1000)} s now`);
  }
}
