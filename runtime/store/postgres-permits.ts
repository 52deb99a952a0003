/** Permits, asked of PostgreSQL over a connection of their own: neither a long write nor a long read may hold them up. */
import { Pool } from "pg";
import type { NodeStatus, Orphan } from "../model/state";
import {
  judgePermit,
  orphanPermitText,
  permitText,
  refused,
  type Permit,
  type PermitFacts,
  type PermitRequest,
} from "./permit";
import { asUnavailable, clientConfig, describeTarget } from "./postgres-connection";
import { encodeText } from "./postgres-text";

/** A question that takes longer is given up, and its connection with it. Unit: milliseconds. */
const permitQueryMs = 10_000;

export class PostgresPermits {
  private readonly pool: Pool;
  private readonly target: string;

  /** @param leaseName The lease whose epoch counts. Default `runtime`. */
  constructor(
    connectionString: string,
    private readonly leaseName = "runtime",
  ) {
    this.target = describeTarget(connectionString);
    this.pool = new Pool({
      ...clientConfig(connectionString),
      ...{ max: 1, idleTimeoutMillis: 0, query_timeout: permitQueryMs },
    });
    this.pool.on("error", () => undefined);
  }

  async ask(request: PermitRequest): Promise<Permit> {
    try {
      if (request.step === "deleteOrphan") return judgePermit(request, await this.orphanFacts(request.orphanId));
      const { rows } = await this.pool.query<{ epoch: number | null; status: NodeStatus | null }>({
        name: "headroom permit",
        text: permitText,
        values: [this.leaseName, request.step === "operate" ? null : encodeText(request.nodeId)],
      });
      return judgePermit(request, { epoch: rows[0]?.epoch ?? undefined, nodeStatus: rows[0]?.status ?? undefined });
    } catch (cause) {
      return refused(asUnavailable(cause, this.target).message);
    }
  }

  async close(): Promise<void> {
    await this.pool.end().catch(() => undefined);
  }

  private async orphanFacts(orphanId: string): Promise<PermitFacts> {
    type Row = { epoch: number | null; orphan: Orphan | null; owner: string | null; policy: string | null };
    const { rows } = await this.pool.query<Row>({
      name: "headroom orphan permit",
      text: orphanPermitText,
      values: [this.leaseName, encodeText(orphanId)],
    });
    const { epoch, orphan, owner, policy } = rows[0]!;
    return {
      epoch: epoch ?? undefined,
      orphan: { row: orphan ?? undefined, ownerId: owner ?? undefined, policy: policy ?? undefined },
    };
  }
}
