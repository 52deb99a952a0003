/**
 * How many sessions to keep free when a session that waits costs as much as `price` seconds of an idle place.
 *
 * A place that is asked for now serves in a boot's time. Until then some are taken and some come back: the need is the
 * difference N, arrivals (more scattered than chance, a negative binomial) less ends (Poisson). One place more than `free`
 * stands idle with P(N <= free), and saves a wait with P(N = free) at each arrival. So the smallest `free` is right for
 * which
 *   arrivalsPerSecond * price * P(N = free) < P(N <= free)
 * The same price everywhere spends the allowed waits where a place is dearest: in quiet nights, not at nine o'clock.
 *
 * Example: arrivals 3 and ends 2 in a boot of 300 s without scatter, price 3000 s, so that rate * price = 30:
 * P(N = 5) = 0.041 and P(N <= 5) = 0.978: 30 * 0.041 = 1.2 is more than 0.978; at 6, 30 * 0.017 = 0.5 is less than 0.995: 6.
 */

export interface Need {
  /** Expected within a boot. */
  readonly arrivals: number;
  readonly ends: number;
  /** Of the arrivals: variance = m + scatter * m * m. */
  readonly scatter: number;
  /** When the boot is over. */
  readonly arrivalsPerSecond: number;
}

/** Beyond so many arrivals and ends the difference is as good as normal. */
const exactMax = 60;
/** More are not kept free, whatever the forecast says. */
export const freeMax = 10_000;

/** Answers for several prices, the lowest first, in one go. */
export function freeFor(need: Need, prices: readonly number[]): number[] {
  return need.arrivals > exactMax || need.ends > exactMax ? byNormal(need, prices) : exactly(need, prices);
}

function exactly(need: Need, prices: readonly number[]): number[] {
  const arrivals = negativeBinomial(need.arrivals, need.scatter);
  const ends = negativeBinomial(need.ends, 0);
  const probability = (net: number): number => {
    let sum = 0;
    const first = Math.max(0, net);
    const last = Math.min(arrivals.length - 1, ends.length - 1 + net);
    for (let arrived = first; arrived <= last; arrived += 1) sum += arrivals[arrived]! * ends[arrived - net]!;
    return sum;
  };
  let below = 0;
  for (let net = 1 - ends.length; net < 0; net += 1) below += probability(net);
  const found: number[] = [];
  for (let free = 0; found.length < prices.length; free += 1) {
    const here = free < arrivals.length ? probability(free) : 0;
    below += here;
    while (found.length < prices.length && need.arrivalsPerSecond * prices[found.length]! * here < below) {
      found.push(free);
    }
  }
  return found;
}

/** Probabilities of 0, 1, 2 ... until almost all is told. */
function negativeBinomial(mean: number, scatter: number): number[] {
  if (mean <= 0) return [1];
  const size = 1 / Math.max(scatter, 1e-9);
  const ratio = scatter <= 0 ? 0 : mean / (size + mean);
  let probability = scatter <= 0 ? Math.exp(-mean) : Math.exp(-size * Math.log1p(mean / size));
  const all: number[] = [];
  let sum = 0;
  for (let count = 0; count < 1000; count += 1) {
    all.push(probability);
    sum += probability;
    if (sum > 1 - 1e-7 && count >= mean) break;
    probability *= scatter <= 0 ? mean / (count + 1) : (ratio * (size + count)) / (count + 1);
  }
  return all;
}

function byNormal(need: Need, prices: readonly number[]): number[] {
  const mean = need.arrivals - need.ends;
  const deviation = Math.sqrt(need.arrivals + need.scatter * need.arrivals ** 2 + need.ends);
  return prices.map((price) => {
    // Beyond the mean the density falls and the distribution rises, so that the condition turns once.
    let [low, high] = [Math.max(0, Math.floor(mean)), Math.ceil(Math.max(0, mean) + 8 * deviation)];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const z = (middle - mean) / deviation;
      const density = Math.exp((-z * z) / 2) / (deviation * Math.sqrt(2 * Math.PI));
      if (need.arrivalsPerSecond * price * density < normalBelow(z)) high = middle;
      else low = middle + 1;
    }
    return Math.min(freeMax, low);
  });
}

/** Abramowitz and Stegun 7.1.26, good to 1e-7. */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const error = 1 - series * Math.exp(-x * x);
  return z >= 0 ? (1 + error) / 2 : (1 - error) / 2;
}
