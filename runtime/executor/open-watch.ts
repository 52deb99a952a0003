/**
 * An update that was opened ahead holds its stack's lock for as long as nobody closes it. A service that was frozen
 * closes nothing: the worker asks whether its runtime still leads, and closes the update itself when it does not.
 */
import type { JobPermits } from "./permits";

/** The next leader waits at most this long, and for as long as a service may take to answer. */
const askEveryMs = 10_000;

/** Does the work, and calls `close` once if meanwhile the job may not operate any more or nobody answers. */
export async function whileLed<Result>(
  permits: Pick<JobPermits, "toOperate">,
  close: () => void,
  work: Promise<Result>,
  everyMs = askEveryMs,
): Promise<Result> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const ask = async (): Promise<void> => {
    const isLed = await permits.toOperate().then(
      () => true,
      () => false,
    );
    if (isOver) return;
    if (isLed) askLater();
    else close();
  };
  const askLater = (): void => {
    timer = setTimeout(() => void ask(), everyMs);
  };
  askLater();
  try {
    return await work;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
