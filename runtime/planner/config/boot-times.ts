/** How long the next node of a config will take to boot, by the boots measured last. */

/** Nine of ten measured boots were at most this long (90th percentile). Unit: seconds; undefined before the first. */
export function usualBootSeconds(bootSeconds: readonly number[] = []): number | undefined {
  const shortestFirst = [...bootSeconds].sort((a, b) => a - b);
  return shortestFirst[Math.ceil(shortestFirst.length * 0.9) - 1];
}
