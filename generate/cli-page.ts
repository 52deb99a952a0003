/** `docs/cli.md`: every command of `headroom` with its arguments, options, defaults and examples, as its help has them. */
import { createProgram } from "../runtime/cli/main";

type Command = ReturnType<typeof createProgram>;
type Argument = Command["registeredArguments"][number];
type Option = Command["options"][number];

const head = `# Commands

Made by \`npm run generate\` from what \`headroom --help\` says; edit it there.

In a project with the package installed it is \`npx headroom\`; installed with \`npm install --global\`, or in the image, \`headroom\`.
Exit codes: 0 done, 1 a fault of ours, 2 bad input, 3 the environment (unreachable, port taken, no engine), 4 refused by the runtime.
\`headroom completion bash|zsh|fish\` prints a script that completes commands and options.`;

export function cliPage(): string {
  const program = createProgram({});
  return [
    head,
    "## For every command",
    optionTable(program.options),
    ...program.commands.filter(isShown).flatMap((command) => commandText(command, "headroom", 2)),
    "",
  ].join("\n\n");
}

function commandText(command: Command, parent: string, level: number): string[] {
  const name = `${parent} ${command.name()}`;
  const args = command.registeredArguments;
  const words = args.map((argument) => ` ${wordOf(argument)}`).join("");
  const below = command.commands.filter(isShown);
  const rest = below.length > 0 ? " [command]" : "";
  return [
    `${"#".repeat(level)} ${name}`,
    command.description(),
    `\`${name}${words}${rest}${command.options.length > 0 ? " [options]" : ""}\``,
    ...(args.length > 0 ? [args.map(argumentLine).join("\n")] : []),
    ...(command.options.length > 0 ? [optionTable(command.options)] : []),
    ...exampleOf(command),
    ...below.flatMap((inner) => commandText(inner, name, level + 1)),
  ];
}

function isShown(command: Command): boolean {
  return command.name() !== "help";
}

function wordOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function argumentLine(argument: Argument): string {
  const choices = argument.argChoices === undefined ? "" : `: ${argument.argChoices.map(asCode).join(", ")}`;
  return `- \`${wordOf(argument)}\` ${argument.description}${choices}`;
}

function optionTable(options: readonly Option[]): string {
  const rows = options
    .filter(({ hidden }) => !hidden)
    .map((option) => {
      const choices = option.argChoices === undefined ? "" : `: ${option.argChoices.map(asCode).join(", ")}`;
      const value =
        option.defaultValue === undefined || option.defaultValue === true ? "" : asCode(String(option.defaultValue));
      const cells = [
        asCode(option.flags),
        `${option.description}${choices}`,
        value,
        option.envVar ? asCode(option.envVar) : "",
      ];
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    });
  return ["| option | meaning | default | variable |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** What its help ends with: `Example:` and lines that begin with `$`. */
function exampleOf(command: Command): string[] {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => void parts.push(part), getOutHelpWidth: () => 10_000 });
  command.outputHelp();
  const text = parts.join("");
  const lines = [...text.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line]) => line!);
  return lines.length === 0 ? [] : [["```sh", ...lines, "```"].join("\n")];
}

function asCode(text: string): string {
  return `\`${text}\``;
}
