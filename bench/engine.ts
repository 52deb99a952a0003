/** The engine that a benchmark runs on, found as the runtime finds it. */
import { chooseEngine, type Engine } from "../runtime/executor/engine-choice";
import { packageRoot } from "./service";

export function findEngine(wish: "embedded" | "official"): Promise<Engine> {
  return chooseEngine({
    wish,
    packageRoot,
    officialPath: process.env["HEADROOM_PULUMI"],
    searchPath: process.env["PATH"],
  });
}
