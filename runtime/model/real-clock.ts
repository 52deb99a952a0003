/** The clock of this machine. The composition roots of processes hand it to whoever needs a clock. */
import type { Clock } from "./clock";

/** Node's timers overflow beyond this and would fire at once. */
const timerMsMax = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const stepMs = Math.min(Math.max(leftMs, 0), timerMsMax);
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : run()), stepMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
