/** Results of runs that nobody played, as the report's tests need them. */
import type { SimulationResult, VariantResult } from "../../runtime/simulate/result";

const fromMs = Date.UTC(2026, 2, 2);
const hourMs = 3_600_000;

/** A day in steps of 5 minutes: quiet at night, busy at noon. */
function day(of: (busy: number) => number): number[] {
  return Array.from({ length: 288 }, (_nothing, step) => of(Math.max(0, Math.sin(((step - 84) / 144) * Math.PI))));
}

export function aVariant(over: Partial<VariantResult> = {}): VariantResult {
  return {
    name: "as declared",
    changes: [],
    waits: {
      ...{ sessions: 420, served: 410, refused: 8, unfinished: 2, waited: 41, shareWaited: 0.1 },
      ...{ p50Seconds: 0, p95Seconds: 96, p99Seconds: 150, longestSeconds: 212 },
      byWorkspace: [{ workspace: "desktop", sessions: 420, waited: 41, longestSeconds: 212 }],
      longest: [{ userId: "ada", workspace: "desktop", requestedAtMs: fromMs + 9 * hourMs, seconds: 212 }],
    },
    vmHours: { total: 100, session: 61, standby: 20, booting: 4, excess: 13, leaving: 2 },
    cost: { amounts: { EUR: 9.6 }, unpricedHours: 4, unpriced: ["lab"] },
    peakNodes: 14,
    peakSessions: 55,
    refusals: [{ code: "queueTimeout", sessions: 8, text: "waited 15 min, longer than the queue timeout" }],
    worstMoments: [
      {
        ...{ fromMs: fromMs + 9 * hourMs, toMs: fromMs + 9 * hourMs + 400_000, sessions: 12 },
        ...{ longestSeconds: 212, waitedSeconds: 1_400, reason: "every size is at its cap" },
      },
    ],
    series: {
      ...{ fromMs, stepSeconds: 300 },
      demand: day((busy) => 50 * busy),
      waiting: day((busy) => (busy > 0.95 ? 3 : 0)),
      ready: day((busy) => 2 + 11 * busy),
      booting: day((busy) => (busy > 0 && busy < 0.3 ? 1 : 0)),
      standby: day((busy) => 2 - busy),
    },
    ...over,
  };
}

export function aResult(over: Partial<SimulationResult> = {}): SimulationResult {
  const path = "desktops.minimumAvailableSessions";
  return {
    version: 1,
    options: {
      ...{ demand: "trace library.csv", definitions: "the running runtime", seed: 1, boot: "120s" },
      ...{ fromMs, toMs: fromMs + 24 * hourMs },
    },
    variants: [
      aVariant(),
      aVariant({
        name: `${path}=5`,
        changes: [{ path, value: 5 }],
        vmHours: { total: 120, session: 61, standby: 45, booting: 3, excess: 9, leaving: 2 },
        cost: { amounts: { EUR: 11.5 }, unpricedHours: 0, unpriced: [] },
        worstMoments: [],
        refusals: [],
      }),
    ],
    suggestion: {
      isKept: true,
      keep: "p95 at most 30 s",
      variant: 1,
      lines: ["minimumAvailableSessions: 5,"],
      tried: 9,
    },
    ...over,
  };
}
