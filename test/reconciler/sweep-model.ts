/**
 * A cloud, its lanes and the rows, with chance in all of it, around the real sweep. What is true is kept beside what the
 * sweep is told: lists come late, lack young VMs, show dead ones, are of another account, or fail.
 */
import type { AccountAnswer, AskRequest, ListedVm, OrphanQuestion } from "../../runtime/model/account-questions";
import { accountIdOf, type Account, type AccountRules } from "../../runtime/model/accounts";
import { atRest } from "../../runtime/executor/lane-changes";
import { factsOf, type CloudCatalog, type VmProviderConfig } from "../../runtime/model/config";
import type { Lane, Node, Orphan } from "../../runtime/model/state";
import { AccountQuestions } from "../../runtime/reconciler/account-questions";
import { OrphanRemoval } from "../../runtime/reconciler/orphan-removal";
import { Sweep } from "../../runtime/reconciler/sweep";
import { HotState } from "../../runtime/store/hot-state";
import type { Change } from "../../runtime/model/changes";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryStore } from "../../runtime/store/memory";
import { aNode, catalog as plain, definitionChanges, vmProviderDoc } from "../support/builders";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";

const minute = 60_000;
export const ours = "inst-1";
const regions = ["east", "west"] as const;

/** A cloud with accounts and regions. */
const rules: AccountRules = { fields: ["key"], place: ["region"], identity: () => ({}) };
const vm = { ...factsOf(plain.vm, "aws"), account: rules };
export const catalog: CloudCatalog = { ...plain, vm: { local: vm, aws: vm } };

interface Vm extends ListedVm {
  readonly region: string;
  readonly madeAtMs: number;
  goneAtMs?: number;
  leftOutAtMs?: number;
}

export class SweepModel {
  readonly clock = new VirtualClock();
  readonly state = new HotState();
  private readonly store = new MemoryStore();
  readonly ledger = new GroupCommitLedger({
    state: this.state,
    store: this.store,
    onLost: (error) => this.wrongs.push(String(error)),
  });
  /** What the sweep did that it must never do. */
  readonly wrongs: string[] = [];
  readonly vms = new Map<string, Vm>();
  /** By lane: what its stack holds, whether the runtime knows it or not. */
  readonly stacks = new Map<string, Map<string, { readonly vmId: string }>>();
  readonly counts = { gone: 0, reported: 0, lists: 0, deleted: 0 };
  /** VM ids of nodes that were given up, and orphans that were reported. */
  readonly givenUp = new Set<string>();
  readonly reported = new Set<string>();
  private known = new Set<string>();
  private questions: AccountQuestions | undefined;
  private numbers = 0;
  /** Nothing goes wrong any more. */
  isCalm = false;
  isWrongAccount = false;

  /** @param owner Of the account, when it is known: then the cloud refuses keys of another one. */
  constructor(
    readonly rng: SeededRng,
    private readonly owner: string | undefined,
    private readonly policy: VmProviderConfig["orphans"] = "report",
  ) {}

  async open(): Promise<void> {
    await this.ledger.commit([
      {
        kind: "put",
        table: "installation",
        row: { installationId: ours, backend: "", passphrase: "", tokenSecret: "" },
      },
      ...definitionChanges({
        vmProviders: [vmProviderDoc({ kind: "aws", orphans: this.policy, settings: { region: "east", cores: 2 } })],
      }),
      { kind: "put", table: "account", row: this.account("K1") },
    ]);
    for (const laneId of ["l1", "l2"]) {
      await this.putLane({ laneId, autoscaleConfig: "agents", stack: laneId, desiredRevision: 1, appliedRevision: 1 });
      this.stacks.set(laneId, new Map());
    }
    await this.restart();
    for (const region of regions) {
      await this.bear(region);
      await this.clock.advance(6 * minute);
    }
  }

  account(key: string): Account {
    const spec = { service: "vm", kind: "aws", definition: "vms", settings: { key } } as const;
    const accountId = accountIdOf({ ...spec, identity: {} });
    const identity: Record<string, string> = this.owner === undefined ? {} : { owner: this.owner };
    const before = this.state.accounts.get(accountId);
    return { updatedAtMs: startMs, ...before, ...spec, accountId, identity, isCurrent: true };
  }

  /** A new term: nothing is known of any stack until its lane is recovered. */
  async restart(): Promise<void> {
    this.questions?.stop();
    this.known = new Set();
    const log = { warn: () => undefined, error: (fields: object) => void this.wrongs.push(JSON.stringify(fields)) };
    const { ledger, clock, rng } = this;
    const stackOf = (laneId: string) => (this.known.has(laneId) ? this.stacks.get(laneId) : undefined);
    const wakeReconciler = () => this.check();
    const sweep = new Sweep({ ledger, clock, rng, catalog, log, stackOf, wakeReconciler });
    const removal = new OrphanRemoval({ ledger, epoch: this.store.epoch, clock, rng, catalog, stackOf });
    const ask = (request: AskRequest) => this.ask(request);
    this.questions = new AccountQuestions({ clock, log, ask, isBusy: () => false, inquirers: [sweep, removal] });
    this.questions.start();
    for (const laneId of this.stacks.keys()) {
      this.clock.after(this.rng.below(this.isCalm ? 1 : 4 * minute), () => {
        this.known.add(laneId);
        this.mendRows(laneId);
      });
    }
  }

  stop(): void {
    this.questions?.stop();
  }

  newVm(tags: Omit<ListedVm, "vmId">, region: string = this.rng.pick(regions)): Vm {
    const vm: Vm = { vmId: `i-${(this.numbers += 1)}`, ...tags, region, madeAtMs: this.clock.now() };
    this.vms.set(vm.vmId, vm);
    return vm;
  }

  newId(): string {
    return `n-${(this.numbers += 1)}`;
  }

  /** A node is asked for; its update makes the VM, and maybe its answer is lost. */
  async bear(region: string = this.rng.pick(regions)): Promise<void> {
    const laneId = this.rng.pick(["l1", "l2"]);
    const nodeId = this.newId();
    const row = this.row(nodeId, laneId, region);
    await this.put([{ kind: "put", table: "node", row }]);
    await this.putLane({ ...this.lane(laneId), openRevision: 2, openSinceMs: this.clock.now() });
    this.clock.after(this.rng.between(1_000, 90_000), () => {
      const vm = this.newVm({ nodeId, installation: ours }, region);
      this.stacks.get(laneId)!.set(nodeId, { vmId: vm.vmId });
      this.clock.after(this.rng.between(1_000, 200_000), () => void this.concludeLane(laneId));
    });
  }

  private row(nodeId: string, laneId: string, region: string): Node {
    const spec = {
      ...{ nodeId, zone: "eu", pool: "agents", autoscaleConfig: "agents", vmProvider: "vms", kind: "aws" as const },
      ...{ account: this.account("").accountId, settings: { region, cores: 2 }, osType: "linux" as const },
      ...{ startupScript: "", installation: ours },
    };
    const at = { statusSinceMs: this.clock.now(), createdAtMs: this.clock.now() };
    const node: Partial<Node> = { ...aNode({ nodeId, laneId, spec, status: "requested", ...at }) };
    for (const field of ["address", "runningSinceMs"] as const) Reflect.deleteProperty(node, field);
    return node as Node;
  }

  /** The end of an update, or of a recovery: rows learn what the stack holds, the lane is at rest. */
  private async concludeLane(laneId: string): Promise<void> {
    const lane = atRest(this.lane(laneId));
    this.known.add(laneId);
    await this.putLane(lane);
    this.mendRows(laneId);
  }

  private mendRows(laneId: string): void {
    for (const [nodeId, { vmId }] of this.stacks.get(laneId)!) {
      const node = this.state.nodes.get(nodeId);
      if (!node || node.vmId !== undefined) continue;
      const status = this.rng.pick(["running", "running", "starting", "failed", "missing"] as const);
      const [statusSinceMs, address] = [this.clock.now(), "10.0.0.1"];
      const ran = status === "running" || status === "missing" ? { runningSinceMs: statusSinceMs } : {};
      void this.put([{ kind: "put", table: "node", row: { ...node, ...ran, vmId, status, address, statusSinceMs } }]);
    }
  }

  /** The planner's and the lane's part: what is dead or was asked to leave is deleted and its row goes. */
  async destroy(node: Node): Promise<void> {
    await this.put([
      { kind: "put", table: "node", row: { ...node, status: "destroying", statusSinceMs: this.clock.now() } },
    ]);
    this.clock.after(this.rng.between(1_000, 120_000), () => {
      const stack = this.stacks.get(node.laneId!)!;
      const vmId = stack.get(node.nodeId)?.vmId ?? "";
      const vm = this.vms.get(vmId);
      if (vm) vm.goneAtMs ??= this.clock.now();
      stack.delete(node.nodeId);
      this.clock.after(
        this.rng.between(100, 60_000),
        () => void this.put([{ kind: "delete", table: "node", id: node.nodeId }]),
      );
    });
  }

  living(): Vm[] {
    return [...this.vms.values()].filter(({ goneAtMs }) => goneAtMs === undefined);
  }

  /** A row, or a stack, has it or is about to. */
  isOwned({ vmId, nodeId }: ListedVm): boolean {
    const row = this.state.nodes.get(nodeId ?? "");
    if (row && (row.vmId === undefined || row.vmId === vmId)) return true;
    if ([...this.state.nodes.values()].some((node) => node.vmId === vmId)) return true;
    return [...this.stacks.values()].some((stack) => [...stack.values()].some((held) => held.vmId === vmId));
  }

  /** Rows whose VM is gone, where a list could show that it is of the right account. */
  ghosts(): string[] {
    const rows = [...this.state.nodes.values()].filter(
      ({ vmId, status }) => vmId !== undefined && status !== "destroying",
    );
    const regionsShown = new Set(
      rows
        .filter(({ vmId }) => this.vms.get(vmId!)!.goneAtMs === undefined)
        .map(({ vmId }) => this.vms.get(vmId!)!.region),
    );
    return rows.flatMap(({ nodeId, vmId }) => {
      const { goneAtMs, region } = this.vms.get(vmId!)!;
      return goneAtMs !== undefined && (this.owner !== undefined || regionsShown.has(region)) ? [nodeId] : [];
    });
  }

  trueOrphans(): string[] {
    const strays = this.living().filter((vm) => vm.installation === ours && !this.isOwned(vm));
    return strays.map(({ vmId }) => vmId).sort();
  }

  orphans(): Orphan[] {
    return [...this.state.orphans.values()].filter(({ reportedAtMs }) => reportedAtMs !== undefined);
  }

  lane(laneId: string): Lane {
    return this.state.lanes.get(laneId)!;
  }

  putLane(row: Lane): Promise<void> {
    return this.put([{ kind: "put", table: "lane", row }]);
  }

  put(changes: readonly Change[]): Promise<void> {
    return this.ledger.commit(changes);
  }

  private async ask({ question, account }: AskRequest): Promise<AccountAnswer> {
    const { rng, clock, isCalm } = this;
    if (question.kind === "deleteOrphan") return this.remove(question);
    if (question.kind !== "list") return { kind: "failed", failed: "only lists are asked for here" };
    this.counts.lists += 1;
    const region = String(question.place["region"]);
    await this.sleep(rng.below(60_000));
    const { settings } = account;
    if (!isCalm && rng.below(100) < 15) return { kind: "failed", failed: "the list broke off" };
    const isWrong = this.isWrongAccount || settings["key"] === "wrong";
    if (isWrong && account.identity["owner"] !== undefined) return { kind: "failed", failed: "account not allowed" };
    const atMs = clock.now();
    // More than was sought: what is of others must be told from what is ours here too.
    const listed = isWrong ? [] : [...this.vms.values()].filter((vm) => vm.region === region && this.isShown(vm, atMs));
    const isKnown = (vmId: string) => question.knownIds.includes(vmId);
    const answer = listed.map(({ vmId, nodeId, installation }) =>
      isKnown(vmId) ? { vmId } : { vmId, ...(nodeId && { nodeId }), ...(installation && { installation }) },
    );
    await this.sleep(rng.below(60_000));
    return { kind: "list", vms: answer };
  }

  /** What is deleted is so for good. */
  private async remove({ vmId, nodeId, epoch, orphanId }: OrphanQuestion): Promise<AccountAnswer> {
    const { rng, clock, isCalm } = this;
    await this.sleep(rng.below(120_000));
    if (!isCalm && rng.below(100) < 15) return { kind: "failed", failed: "the engine broke off" };
    const vm = this.vms.get(vmId)!;
    const of = nodeId === undefined ? { vmId } : { vmId, nodeId };
    const permit = await this.store.permit({ epoch, step: "deleteOrphan", orphanId, ...of });
    if (!permit.isAllowed || vm.goneAtMs !== undefined) return { kind: "failed", failed: "not permitted, or gone" };
    if (vm.installation !== ours || vm.nodeId !== nodeId) this.wrongs.push(`${vmId} was deleted and is not ours`);
    if (this.isOwned(vm)) this.wrongs.push(`${vmId} was deleted and has an owner`);
    if (this.policy !== "delete") this.wrongs.push(`${vmId} was deleted and nobody wanted it`);
    if (clock.now() - vm.madeAtMs < 5 * minute) this.wrongs.push(`${vmId} was deleted at once`);
    vm.goneAtMs = clock.now();
    this.counts.deleted += 1;
    return { kind: "deleted" };
  }

  /** Young ones are listed late, for some time those that are gone, and now and then one is left out. */
  private isShown(vm: Vm, nowMs: number): boolean {
    const { madeAtMs, goneAtMs, leftOutAtMs = 0 } = vm;
    if (!this.isCalm && nowMs - leftOutAtMs > 20 * minute && this.rng.below(100) < 3) {
      vm.leftOutAtMs = nowMs;
      return false;
    }
    if (goneAtMs !== undefined) return !this.isCalm && nowMs - goneAtMs < this.rng.below(minute);
    return this.isCalm || nowMs - madeAtMs > this.rng.below(9 * minute);
  }

  /** Called after each commit of the sweep. */
  private check(): void {
    for (const node of this.state.nodes.values()) {
      if (node.reason.code !== "vmGone" || this.givenUp.has(node.nodeId)) continue;
      this.givenUp.add(node.nodeId);
      this.counts.gone += 1;
      const vm = this.vms.get(node.vmId ?? "");
      if (vm && vm.goneAtMs === undefined) this.wrongs.push(`${node.nodeId} was given up, its VM ${vm.vmId} lives`);
    }
    for (const orphan of this.orphans()) {
      const vm = this.vms.get(orphan.vmId)!;
      if (vm.installation !== ours) this.wrongs.push(`${vm.vmId} of ${vm.installation} was reported`);
      if (this.reported.has(vm.vmId)) continue;
      this.reported.add(vm.vmId);
      this.counts.reported += 1;
      if (this.isOwned(vm)) this.wrongs.push(`${vm.vmId} was reported and has an owner`);
      if (orphan.reportedAtMs! - vm.madeAtMs < 5 * minute) this.wrongs.push(`${vm.vmId} was reported at once`);
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }
}
