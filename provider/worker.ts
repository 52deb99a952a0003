/** Entry of a worker process: the executor's work on lanes, with every cloud of the registry. */
import { serveWorker } from "../runtime/executor/worker-host";
import { RegistryNodeProgram } from "./node-program";
import { registry } from "./registry";

// The SDK tells the engine of each of its own steps, a call each, only for an engine that runs with `--debug`.
// An import of all of a module is a copy with getters; what is put in its place has to be in the module itself.
const log = require("@pulumi/pulumi/log") as typeof import("@pulumi/pulumi/log");
Object.assign(log, { debug: () => Promise.resolve() });
serveWorker(new RegistryNodeProgram(registry));
