/** The machine's clock, for tests of things that run in real time. */
import type { Clock } from "../../runtime/model/clock";

export const realClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
