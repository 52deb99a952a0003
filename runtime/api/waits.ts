/** How long sessions waited for their node, reckoned from the journal. */
import type { EpochMs } from "../model/clock";
import { ConfigError } from "../model/errors";
import type { Placement } from "../store/history-store";
import type { Leader } from "./backend";
import type { WaitsQuery, WaitsView } from "./history-contracts";

const hourMs = 3_600_000;
/** A session that gets its node within the same second did not wait. */
const waitedFromMs = 1_000;

export async function viewWaits(
  { config, from, to }: WaitsQuery,
  { store, ledger, clock }: Pick<Leader, "store" | "ledger" | "clock">,
): Promise<WaitsView> {
  const nowMs = clock.now();
  const toMs = to ?? nowMs;
  const fromMs = from ?? Math.max(0, toMs - hourMs);
  if (toMs <= fromMs) throw ConfigError.of([{ path: "to", message: `must be after \`from\` (${fromMs})` }]);
  const found = await store.history.placements({ fromMs, toMs });
  const placements = found.placements.filter((each) => config === undefined || each.autoscaleConfig === config);
  return {
    ...{ nowMs, fromMs, toMs },
    ...(found.fromMs === undefined ? {} : { countedFromMs: found.fromMs }),
    ...waitsOf(placements),
    ...(config === undefined ? { waitingNow: waitingNow(ledger.state.queue(), nowMs) } : {}),
  };
}

type Waits = Omit<WaitsView, "nowMs" | "fromMs" | "toMs" | "countedFromMs" | "waitingNow">;

/** By the nearest rank: the least wait that so many of them do not exceed. */
export function waitsOf(placements: readonly Placement[]): Waits {
  const known = placements.filter((each): each is Placement & { waitedMs: number } => each.waitedMs !== undefined);
  const [sessions, unknown] = [placements.length, placements.length - known.length];
  if (known.length === 0) return { sessions, unknown, waited: 0 };
  const sorted = known.toSorted((a, b) => a.waitedMs - b.waitedMs);
  const atShare = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!.waitedMs;
  const longest = sorted.at(-1)!;
  return {
    ...{ sessions, unknown, waited: known.filter(({ waitedMs }) => waitedMs >= waitedFromMs).length },
    ...{ p50Ms: atShare(0.5), p95Ms: atShare(0.95), longestMs: longest.waitedMs },
    ...(longest.waitedMs >= waitedFromMs ? { longestSession: longest.sessionId } : {}),
  };
}

function waitingNow(
  queue: readonly { readonly requestedAtMs: EpochMs }[],
  nowMs: EpochMs,
): NonNullable<WaitsView["waitingNow"]> {
  if (queue.length === 0) return { sessions: 0 };
  const oldestMs = queue.reduce((oldest, { requestedAtMs }) => Math.min(oldest, requestedAtMs), Infinity);
  return { sessions: queue.length, longestMs: Math.max(0, nowMs - oldestMs) };
}
