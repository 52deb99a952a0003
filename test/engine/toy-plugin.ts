import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { serveToyProvider } from "./toy-provider";
import { ToyWorld } from "./toy-world";

/** Where the executable's world is; the scenario's process sets it for the engine, which hands its environment on. */
const worldVariable = "TOY_WORLD";
/** A plugin left over by a killed engine ends by itself after so long. */
const lifetimeMsMax = 120_000;

/** The toy provider as an executable plugin: prints its port and serves until it is told to end. */
async function main(): Promise<void> {
  const folder = process.env[worldVariable];
  if (folder === undefined) throw new Error(`${worldVariable} is not set; it names the folder of the toy world`);
  appendFileSync(join(folder, "pids"), `${process.pid}\n`);
  const { port } = await serveToyProvider(new ToyWorld(folder));
  process.stdout.write(`${port}\n`);
  setTimeout(() => process.exit(1), lifetimeMsMax).unref();
}

void main();
