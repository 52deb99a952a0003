/**
 * How fast the simulation runs on one core. An event is what its queue of virtual time dispatches: a timer, a message, a
 * call and its answer, a step of a commit, an update, a cloud or a guest; cancelled ones don't count. Everything that an
 * event leads to, with all checks, is in its time. Seconds are those of the CPU, so that other work on the machine,
 * which only makes a run wait, does not count.
 */
import { simulate } from "../runtime/sim/simulation";
import { median, type Bench, type Figure } from "./result";

const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const events = { whole: 40_000, smoke: 2_000 };

export const simulationSpeed: Bench = {
  name: "sim",
  about: "virtual-time events of the simulation per second on one core, all rules checked",
  async run({ isSmoke, log }): Promise<Figure[]> {
    const rates: number[] = [];
    let [eventsAll, secondsAll] = [0, 0];
    for (const seed of isSmoke ? seeds.slice(0, 2) : seeds) {
      const before = process.cpuUsage();
      const report = await simulate({ seed, events: isSmoke ? events.smoke : events.whole });
      const used = process.cpuUsage(before);
      const seconds = (used.user + used.system) / 1e6;
      if (report.violations.length > 0) throw new Error(`seed ${seed}: ${report.violations[0]?.text}`);
      rates.push(report.events / seconds);
      eventsAll += report.events;
      secondsAll += seconds;
      log(`seed ${seed}: ${report.events} events in ${seconds.toFixed(2)} CPU seconds, ${report.faults.length} faults`);
    }
    return [
      {
        what: "events per CPU second over all runs",
        value: eventsAll / secondsAll,
        unit: "1/s",
        ...(isSmoke ? {} : { atLeast: 20_000 }),
      },
      { what: "median over seeds", value: median(rates), unit: "1/s" },
      { what: "slowest seed", value: Math.min(...rates), unit: "1/s" },
    ];
  },
};
