/**
 * The embedded engine: a `pulumi`-shaped command for one machine without the official CLI. It speaks Pulumi's protocols
 * and keeps Pulumi's files, so that the official CLI can take over at any time.
 * The rule kept: what it does not do is refused by name with an exit code other than 0.
 */
import { withDirectLoopback } from "../runtime/model/direct-loopback";
import { CommandFailure, exitCodes, messageOf, NotSupported } from "./failure";
import { provideHome } from "./stack/home";
import { pulumiVersion } from "./state/version";

type Command = (args: string[]) => Promise<void> | void;

function operation(name: "up" | "preview" | "refresh" | "destroy"): Command {
  return async (args) => (await import("./cli/operations.js")).runOperationCommand(name, args);
}

/** A command loads what it needs when it runs: the greater part of the engine is only for operations. */
const commands: Record<string, Command> = {
  version: () => void process.stdout.write(`v${pulumiVersion}\n`),
  up: operation("up"),
  preview: operation("preview"),
  refresh: operation("refresh"),
  destroy: operation("destroy"),
  stack: async (args) => (await import("./cli/stack.js")).stack(args),
  cancel: async (args) => (await import("./cli/stack.js")).cancel(args),
  config: async (args) => (await import("./cli/config.js")).config(args),
};

const officialCommands = new Set(
  (
    "about ai console convert deployment do env gen-completion import install login logout logs neo new org package plugin " +
    "policy project query replay-events schema state template update view-trace watch whoami"
  ).split(" "),
);

async function main(words: string[]): Promise<number> {
  try {
    const [name, ...args] = words;
    if (name === undefined || name === "--help") {
      process.stdout.write(`Pulumi, embedded engine\nCommands: ${Object.keys(commands).join(", ")}\n`);
      return 0;
    }
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command && officialCommands.has(name)) throw new NotSupported(`the command "${name}"`);
    if (!command) throw new CommandFailure(`unknown command "${name}" for "pulumi"`);
    await command(args);
    return 0;
  } catch (error) {
    const message = messageOf(error);
    if (message !== "") process.stderr.write(`error: ${message}\n`);
    if (!(error instanceof CommandFailure) && process.env.PULUMI_DEBUG_COMMANDS && error instanceof Error) {
      process.stderr.write(`${error.stack ?? ""}\n`);
    }
    return error instanceof CommandFailure ? error.exitCode : exitCodes.error;
  }
}

// Programs and plugins inherit it.
Object.assign(process.env, withDirectLoopback(process.env));
provideHome();
// Whoever started the engine may be gone: what it prints is lost then, what it does is not.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  // Children and sockets of a finished operation must not keep the process; what was printed goes out first.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
});
