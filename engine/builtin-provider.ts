/**
 * The provider that is part of Pulumi itself: stack references and `getResource`.
 * The rule kept: it only reads; a reference to a stack of another backend cannot be made.
 */
import { type FileBackend, parseStackName } from "./backend";
import type { DeploymentContext } from "./deployment-context";
import { CommandFailure, NotSupported } from "./failure";
import { openState } from "./open-state";
import { type Project, StackConfig } from "./project";
import type { CheckFailure, CheckResult, DiffResult, Provider, ReadRequest, ReadResult } from "./provider";
import { rootStackType, urnType } from "./urn";
import { contains, isSecret, type PropertyMap, Secret } from "./values";

const stackReferenceType = "pulumi:pulumi:StackReference";

export class BuiltinProvider implements Provider {
  constructor(
    private readonly context: DeploymentContext,
    private readonly backend: FileBackend,
    private readonly project: Project,
  ) {}

  checkConfig(_urn: string, _olds: PropertyMap, news: PropertyMap): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: [] });
  }

  diffConfig(): Promise<DiffResult> {
    return Promise.resolve({
      changes: "none",
      replaceKeys: [],
      changedKeys: [],
      detailed: undefined,
      deleteBeforeReplace: false,
    });
  }

  configure(): void {
    // There is nothing to configure.
  }

  async read({ urn, id, inputs }: ReadRequest): Promise<ReadResult> {
    if (urnType(urn) !== stackReferenceType) throw new NotSupported(`the built-in resource ${urnType(urn)}`);
    const stack = inputs?.name;
    if (typeof stack !== "string") throw new CommandFailure("a stack reference needs the name of a stack");
    const outputs = await this.outputsOf(stack);
    const secretOutputNames = Object.keys(outputs).filter((key) => contains(outputs[key], isSecret));
    return { id, inputs, outputs: { name: stack, outputs, secretOutputNames } };
  }

  private async outputsOf(stack: string): Promise<PropertyMap> {
    const name = parseStackName(stack, this.project.name);
    const { state } = await openState(this.backend, name, StackConfig.read(this.project, name.stack));
    return state.resources.find(({ type, delete: isGone }) => type === rootStackType && !isGone)?.outputs ?? {};
  }

  async invoke(token: string, args: PropertyMap): Promise<{ result: PropertyMap; failures: CheckFailure[] }> {
    if (token === "pulumi:pulumi:getResource" && typeof args.urn === "string") {
      const state = this.context.news.get(args.urn);
      if (!state) throw new CommandFailure(`unknown resource ${args.urn}`);
      return { result: { urn: state.urn, id: state.id, state: state.outputs }, failures: [] };
    }
    if (token === "pulumi:pulumi:readStackOutputs" && typeof args.name === "string") {
      const outputs = await this.outputsOf(args.name);
      return { result: { name: args.name, outputs: new Secret(outputs) }, failures: [] };
    }
    throw new NotSupported(`the built-in function ${token}`);
  }

  check(_urn: string, _olds: PropertyMap | undefined, news: PropertyMap): Promise<CheckResult> {
    return Promise.resolve({ inputs: news, failures: [] });
  }
  diff(): Promise<DiffResult> {
    return this.diffConfig();
  }
  create(): Promise<ReadResult> {
    return Promise.reject(new NotSupported("built-in resources that are created"));
  }
  update(): Promise<PropertyMap> {
    return Promise.reject(new NotSupported("built-in resources that are updated"));
  }
  async delete(): Promise<void> {
    // What was only read is only forgotten.
  }
  async cancel(): Promise<void> {
    // Reading a file needs no stopping.
  }
  async close(): Promise<void> {
    // Nothing is open.
  }
}
