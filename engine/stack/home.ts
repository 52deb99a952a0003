/** Pulumi's folder of the user: credentials, selected stacks, plugin cache. */
import { homedir } from "node:os";
import { join } from "node:path";

export function pulumiHome(): string {
  return process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
}
