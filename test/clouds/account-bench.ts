/** Lanes of one cloud's nodes through real workers and a real engine, with accounts as the service hands them over. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine } from "../../runtime/executor/engine-choice";
import { prepareInstallation } from "../../runtime/executor/installation";
import type { RecoverRequest, UpdateEvent, UpdateRequest, UpdateResult } from "../../runtime/executor/node-updater";
import { nameOf, presentNodes, type Deployment } from "../../runtime/executor/stack-state";
import { WorkerPool } from "../../runtime/executor/worker-pool";
import type { AccountAnswer, AccountQuestion } from "../../runtime/model/account-questions";
import {
  accountIdOf,
  specOfSettings,
  type AccountService,
  type AccountSpec,
  type Settings,
} from "../../runtime/model/accounts";
import type { DesiredNode, DnsSpec } from "../../runtime/model/state";
import type { AskPermit } from "../../runtime/store/permit";
import { allowAll, packageRoot } from "../executor/bench";
import { realClock } from "../../runtime/model/real-clock";
import { removeFolder } from "../support/remove-folder";
import { emulatedUnderTest, type EmulatedUnderTest, type RunningEmulation } from "./cloud-under-test";
import type { Emulation } from "./emulation";
import { dnsProviderOf, vmProviderOf } from "./registered";

export class AccountBench<E extends Emulation = Emulation> {
  /** The accounts that the service knows; what a test changes counts from the next request on. */
  accounts: Record<string, AccountSpec> = {};
  readonly events: UpdateEvent[] = [];
  readonly template: Settings;
  readonly vmAccount: string;
  /** Undefined: the cloud has no DNS service. */
  readonly dns: DnsSpec | undefined;
  private pool!: WorkerPool;
  private revision = 0;
  private inLane: readonly DesiredNode[] = [];

  private constructor(
    readonly kind: string,
    readonly known: EmulatedUnderTest,
    private readonly running: RunningEmulation,
    private readonly folder: string,
  ) {
    this.template = known.template(folder);
    this.vmAccount = accountIdOf(this.accountOf({}, "vm"));
    if (known.dns === undefined) return;
    const { baseDomainName, settings } = known.dns;
    const account = accountIdOf(this.accountOf({}, "dns"));
    this.dns = { kind, account, settings: settings(folder), baseDomainName, ttlSeconds: 60 };
  }

  static async open<E extends Emulation = Emulation>(
    kind: string,
    engine: Engine,
    permit: AskPermit = allowAll,
  ): Promise<AccountBench<E>> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "headroom-accounts-")));
    const known = emulatedUnderTest(kind);
    const running = await known.start(folder);
    const bench = new AccountBench<E>(kind, known, running, folder);
    const installation = await prepareInstallation({
      dataFolder: join(folder, "data"),
      packageRoot,
      engine,
      engineEnvironment: running.environment,
    });
    const limits = { settleMs: 50 };
    bench.pool = new WorkerPool({ installation, clock: realClock, permit, slots: 1, limits });
    bench.useKey("K1");
    bench.useKey("K1", "dns");
    return bench;
  }

  get cloud(): E {
    return this.running.emulation as E;
  }

  node(nodeId: string, over: Partial<DesiredNode> = {}): DesiredNode {
    return {
      nodeId,
      zone: "home",
      pool: "agents",
      autoscaleConfig: "agents-main",
      vmProvider: "main",
      kind: this.kind,
      account: this.vmAccount,
      settings: this.template,
      osType: "linux",
      startupScript: "#!/bin/sh\ntrue",
      ...over,
    };
  }

  /** With a record where the cloud has a DNS service. */
  nodeWithRecord(nodeId: string): DesiredNode {
    return this.node(nodeId, this.dns === undefined ? {} : { dns: this.dns });
  }

  /** Of its template only what says where. */
  get place(): Settings {
    const { place } = vmProviderOf(this.kind).account;
    return Object.fromEntries(Object.entries(this.template).filter(([field]) => place.includes(field)));
  }

  accountOf(settings: Settings, service: AccountService = "vm", owner?: string): AccountSpec {
    const provider = service === "vm" ? vmProviderOf(this.kind) : dnsProviderOf(this.kind);
    if (provider === undefined) throw new Error(`cloud "${this.kind}" has no DNS service`);
    const all = { ...(service === "vm" ? this.template : {}), ...settings };
    const spec = specOfSettings({ service, kind: this.kind, definition: "main", settings: all }, provider.account);
    return owner === undefined ? spec : { ...spec, identity: { ...spec.identity, owner } };
  }

  /** The newest definition of the account of {@link node}, or of its record, has these settings. */
  useAccount(settings: Settings, service: AccountService = "vm", owner?: string): void {
    const accountId = service === "vm" ? this.vmAccount : this.dns?.account;
    if (accountId !== undefined) this.accounts[accountId] = this.accountOf(settings, service, owner);
  }

  useKey(key: string, service: AccountService = "vm", owner?: string): void {
    this.useAccount(this.known.credentials(key), service, owner);
  }

  /** Afterwards exactly these nodes are in the lane; nodes that were there before are told as leaving. */
  async update(...nodes: DesiredNode[]): Promise<UpdateResult> {
    this.events.length = 0;
    const result = await this.pool.update(this.request(nodes), (event) => this.events.push(event));
    if (result.outcome === "succeeded") this.inLane = nodes;
    return result;
  }

  async recover(...nodes: DesiredNode[]): Promise<UpdateResult> {
    this.inLane = nodes;
    return this.pool.recover(this.request(nodes), undefined);
  }

  /** The lane is recovered with these nodes, after the others were taken out of its stack. */
  async forget(nodes: readonly DesiredNode[], ...nodeIds: string[]): Promise<UpdateResult> {
    this.inLane = nodes;
    return this.pool.recover({ ...this.request(nodes), forget: nodeIds }, undefined);
  }

  /** What an account says through a worker, by default that of {@link node}. */
  async ask(
    question: AccountQuestion,
    accountId = this.vmAccount,
    account = this.accounts[accountId]!,
  ): Promise<AccountAnswer> {
    return this.pool.ask({ accountId, account, question });
  }

  /** Names in the data folder. */
  dataNames(): string[] {
    return readdirSync(join(this.folder, "data")).sort();
  }

  /** Ids of the VMs by node id. */
  vms(): Record<string, string> {
    return Object.fromEntries(this.cloud.vms().map(({ nodeId, id }) => [nodeId, id]));
  }

  lives(vmId: string): boolean {
    return this.cloud.vms().some(({ id }) => id === vmId);
  }

  /** Names of the Pulumi providers in the lane's state, but for that of our own plugin. */
  providers(): string[] {
    const resources = this.readState().resources ?? [];
    return resources.filter(({ type }) => /^pulumi:providers:(?!headroom$)/.test(type)).map(({ urn }) => nameOf(urn));
  }

  readState(): Deployment {
    return this.readStateFile().checkpoint.latest;
  }

  writeState(deployment: Deployment): void {
    const file = this.readStateFile();
    file.checkpoint.latest = deployment;
    writeFileSync(this.stateFile, JSON.stringify(file));
  }

  /** Nobody can read the lane's state, and the one before it is the same. */
  damageState(): void {
    copyFileSync(this.stateFile, `${this.stateFile}.bak`);
    writeFileSync(this.stateFile, "");
  }

  async close(): Promise<void> {
    await this.pool?.stop();
    await this.running.close();
    removeFolder(this.folder);
  }

  private get stateFile(): string {
    return join(this.folder, "data", "state", ".pulumi", "stacks", "headroom-nodes", "lane-1.json");
  }

  private readStateFile(): { checkpoint: { latest: Deployment } } {
    return JSON.parse(readFileSync(this.stateFile, "utf8")) as { checkpoint: { latest: Deployment } };
  }

  private request(nodes: readonly DesiredNode[]): UpdateRequest & RecoverRequest {
    const leaving = this.inLane.filter(({ nodeId }) => !nodes.some((node) => node.nodeId === nodeId));
    const revision = ++this.revision;
    const creates = nodes.map(({ nodeId }) => nodeId);
    const there = new Set(leaving.length === 0 ? [] : presentNodes(this.readState()).map(({ nodeId }) => nodeId));
    const deletes = leaving.map(({ nodeId }) => nodeId).filter((nodeId) => there.has(nodeId));
    const about = { laneId: "lane-1", stack: "lane-1", revision, epoch: 1, accounts: this.accounts };
    return { ...about, nodes, leaving, creates, deletes, known: {} };
  }
}
