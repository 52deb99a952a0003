/** The engine as the Automation API takes it when it runs the engine itself, as programs beside the runtime do. */
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { PulumiCommand } from "@pulumi/pulumi/automation";
import type { Engine } from "./engine-choice";

/**
 * The Automation API wants a folder that holds `bin/pulumi`. A command that lies elsewhere gets a link to it there.
 *
 * @param folder Where such a link may be made.
 */
export function automationCommand(engine: Engine, folder: string): Promise<PulumiCommand> {
  if (engine.command === join(engine.root, "bin", "pulumi")) return get(engine.root);
  const root = join(folder, "engine-link");
  const link = join(root, "bin", "pulumi");
  mkdirSync(join(root, "bin"), { recursive: true });
  if (!existsSync(link)) symlinkSync(engine.command, link);
  return get(root);
}

function get(root: string): Promise<PulumiCommand> {
  return PulumiCommand.get({ root, skipVersionCheck: true });
}
