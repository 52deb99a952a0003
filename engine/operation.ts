/**
 * Puts one operation together: lock, state, configuration, program, providers, events; and takes it apart again.
 * The rules kept:
 *  - the lock is taken before the state is read and released after the last write, however the operation ends;
 *  - nothing waits for what it does not need: modules load while the key of the secrets is derived;
 *  - the first SIGINT, SIGTERM or SIGHUP lets what runs finish, the second ends at once with the pending operations in the state;
 *  - a listener, a terminal or a parent that is gone never costs a record.
 */
import { EnginePort } from "./engine-port";
import type { OperationRequest } from "./operation-request";
import { StackConfig } from "./project";
import { Signals } from "./signals";

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
  const port = new EnginePort();
  await port.listen();
  const signals = new Signals();
  try {
    const { runBegun } = require("./operation-body") as typeof import("./operation-body");
    await runBegun(request, { startedMs, stackConfig, port, signals });
  } finally {
    signals.close();
    port.close();
  }
}
