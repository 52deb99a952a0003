/** Lanes of AWS nodes through real workers and a real engine, with accounts as the service hands them over. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awsAccountRules } from "../../provider/clouds/aws/account";
import type { Engine } from "../../runtime/executor/engine-choice";
import { prepareInstallation } from "../../runtime/executor/installation";
import type { RecoverRequest, UpdateEvent, UpdateRequest, UpdateResult } from "../../runtime/executor/node-updater";
import { nameOf, presentNodes, type Deployment } from "../../runtime/executor/stack-state";
import { WorkerPool } from "../../runtime/executor/worker-pool";
import type { AccountAnswer, AccountQuestion } from "../../runtime/model/account-questions";
import { accountIdOf, specOfSettings, type AccountService, type AccountSpec } from "../../runtime/model/accounts";
import type { DesiredNode, DnsSpec } from "../../runtime/model/state";
import type { AskPermit } from "../../runtime/store/permit";
import { allowAll, packageRoot, systemClock } from "../executor/bench";
import { removeFolder } from "../support/remove-folder";
import { EmulatedAws } from "./emulated-aws";

export const template = {
  region: "us-east-1",
  amiId: "ami-0123456789abcdef0",
  instanceType: "m7i.large",
  securityGroupIds: ["sg-0a"],
  subnetId: "subnet-0a",
};
/** Key pairs are told by their ids alone. */
export const keysOf = (key: string) => ({ accessKeyId: key, secretAccessKey: `secret of ${key}` });

export function accountOf(settings: object, service: AccountService = "vm", owner?: string): AccountSpec {
  const all = { region: "us-east-1", ...settings };
  const spec = specOfSettings({ service, kind: "aws", definition: "main", settings: all }, awsAccountRules);
  return owner === undefined ? spec : { ...spec, identity: { ...spec.identity, owner } };
}

export const vmAccount = accountIdOf(accountOf({}));
const dnsAccount = accountIdOf(accountOf({}, "dns"));

export function aNode(nodeId: string, over: Partial<DesiredNode> = {}): DesiredNode {
  return {
    nodeId,
    zone: "home",
    pool: "agents",
    autoscaleConfig: "agents-aws",
    vmProvider: "main",
    kind: "aws",
    account: vmAccount,
    settings: template,
    osType: "linux",
    startupScript: "#!/bin/sh\ntrue",
    ...over,
  };
}

export const dns: DnsSpec = {
  kind: "aws",
  account: dnsAccount,
  settings: {},
  baseDomainName: "example.org",
  ttlSeconds: 60,
};

export class AccountBench {
  readonly aws = new EmulatedAws([template.amiId], [{ name: "example.org", zoneId: "Z1" }]);
  /** The accounts that the service knows; what a test changes counts from the next request on. */
  accounts: Record<string, AccountSpec> = {};
  readonly events: UpdateEvent[] = [];
  private readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "headroom-accounts-")));
  private pool!: WorkerPool;
  private revision = 0;
  private inLane: readonly DesiredNode[] = [];

  static async open(engine: Engine, permit: AskPermit = allowAll): Promise<AccountBench> {
    const bench = new AccountBench();
    await bench.aws.cloud.listen();
    const installation = await prepareInstallation({
      dataFolder: join(bench.folder, "data"),
      packageRoot,
      engine,
      engineEnvironment: { PULUMI_DEBUG_PROVIDERS: bench.aws.cloud.debugProvider },
    });
    const limits = { settleMs: 50 };
    bench.pool = new WorkerPool({ installation, clock: systemClock, permit, slots: 1, limits });
    bench.useAccount(keysOf("K1"));
    bench.useAccount(keysOf("K1"), "dns");
    return bench;
  }

  /** The newest definition of the account of {@link aNode}, or of its record. */
  useAccount(settings: object, service: AccountService = "vm", owner?: string): void {
    this.accounts[service === "vm" ? vmAccount : dnsAccount] = accountOf(settings, service, owner);
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

  /** What an account says through a worker, by default that of {@link aNode}. */
  async ask(
    question: AccountQuestion,
    accountId = vmAccount,
    account = this.accounts[accountId]!,
  ): Promise<AccountAnswer> {
    return this.pool.ask({ accountId, account, question });
  }

  /** Names in the data folder. */
  dataNames(): string[] {
    return readdirSync(join(this.folder, "data")).sort();
  }

  /** Node ids by the ids of their VMs. */
  vms(): Record<string, string> {
    const tagOf = (inputs: Record<string, unknown>) => (inputs["tags"] as Record<string, string>)["headroom-node"]!;
    return Object.fromEntries([...this.aws.instances.values()].map(({ id, inputs }) => [tagOf(inputs), id]));
  }

  /** Names of the Pulumi providers in the lane's state. */
  providers(): string[] {
    const resources = this.readState().resources ?? [];
    return resources.filter(({ type }) => type.startsWith("pulumi:providers:")).map(({ urn }) => nameOf(urn));
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
    this.aws.cloud.close();
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
