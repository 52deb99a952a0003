/**
 * A leader in a process of its own, for tests that kill it. Arguments: connection string, number of committers, prefix
 * of session ids. Sends `leading` with its epoch, then the ids of sessions whose commit was acknowledged.
 */
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { PostgresStore } from "../../runtime/store/postgres";
import { realClock } from "../../runtime/model/real-clock";
import { putSession } from "./rows";

export interface LeaderMessage {
  readonly epoch?: number;
  readonly acknowledged?: string;
  readonly lost?: string;
}

async function lead(connectionString: string, committers: number, prefix: string): Promise<void> {
  const tell = (message: LeaderMessage): void => void process.send?.(message);
  const onLost = (error: Error): void => tell({ lost: error.message });
  const timing = { leaseSeconds: 2, renewEverySeconds: 0.5 };
  const store = await PostgresStore.open({
    ...{ connectionString, clock: realClock, holder: `process ${process.pid}`, leaseTiming: timing, onLost },
  });
  tell({ epoch: store.epoch });
  const ledger = new GroupCommitLedger({ state: new HotState(), store, onLost });
  await Promise.all(
    Array.from({ length: committers }, async (_, committer) => {
      for (let sequence = 1; ; sequence += 1) {
        const sessionId = `${prefix}-${committer}-${sequence}`;
        await ledger.commit([putSession({ sessionId, sequence })]);
        tell({ acknowledged: sessionId });
      }
    }),
  );
}

process.on("disconnect", () => process.exit());
const [connectionString = "", committers = "0", prefix = "s"] = process.argv.slice(2);
lead(connectionString, Number(committers), prefix).catch((error: unknown) => {
  process.send?.({ lost: String(error) } satisfies LeaderMessage, () => process.exit(1));
});
