/** A worker process whose only cloud is the toy cloud. */
import { RegistryNodeProgram } from "../../provider/node-program";
import { serveWorker } from "../../runtime/executor/worker-host";
import { toyRegistry } from "./toy-cloud";

serveWorker(new RegistryNodeProgram(toyRegistry));
