/** A store that permits deletes of VMs that nobody knows, as the service's own does, and a lane's bench that asks it. */
import type { AccountSpec } from "../../runtime/model/accounts";
import type { AccountAnswer } from "../../runtime/model/account-questions";
import type { VmProviderConfig } from "../../runtime/model/config";
import type { Orphan } from "../../runtime/model/state";
import { MemoryStore } from "../../runtime/store/memory";
import type { AskPermit, PermitRequest } from "../../runtime/store/permit";
import type { AccountBench } from "./account-bench";

export const installationId = "inst-1";

export class OrphanBench {
  readonly store = new MemoryStore();
  /** Permits for deletes that were asked of the store. */
  readonly asked: PermitRequest[] = [];
  bench!: AccountBench;

  static async open(open: (permit: AskPermit) => Promise<AccountBench>): Promise<OrphanBench> {
    const made = new OrphanBench();
    made.bench = await open(async (request) => {
      if (request.step !== "deleteOrphan") return { isAllowed: true };
      made.asked.push(request);
      return made.store.permit(request);
    });
    await made.declare("delete");
    return made;
  }

  declare(orphans: VmProviderConfig["orphans"]): Promise<void> {
    const row = { kind: "vmProviderConfig", name: "main", doc: { orphans }, owner: "test", updatedAtMs: 1 } as const;
    return this.store.write([{ kind: "put", table: "definition", row }]);
  }

  /** The sweep has told of it. */
  async told(vmId: string, nodeId?: string, over: Partial<Orphan> = {}): Promise<Orphan> {
    const { vmAccount, place } = this.bench;
    const row: Orphan = {
      orphanId: `${vmAccount}/${vmId}`,
      accountId: vmAccount,
      vmProvider: "main",
      place,
      vmId,
      ...(nodeId === undefined ? {} : { nodeId }),
      firstSeenMs: 1,
      lastSeenMs: 2,
      reportedAtMs: 2,
      ...over,
    };
    await this.store.write([{ kind: "put", table: "orphan", row }]);
    return row;
  }

  remove(
    { orphanId, vmId, nodeId, place }: Orphan,
    knownIds: readonly string[] = [],
    accountId?: string,
    account?: AccountSpec,
  ): Promise<AccountAnswer> {
    const of = { orphanId, vmId, ...(nodeId === undefined ? {} : { nodeId }), place };
    const question = { kind: "deleteOrphan", epoch: this.store.epoch, ...of, installationId, knownIds } as const;
    return this.bench.ask(question, accountId, account);
  }
}

export function whyOf(answer: AccountAnswer): string {
  return answer.kind === "failed" ? answer.failed : `it is ${answer.kind}`;
}
