/** What is committed is seen by who learns the demand, by the metrics and, where somebody wants them, by the traces. */
import type { Metrics } from "../metrics/metrics";
import type { CommitWatch } from "../store/ledger";
import type { SessionTraces } from "../tracing/session-traces";

interface Watchers {
  readonly learner: CommitWatch;
  readonly metrics: Metrics;
  readonly traces: SessionTraces | undefined;
}

export function seenByAll({ learner, metrics, traces }: Watchers): CommitWatch {
  return {
    see(changes, before) {
      const tells = [learner.see(changes, before), metrics.see(changes, before), traces?.see(changes, before)];
      return () => tells.forEach((tell) => tell?.());
    },
    beginWrite: () => metrics.beginWrite(),
  };
}
