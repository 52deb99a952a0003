/** What the API says at a path, kept as it is now while a part of a page shows it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Topic } from "../model/answers";
import { useApp } from "./app";

export interface Reading<T> {
  /** The last good answer; undefined = there was none yet. */
  readonly body: T | undefined;
  /** Why the last one was none. */
  readonly refusal: string | undefined;
  readonly status: number | undefined;
}

/** @param path undefined = nothing is asked */
export function useAnswer<T>(
  path: string | undefined,
  { topics = [], everyMs = 10_000 }: { topics?: readonly Topic[]; everyMs?: number } = {},
): Reading<T> {
  const { live } = useApp();
  const reading = useSignal<Reading<T>>({ body: undefined, refusal: undefined, status: undefined });
  useEffect(() => {
    if (path === undefined) return;
    return live.watch<T>(path, {
      topics,
      everyMs,
      take: (answer) => {
        if (answer.kind === "done") reading.value = { body: answer.body, refusal: undefined, status: 200 };
        else
          reading.value = {
            ...reading.value,
            refusal: answer.message,
            status: answer.kind === "refused" ? answer.status : undefined,
          };
      },
    });
  }, [path, everyMs]);
  return reading.value;
}
