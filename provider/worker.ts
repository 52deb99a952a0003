/** Entry of a worker process: the executor's work on lanes, with every cloud of the registry. */
import { serveWorker } from "../runtime/executor/worker-host";
import { RegistryNodeProgram } from "./node-program";
import { registry } from "./registry";

serveWorker(new RegistryNodeProgram(registry));
