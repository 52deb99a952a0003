/**
 * The embedded engine: a `pulumi`-shaped command for one machine without the official CLI. It speaks Pulumi's protocols
 * and keeps Pulumi's files, so that the official CLI can take over at any time.
 * The rule kept: what it does not do is refused by name with an exit code other than 0.
 */
import { enableCompileCache } from "./compile-cache";
import { CommandFailure, exitCodes, messageOf, NotSupported } from "./failure";

type Command = (args: string[]) => Promise<void> | void;

function operation(name: "up" | "preview" | "refresh" | "destroy"): Command {
  return (args) => (require("./cli-operations") as typeof import("./cli-operations")).runOperationCommand(name, args);
}

const commands: Record<string, Command> = {
  version: (args) => (require("./cli-info") as typeof import("./cli-info")).version(args),
  about: (args) => (require("./cli-info") as typeof import("./cli-info")).about(args),
  whoami: (args) => (require("./cli-info") as typeof import("./cli-info")).whoami(args),
  plugin: (args) => (require("./cli-info") as typeof import("./cli-info")).plugin(args),
  up: operation("up"),
  update: operation("up"),
  preview: operation("preview"),
  refresh: operation("refresh"),
  destroy: operation("destroy"),
  stack: (args) => (require("./cli-stack") as typeof import("./cli-stack")).stack(args),
  cancel: (args) => (require("./cli-stack") as typeof import("./cli-stack")).cancel(args),
  config: (args) => (require("./cli-config") as typeof import("./cli-config")).config(args),
};

const officialCommands = new Set(
  (
    "ai convert console deployment do env gen-completion import install login logout logs neo new org package policy " +
    "project query replay-events schema state template view-trace watch"
  ).split(" "),
);

async function main(words: string[]): Promise<number> {
  try {
    const [name, ...args] = withoutDirectory(words);
    if (name === undefined || name === "help" || name === "--help") {
      process.stdout.write(`Pulumi, embedded engine\nCommands: ${Object.keys(commands).join(", ")}\n`);
      return 0;
    }
    const command = commands[name === "--version" ? "version" : name];
    if (!command && officialCommands.has(name)) throw new NotSupported(`the command "${name}"`);
    if (!command) throw new CommandFailure(`unknown command "${name}" for "pulumi"`);
    if (args.includes("--help") || args.includes("-h")) {
      process.stdout.write(`pulumi ${name}: the subset of Pulumi's command that the embedded engine knows\n`);
      return 0;
    }
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

/** Takes `--cwd DIR` (`-C DIR`) out, wherever it is, and goes there. */
function withoutDirectory(args: string[]): string[] {
  const index = args.findIndex((arg) => arg === "--cwd" || arg === "-C" || arg.startsWith("--cwd="));
  if (index < 0) return args;
  const joined = args[index]?.startsWith("--cwd=");
  process.chdir(joined ? (args[index] as string).slice("--cwd=".length) : (args[index + 1] as string));
  return args.toSpliced(index, joined ? 1 : 2);
}

enableCompileCache();
// Whoever started the engine may be gone: what it prints is lost then, what it does is not.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
void main(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  // Children and sockets of a finished operation must not keep the process; what was printed goes out first.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
});
