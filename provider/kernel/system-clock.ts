import type { Clock } from "../../runtime/model/clock";

/** The clock of this machine, for the two processes that serve kernels: the plugin and the dynamic provider. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
