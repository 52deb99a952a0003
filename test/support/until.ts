/**
 * How tests wait for what happens elsewhere. The deadline only ends what would never come true: a busy machine can be ten
 * times as slow. It lies below mocha's own, whose error does not say what was waited for.
 */
const deadlineMs = 100_000;

/** Asks until the answer is neither undefined nor false. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > endMs) throw new Error(`${what}: still not so after ${deadlineMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
