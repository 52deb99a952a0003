/** What `headroom serve` takes, to hold against what starts it. */
import { Command } from "commander";
import { addServe } from "../../runtime/cli/commands/serve";

export interface ServeWords {
  readonly flags: ReadonlySet<string>;
  /** Environment variables by which options may be given. */
  readonly variables: ReadonlySet<string>;
}

export function serveWords(): ServeWords {
  const program = new Command();
  addServe(program);
  const [serve] = program.commands;
  const options = serve?.options ?? [];
  return {
    flags: new Set(options.flatMap(({ long }) => long ?? [])),
    variables: new Set([...options.flatMap(({ envVar }) => envVar ?? []), "HEADROOM_DATA_FOLDER"]),
  };
}

/** Words of a command line that `serve` does not know. */
export function unknownFlags(words: readonly string[]): string[] {
  const { flags } = serveWords();
  return words.filter((word) => word.startsWith("--") && !flags.has(word));
}
