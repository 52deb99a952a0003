/** `headroom completion` and `headroom version`: what needs no runtime. */
import { Argument, type Command } from "commander";
import { completionScript, shells, type Shell } from "../completion";
import { print } from "../output";

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .summary("a script that completes commands and options")
    .description("Prints a script for your shell that completes commands and options.")
    .addArgument(new Argument("<shell>", "your shell").choices(shells))
    .addHelpText("after", "\nExample:\n  $ headroom completion bash >> ~/.bashrc\n")
    .action((shell: Shell) => print(completionScript(program, shell).trimEnd()));
  program
    .command("version")
    .summary("the version of this command")
    .description("Prints the version of this command; that of the runtime is in headroom status.")
    .addHelpText("after", "\nExample:\n  $ headroom version\n")
    .action(() => print(program.version()!));
}
