/** People who declare, edit, disable, drain and delete, at any moment and more often than is wise. */
import { BugError } from "../model/errors";
import type { DefinitionKind } from "../model/config";
import type { Client } from "./client";
import type { CommitChecker } from "./commit-checker";
import type { Faults } from "./faults";
import type { SeededRng } from "./rng";
import { documentsOf, makeConfig, makeSchedule, type AutoscaleConfigDoc, type Site, type VmProviderDoc } from "./site";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

const owner = "operators";

export interface OperatorParts {
  readonly timeline: Timeline;
  readonly rng: SeededRng;
  readonly faults: Faults;
  readonly verdict: Verdict;
  readonly checker: CommitChecker;
  readonly client: Client;
  readonly site: Site;
}

export class Operators {
  private readonly configs: Map<string, AutoscaleConfigDoc>;
  /** As they were declared last. */
  private readonly vmProviders: Map<string, VmProviderDoc>;
  private isDone = false;

  constructor(private readonly parts: OperatorParts) {
    this.configs = new Map(parts.site.configs.map((config) => [config.name, config]));
    this.vmProviders = new Map(parts.site.vmProviders.map((provider) => [provider.name, provider]));
  }

  /** Everything once, in order; insists until it is stored. */
  async declareAll(): Promise<void> {
    for (const document of documentsOf(this.parts.site)) {
      if (!(await this.put(document.kind, document.doc))) {
        throw new BugError(`the site's own ${document.kind} "${document.name}" was refused`);
      }
    }
  }

  async work(): Promise<void> {
    const { timeline, rng } = this.parts;
    while (!this.isDone) {
      await timeline.sleep(rng.exponentialMs(25_000), "operator");
      if (!this.isDone) await this.act();
    }
  }

  /** Opens what is closed, so that nobody waits for an operator. */
  async finish(): Promise<void> {
    this.isDone = true;
    const wanted: [DefinitionKind, () => object][] = [
      ...[...this.vmProviders.keys()].map((name): [DefinitionKind, () => object] => {
        return ["vmProviderConfig", () => this.vmProviders.get(name)!];
      }),
      ...[...this.configs.values()].map((config): [DefinitionKind, () => object] => {
        return ["autoscaleConfig", () => ({ ...config, enabled: true, drain: false })];
      }),
    ];
    // What one rests on may be unreadable until another is declared anew: each in turn, until all are accepted.
    for (let tries = 0; tries < 200; tries += 1) {
      for (const [kind, made] of wanted.splice(0)) if (!(await this.put(kind, made))) wanted.push([kind, made]);
      if (wanted.length === 0) return;
      await this.parts.timeline.sleep(5_000, "operator");
    }
    throw new BugError(`${wanted.length} definitions were refused for good`);
  }

  accountOf(vmProvider: string): { readonly tenant: string; readonly key: string } {
    const { tenant, key } = this.vmProviders.get(vmProvider)!.settings ?? {};
    return { tenant: String(tenant), key: String(key) };
  }

  /** Returns once it is stored. */
  async editAccount(vmProvider: string, account: { readonly tenant: string; readonly key: string }): Promise<void> {
    this.changeProvider(vmProvider, (provider) => ({ ...provider, settings: { ...provider.settings, ...account } }));
    await this.insist("vmProviderConfig", () => this.vmProviders.get(vmProvider)!);
  }

  /** Nodes that are held for nobody any more. */
  async letGo(): Promise<void> {
    for (const { nodeId, status } of [...this.parts.checker.durable.nodes.values()]) {
      if (status === "draining") await this.parts.client.call("operator", ({ broker }) => broker.undrainNode(nodeId));
    }
  }

  private async act(): Promise<void> {
    const { faults, rng } = this.parts;
    const config = rng.pick([...this.configs.values()]);
    if (faults.strikes("edit", 0.4)) await this.edit(config);
    if (faults.strikes("toggle", 0.2)) await this.toggle(config);
    if (faults.strikes("deleteConfig", 0.08)) await this.replace(config);
    if (faults.strikes("deleteNode", 0.2)) await this.deleteNode();
    if (faults.strikes("providerEdit", 0.1)) await this.editProvider();
    if (faults.strikes("zoneEdit", 0.05)) await this.editZone();
    if (faults.strikes("poolEdit", 0.05)) await this.editPool();
  }

  private async edit(config: AutoscaleConfigDoc): Promise<void> {
    const chance = this.parts.faults.detail("edit");
    const { site } = this.parts;
    const { name, zone, vmProvider } = config;
    const others = site.vmProviders.map((provider) => provider.name).filter((other) => other !== vmProvider);
    const place = { name, zone, vmProviders: [vmProvider, ...others] };
    if (chance.chance(0.2)) {
      const { name: edited } = chance.pick(site.vmProviders);
      const maxInstances = chance.between(1, 14);
      this.changeProvider(edited, (provider) => ({ ...provider, maxInstances }));
      await this.put("vmProviderConfig", () => this.vmProviders.get(edited)!);
    } else if (chance.chance(0.2)) {
      await this.put("schedule", makeSchedule(chance, name));
    } else if (chance.chance(0.1)) {
      await this.remove("schedule", `hours-${name}`);
    } else if (chance.chance(0.2)) {
      const workspace = chance.pick(site.workspaces);
      await this.put("workspace", { ...workspace, enabled: chance.chance(0.8), cores: chance.pick([0.5, 1, 2]) });
    } else if (chance.chance(0.2) && site.stagingConfigs.length > 0) {
      await this.put("stagingConfig", { ...chance.pick(site.stagingConfigs), sessions: chance.between(0, 4) });
    } else {
      let edited = makeConfig(chance, place);
      while (edited.type !== config.type) edited = makeConfig(chance, place);
      if (await this.put("autoscaleConfig", edited)) this.configs.set(name, edited);
    }
  }

  /** Other sizes; what exists keeps its own. */
  private async editProvider(): Promise<void> {
    const chance = this.parts.faults.detail("providerEdit");
    const { name } = chance.pick(this.parts.site.vmProviders);
    const cores = chance.chance(0.8) ? { cores: chance.pick([2, 4, 8]) } : {};
    this.changeProvider(name, (provider) => ({ ...provider, settings: { ...provider.settings, ...cores } }));
    await this.put("vmProviderConfig", () => this.vmProviders.get(name)!);
  }

  private changeProvider(name: string, change: (provider: VmProviderDoc) => VmProviderDoc): void {
    this.vmProviders.set(name, change(this.vmProviders.get(name)!));
  }

  private async editZone(): Promise<void> {
    const chance = this.parts.faults.detail("zoneEdit");
    const zone = chance.pick(this.parts.site.zones);
    await this.put("zone", { ...zone, upstreamAuthAddress: chance.pick(["headroom.example.com", "new.example.com"]) });
  }

  /** Static members come and go. */
  private async editPool(): Promise<void> {
    const chance = this.parts.faults.detail("poolEdit");
    const pool = chance.pick(this.parts.site.pools);
    const { staticMembers = [] } = pool;
    await this.put("pool", { ...pool, staticMembers: staticMembers.filter(() => chance.chance(0.6)) });
  }

  private async toggle(config: AutoscaleConfigDoc): Promise<void> {
    const { faults, timeline } = this.parts;
    const chance = faults.detail("toggle");
    await this.put("autoscaleConfig", { ...config, ...(chance.chance(0.5) ? { enabled: false } : { drain: true }) });
    await timeline.sleep(chance.between(1_000, 400_000), "operator");
    await this.put("autoscaleConfig", { ...this.configs.get(config.name), enabled: true, drain: false });
  }

  /** Deletes a config, which drains it, and declares it again once it is gone. */
  private async replace(config: AutoscaleConfigDoc): Promise<void> {
    const { timeline } = this.parts;
    await this.remove("autoscaleConfig", config.name);
    for (let tries = 0; tries < 200 && !this.isDone; tries += 1) {
      await timeline.sleep(5_000, "operator");
      if (!this.parts.checker.durable.autoscaleConfigs.has(config.name)) break;
    }
    await this.put("autoscaleConfig", config);
  }

  private async deleteNode(): Promise<void> {
    const { checker, client, faults } = this.parts;
    const nodeIds = [...checker.durable.nodes.keys()];
    if (nodeIds.length === 0) return;
    const chance = faults.detail("deleteNode");
    const nodeId = chance.pick(nodeIds);
    if (chance.chance(0.5)) await client.call("operator", ({ broker }) => broker.deleteNode(nodeId));
    else await client.call("operator", ({ broker }) => broker.drainNode(nodeId));
    if (chance.chance(0.3)) await client.call("operator", ({ broker }) => broker.undrainNode(nodeId));
  }

  /** Until it is accepted: what is refused now may be allowed when the runtime can read all that it rests on. */
  private async insist(kind: DefinitionKind, made: () => object): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (await this.put(kind, made)) return;
      await this.parts.timeline.sleep(5_000, "operator");
    }
    throw new BugError(`a ${kind} was refused for good`);
  }

  /** False when it was refused. A document that may change meanwhile is made anew for each try. */
  private async put(kind: DefinitionKind, made: object | (() => object)): Promise<boolean> {
    const { client, timeline, rng } = this.parts;
    for (;;) {
      const doc: object = typeof made === "function" ? (made as () => object)() : made;
      const { name } = doc as { readonly name: string };
      const answer = await client.call(
        "operator",
        ({ broker }) => broker.putDefinition({ kind, name, doc, owner }),
        () => this.checkKept(kind, name, doc),
      );
      if (answer.kind !== "unknown") return answer.kind === "ok";
      await timeline.sleep(rng.between(500, 5_000), "operator");
    }
  }

  private checkKept(kind: DefinitionKind, name: string, doc: object): void {
    const { verdict, checker } = this.parts;
    const isKept = checker.hasStored(`${kind}/${name}`, doc);
    verdict.check(
      isKept,
      "no acknowledged definition is lost",
      () => `${kind} "${name}" was accepted but is not stored`,
    );
  }

  private async remove(kind: DefinitionKind, name: string): Promise<void> {
    await this.parts.client.call("operator", ({ broker }) => broker.deleteDefinition({ kind, name, owner }));
  }
}
