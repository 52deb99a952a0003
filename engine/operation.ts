/**
 * Puts one operation together: lock, state, configuration, program, providers, events; and takes it apart again.
 * The rules kept:
 *  - the lock is taken before the state is read and released after the last write, however the operation ends;
 *  - nothing waits for what it does not need: plugins start while modules load and the key of the secrets is derived;
 *  - the first SIGINT, SIGTERM or SIGHUP lets what runs finish, the second ends at once with the pending operations in the state;
 *  - a listener, a terminal or a parent that is gone never costs a record.
 */
import type { FileBackend, StackName } from "./backend";
import type { DeploymentOptions } from "./deployment";
import { openOutset, type Outset } from "./outset";
import { type Project, StackConfig } from "./project";
import { Signals } from "./signals";

export interface OperationRequest {
  backend: FileBackend;
  project: Project;
  name: StackName;
  options: Omit<DeploymentOptions, "project" | "stack">;
  /** Address of an inline program's host. */
  client: string | undefined;
  eventLog: string | undefined;
  configFile: string | undefined;
  /** Configuration given on the command line, `KEY=VALUE`. */
  config: string[];
  message: string;
  execKind: string;
  clearPendingCreates: boolean;
  suppressOutputs: boolean;
  expectNoChanges: boolean;
  /** What there is already when the process was waiting for this operation. */
  outset: Outset | undefined;
}

export async function runOperation(request: OperationRequest): Promise<void> {
  const { backend, name, options } = request;
  backend.read(name);
  if (options.isPreview) return runUnlocked(request);
  await backend.lock(name);
  try {
    await runUnlocked(request);
  } finally {
    backend.unlock(name);
  }
}

async function runUnlocked(request: OperationRequest): Promise<void> {
  const startedMs = Date.now();
  const { project, name, configFile } = request;
  const stackConfig = StackConfig.read(project, name.stack, configFile);
  const outset = request.outset ?? (await openOutset());
  const { port, starter } = outset;
  const signals = new Signals();
  try {
    for (const packageName of likelyPackages(request, stackConfig)) starter.startEarly(project, packageName);
    const { runBegun } = require("./operation-body") as typeof import("./operation-body");
    await runBegun(request, { startedMs, stackConfig, port, starter, signals });
  } finally {
    signals.close();
    await outset.close();
  }
}

/**
 * Packages whose plugins will surely be asked for: those of the resources there are; without any, those the project
 * brings along. A plugin with configuration of its own has to wait for the key that opens it.
 */
function likelyPackages({ backend, name, options, project, config }: OperationRequest, stack: StackConfig): string[] {
  const types = backend.read(name).matchAll(/"type":\s*"pulumi:providers:([^"]+)"/g);
  const used = new Set([...types].map(([, packageName = ""]) => packageName));
  const isNew = used.size === 0 && options.kind === "update";
  const packages = isNew ? project.plugins.map((plugin) => plugin.name) : [...used];
  const keys = [...Object.keys(project.config), ...stack.values().keys(), ...config];
  const isConfigured = (packageName: string): boolean => keys.some((key) => key.startsWith(`${packageName}:`));
  return packages.filter((packageName) => packageName !== "pulumi" && !isConfigured(packageName));
}
