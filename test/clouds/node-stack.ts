/** A stack whose program declares nodes through a VmProvider, updated for real by an engine. */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LocalWorkspace, type EngineEvent, type Stack } from "@pulumi/pulumi/automation";
import { automationCommand } from "../../runtime/executor/automation-command";
import type { Engine } from "../../runtime/executor/engine-choice";
import type { DesiredNode } from "../../runtime/model/state";
import { identityOf } from "../../provider/frame/identity";
import { HeadroomPlugin } from "../../provider/local-vm/local-vm";
import type { DnsProvider, FoundVm, VmProvider } from "../../provider/vm-provider";

export const repositoryRoot = join(__dirname, "..", "..", "..");

export interface Cloud {
  readonly vm: VmProvider<unknown>;
  /** Absent: its nodes have no records. */
  readonly dns?: DnsProvider<unknown> | undefined;
}

/** One step of an update that changed something: `create i-1`. */
export interface Step {
  readonly op: string;
  readonly type: string;
  /** Name of the resource in the program. */
  readonly name: string;
}

export interface UpdateReport {
  readonly succeeded: boolean;
  /** Finished steps in their order, without what stayed the same. */
  readonly steps: readonly Step[];
  /** All error messages by the name of the resource. */
  readonly errors: ReadonlyMap<string, string>;
  readonly found: readonly FoundVm[];
}

export interface NodeStackOptions {
  readonly engine: Engine;
  /** Holds the state, the engine's home and the project; removed by the caller. */
  readonly folder: string;
  readonly cloud: Cloud;
  readonly environment: Readonly<Record<string, string>>;
}

export class NodeStack {
  private constructor(
    private readonly stack: Stack,
    private readonly options: NodeStackOptions,
  ) {}

  static async open(options: NodeStackOptions): Promise<NodeStack> {
    const { engine, folder, environment } = options;
    const [state, home, workDir] = ["state", "home", "work"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const each of [state, home, workDir]) mkdirSync(each, { recursive: true });
    // `plugins` is missing in the type of the settings, but the file has it.
    const projectSettings = {
      name: "headroom-nodes",
      runtime: "nodejs" as const,
      backend: { url: `file://${state}` },
      plugins: { providers: [{ name: "headroom", path: join(repositoryRoot, "provider", "bin") }] },
    };
    const stack = await LocalWorkspace.createStack(
      { stackName: "lane", projectName: "headroom-nodes", program: () => Promise.resolve() },
      {
        workDir,
        pulumiCommand: await automationCommand(engine, folder),
        projectSettings,
        envVars: {
          PULUMI_CONFIG_PASSPHRASE: "correct horse",
          PULUMI_HOME: home,
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
          PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true",
          ...environment,
        },
      },
    );
    return new NodeStack(stack, options);
  }

  /** Afterwards exactly these nodes are declared; `find` asks the cloud for node ids on the way. */
  async update(nodes: readonly DesiredNode[], find: readonly string[] = []): Promise<UpdateReport> {
    const events: EngineEvent[] = [];
    let found: FoundVm[] = [];
    const program = async (): Promise<void> => void (found = await declareNodes(this.options.cloud, nodes, find));
    const outcome = await this.stack
      .up({ program, continueOnError: true, onEvent: (event) => events.push(event) })
      .then(() => true)
      .catch((error: Error) => {
        if (!events.some((event) => event.diagnosticEvent?.severity === "error")) throw error;
        return false;
      });
    return { succeeded: outcome, steps: stepsOf(events), errors: errorsOf(events), found };
  }

  async destroy(): Promise<Step[]> {
    const events: EngineEvent[] = [];
    await this.stack.destroy({ onEvent: (event) => events.push(event) });
    return stepsOf(events);
  }

  /** Everything that the engine wrote about this stack: checkpoints, their backups and the history. */
  stateText(): string {
    const state = join(this.options.folder, "state");
    return readdirSync(state, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
      .join("\n");
  }
}

async function declareNodes(cloud: Cloud, nodes: readonly DesiredNode[], find: readonly string[]): Promise<FoundVm[]> {
  const [first] = nodes;
  if (!first) return [];
  const provider = await cloud.vm.pulumiProvider("account", { settings: first.settings });
  let plugin: HeadroomPlugin | undefined;
  const ownPlugin = async () => (plugin ??= new HeadroomPlugin("own-plugin"));
  for (const node of nodes) {
    const settings = cloud.vm.settings.parse(node.settings);
    const declareVm = () => cloud.vm.declareNode({ ...node, settings }, { provider, ownPlugin });
    if (!node.dns || !cloud.dns) {
      await declareVm();
      continue;
    }
    const dns = { ...node.dns, settings: cloud.dns.settings.parse(node.dns.settings) as Record<string, unknown> };
    const dnsAccount = await cloud.dns.pulumiProvider(`dns-${node.nodeId}`, { settings: node.dns.settings });
    const record = await cloud.dns.prepareRecord({ identity: identityOf(node), dns }, { provider: dnsAccount });
    const { vm, address } = await declareVm();
    record(address, { provider: dnsAccount, dependsOn: [vm] });
  }
  return find.length > 0 ? cloud.vm.findVms(find, cloud.vm.settings.parse(first.settings), { provider }) : [];
}

function stepsOf(events: readonly EngineEvent[]): Step[] {
  return events
    .flatMap((event) => (event.resOutputsEvent ? [event.resOutputsEvent.metadata] : []))
    .filter(({ op, type }) => op !== "same" && !type.startsWith("pulumi:"))
    .map(({ op, type, urn }) => ({ op, type, name: urn.split("::").at(-1)! }));
}

function errorsOf(events: readonly EngineEvent[]): Map<string, string> {
  const errors = new Map<string, string>();
  for (const { diagnosticEvent } of events) {
    if (diagnosticEvent?.severity !== "error") continue;
    const name = diagnosticEvent.urn?.split("::").at(-1) ?? "";
    errors.set(name, `${errors.get(name) ?? ""}${diagnosticEvent.message}`);
  }
  return errors;
}
