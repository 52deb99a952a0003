/** What is committed is seen by the metrics and, where somebody wants them, by the traces. */
import type { Metrics } from "../metrics/metrics";
import type { CommitWatch } from "../store/ledger";
import type { SessionTraces } from "../tracing/session-traces";

export function seenByBoth({ metrics, traces }: { metrics: Metrics; traces: SessionTraces | undefined }): CommitWatch {
  if (!traces) return metrics;
  return {
    see(changes, before) {
      const tellBoth = [metrics.see(changes, before), traces.see(changes, before)];
      return () => tellBoth.forEach((tell) => tell());
    },
    beginWrite: () => metrics.beginWrite(),
  };
}
