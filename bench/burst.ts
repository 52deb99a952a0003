/** How close bursts of thousands of nodes come to what their slots allow; virtual time, the real deciding half. */
import { runBurst, type Burst } from "../test/reconciler/run-burst";
import type { Bench, Figure } from "./result";

const whole: readonly Burst[] = [
  { nodes: 1_500, updateSeconds: 90, slots: 4, gapMs: 0 },
  { nodes: 1_500, updateSeconds: 90, slots: 4, gapMs: 10 },
  { nodes: 2_500, updateSeconds: 40, slots: 16, gapMs: 0 },
  { nodes: 10_000, updateSeconds: 60, slots: 16, gapMs: 0 },
];
const smoke: readonly Burst[] = [{ nodes: 200, updateSeconds: 90, slots: 4, gapMs: 0 }];

export const burst: Bench = {
  name: "burst",
  about: "thousands of nodes at once in virtual time, beside the ideal: full lanes, no slot free at any time",
  async run({ isSmoke, log }): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const one of isSmoke ? smoke : whole) {
      const { seconds, idealSeconds, running, failed, vmsMade } = await runBurst(one);
      const { nodes, updateSeconds, slots, gapMs } = one;
      const name = `${nodes} nodes, ${updateSeconds} s an update, ${slots} slots, ${gapMs} ms apart`;
      log(`${name}: ${seconds} s, ideal ${idealSeconds} s; ${running} run`);
      figures.push({ what: `${name}: beside the ideal`, value: seconds / idealSeconds, unit: "x", atMost: 1.1 });
      figures.push({ what: `${name}: VMs made in vain`, value: vmsMade - nodes, unit: "", atMost: 0 });
      figures.push({ what: `${name}: nodes failed`, value: failed, unit: "", atMost: 0 });
    }
    return isSmoke ? figures : [...figures, await twoWorkers()];
  },
};

/** What a second worker of as many slots brings to the deciding half, with updates that don't compete for a machine. */
async function twoWorkers(): Promise<Figure> {
  const burst = { nodes: 1_500, updateSeconds: 90, gapMs: 0 };
  const [one, two] = [await runBurst({ ...burst, slots: 4 }), await runBurst({ ...burst, slots: 8 })];
  return { what: "one worker of 4 slots, by two", value: one.seconds / two.seconds, unit: "x", atLeast: 1.8 };
}
