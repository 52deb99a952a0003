/** What the last measured boots of a config's nodes say about the next one. */

/** Nine of ten measured boots were at most this long (90th percentile). Unit: seconds; undefined before the first. */
export function usualBootSeconds(bootSeconds: readonly number[] = []): number | undefined {
  const shortestFirst = [...bootSeconds].sort((a, b) => a - b);
  return shortestFirst[Math.ceil(shortestFirst.length * 0.9) - 1];
}
