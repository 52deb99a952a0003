/** The home folder of whoever runs this, which a user who is a bare number in a container may not have. */
import { homedir } from "node:os";
import { messageOf, SetupError } from "../../runtime/model/errors";

/** @param variable What may be set where the system knows no home. */
export function homeFolder(variable: string): string {
  try {
    return homedir();
  } catch (cause) {
    throw new SetupError(
      `user id ${process.getuid?.() ?? "?"} has no home folder on this system (${messageOf(cause)}); set ${variable} or HOME`,
      { cause },
    );
  }
}
