/**
 * Resource hooks: functions of the program that run right before the provider is asked to create, update or delete. The
 * rules kept:
 *  - a step whose hook fails has failed; its provider is not called;
 *  - hooks are named in the state, so that a resource that the program has left out is asked about too; a name that this
 *    run's program has not registered fails the step;
 *  - a preview calls only the hooks that ask for it.
 * Hooks that run after a step, hooks on errors, and hooks whose errors are ignored are refused by name.
 */
import { CallbacksClient } from "@pulumi/pulumi/proto/callback_grpc_pb";
import { CallbackInvokeRequest } from "@pulumi/pulumi/proto/callback_pb";
import * as resource from "@pulumi/pulumi/proto/resource_pb";
import { NotSupported } from "../failure";
import { call, dial } from "../providers/rpc";
import type { ResourceHooks, ResourceState } from "../state/resource";
import { urnName } from "../state/urn";
import { type PropertyMap, toStruct } from "../state/values";
import { actionOf, type Step } from "../steps/step";

/** When a hook runs, as the state names it. */
type HookType = keyof ResourceHooks;
const hookTypes = { create: "BeforeCreate", update: "BeforeUpdate", delete: "BeforeDelete" } as const;

interface Hook {
  readonly client: CallbacksClient;
  readonly token: string;
  readonly onDryRun: boolean;
}

/** The hooks that the program of this run has registered. */
export class HookRegistry {
  private readonly hooks = new Map<string, Hook>();
  /** By address: a program serves all its hooks at one. */
  private readonly clients = new Map<string, CallbacksClient>();

  register(request: resource.RegisterResourceHookRequest): void {
    const name = request.getName();
    if (name === "") throw new Error("resource hook name cannot be empty");
    if (this.hooks.has(name)) throw new Error(`resource hook already registered for name ${JSON.stringify(name)}`);
    if (request.getIgnoreErrors()) throw new NotSupported(`resource hooks with \`ignoreErrors\` (${name})`);
    const target = request.getCallback()?.getTarget() ?? "";
    const client = this.clients.get(target) ?? dial(CallbacksClient, target);
    this.clients.set(target, client);
    this.hooks.set(name, { client, token: request.getCallback()?.getToken() ?? "", onDryRun: request.getOnDryRun() });
  }

  /** Runs the hooks of a step that is about to begin, one after the other. Fails with the first that fails. */
  async runBefore(step: Step, isPreview: boolean): Promise<void> {
    const action = actionOf(step);
    if (action === undefined || action === "read") return;
    const type = hookTypes[action];
    const state = type === "BeforeDelete" ? step.old : step.new;
    for (const name of state?.resourceHooks?.[type] ?? []) {
      const hook = this.hooks.get(name);
      if (!hook) throw new Error(`hook ${JSON.stringify(name)} was not registered`);
      if (isPreview && !hook.onDryRun) continue;
      const error = await invoke(hook, describe(step, type));
      if (error !== "") throw new Error(`before hook ${JSON.stringify(name)} failed: ${error}`);
    }
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}

/** The hooks that a registration binds to its resource; undefined when it binds none. */
export function boundHooks(request: resource.RegisterResourceRequest): ResourceHooks | undefined {
  const binding = request.getHooks();
  if (!binding) return undefined;
  const hooks: ResourceHooks = {};
  const lists: [HookType, string[]][] = [
    ["BeforeCreate", binding.getBeforeCreateList()],
    ["BeforeUpdate", binding.getBeforeUpdateList()],
    ["BeforeDelete", binding.getBeforeDeleteList()],
  ];
  for (const [type, names] of lists) if (names.length > 0) hooks[type] = names;
  return Object.keys(hooks).length > 0 ? hooks : undefined;
}

/** What a registration asks for that is not done here; undefined when there is nothing. */
export function refusedHooks(request: resource.RegisterResourceRequest): string | undefined {
  const binding = request.getHooks();
  if (!binding) return undefined;
  const after = [binding.getAfterCreateList(), binding.getAfterUpdateList(), binding.getAfterDeleteList()];
  if (after.some((names) => names.length > 0)) return "resource hooks that run after a step";
  return binding.getOnErrorList().length > 0 ? "error hooks" : undefined;
}

function describe(step: Step, type: HookType): resource.ResourceHookRequest {
  const state = (type === "BeforeDelete" ? step.old : step.new) as ResourceState;
  const before = type === "BeforeCreate" ? undefined : step.old;
  const request = new resource.ResourceHookRequest()
    .setUrn(state.urn)
    .setId(type === "BeforeUpdate" ? (step.old?.id ?? "") : state.id)
    .setName(urnName(state.urn))
    .setType(state.type);
  if (type !== "BeforeDelete") request.setNewInputs(onWire(state.inputs));
  if (before) request.setOldInputs(onWire(before.inputs)).setOldOutputs(onWire(before.outputs));
  return request;
}

function onWire(properties: PropertyMap): ReturnType<typeof toStruct> {
  return toStruct(properties, { secrets: true, resources: true, unknowns: true });
}

/** The hook's error; empty when it allows the step. */
async function invoke({ client, token }: Hook, request: resource.ResourceHookRequest): Promise<string> {
  const asked = new CallbackInvokeRequest().setToken(token).setRequest(request.serializeBinary());
  const answer = await call(client, client.invoke, asked);
  return resource.ResourceHookResponse.deserializeBinary(answer.getResponse_asU8()).getError();
}
