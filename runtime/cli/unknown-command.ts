/** A command that does not exist is bad input also where help is asked for; commander would show the general help. */
import type { Command } from "commander";

/**
 * The arguments to parse: as given, or, when they ask for help on a command that does not exist, without the asking, so that
 * it is refused with what was meant.
 *
 * @param args Without the names of node and script.
 */
export function refusingUnknown(program: Command, args: readonly string[]): string[] {
  const [first, second] = program.parseOptions(args.filter((word) => word !== "--help" && word !== "-h")).operands;
  const name = first === "help" ? second : first;
  const isKnown = program.commands.some((command) => command.name() === name || command.aliases().includes(name!));
  if (name === undefined || name === "help" || isKnown) return [...args];
  return args.filter((word) => word !== "help" && word !== "--help" && word !== "-h");
}
