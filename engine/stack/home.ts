/**
 * Folders and names of the user who runs the engine. In a container the user may be a bare number, of which the system
 * knows neither a home nor a name: Node then throws where others only shrug.
 */
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { CommandFailure, messageOf } from "../failure";

/** Pulumi's folder of the user: credentials, selected stacks, plugin cache. */
export function pulumiHome(): string {
  return process.env.PULUMI_HOME || join(homeFolder("PULUMI_HOME or HOME"), ".pulumi");
}

/** @param variables What may be set where the system knows no home. */
export function homeFolder(variables: string): string {
  try {
    return homedir();
  } catch (error) {
    throw new CommandFailure(
      `user id ${process.getuid?.() ?? "?"} has no home folder on this system (${messageOf(error)}); set ${variables}`,
    );
  }
}

/** Programs and what they load look for a home, too: where the system knows none, Pulumi's folder is theirs. */
export function provideHome(): void {
  const { PULUMI_HOME: folder } = process.env;
  if (folder === undefined || folder === "") return;
  try {
    homedir();
  } catch {
    process.env.HOME = folder;
  }
}

/** For people who read a lock. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER || `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
