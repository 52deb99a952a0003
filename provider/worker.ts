/** Entry of a worker process: the executor's work on lanes, with every cloud of the registry. */
import * as log from "@pulumi/pulumi/log";
import { serveWorker } from "../runtime/executor/worker-host";
import { RegistryNodeProgram } from "./node-program";
import { registry } from "./registry";

// The SDK tells the engine of each of its own steps, a call each, only for an engine that runs with `--debug`.
Object.assign(log, { debug: () => Promise.resolve() });
serveWorker(new RegistryNodeProgram(registry));
