/** Scripts that complete words of the command line, made of the commands themselves; nothing is asked from a runtime. */
import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What may stand after a command's own words. */
interface Place {
  /** Words that lead there, without `headroom`, e.g. `nodes drain`; empty at the beginning. */
  readonly path: string;
  readonly words: readonly string[];
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(
    program,
    [],
    program.options.flatMap(({ long }) => long ?? []),
  );
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](places);
}

function placesOf(command: Command, path: readonly string[], shared: readonly string[]): Place[] {
  const own = path.length === 0 ? [] : command.options.flatMap(({ long, hidden }) => (hidden ? [] : (long ?? [])));
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const below = command.commands.filter((inner) => inner.name() !== "help");
  const words = [...below.map((inner) => inner.name()), ...choices, ...own, ...shared, "--help"];
  return [
    { path: path.join(" "), words: [...new Set(words)] },
    ...below.flatMap((inner) => placesOf(inner, [...path, inner.name()], shared)),
  ];
}

/** Walks the words before the one that is completed; a word that leads nowhere, such as an id, is passed over. */
function walk(places: readonly Place[], first: string, last: string): string {
  const inner = places.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  return `  local place="" next i
  for ((i = ${first}; i < ${last}; i++)); do
    next="$place\${place:+ }\${words[i]}"
    case "$next" in
      ${inner.join("|")}) place="$next" ;;
    esac
  done
  local -a found
  case "$place" in
${places.map(({ path, words }) => `    "${path}") found=(${words.join(" ")}) ;;`).join("\n")}
  esac`;
}

function bashScript(places: readonly Place[]): string {
  return `# headroom completion bash: source it, e.g. from ~/.bashrc
_headroom() {
  local -a words=("\${COMP_WORDS[@]}")
${walk(places, "1", "COMP_CWORD")}
  COMPREPLY=($(compgen -W "\${found[*]}" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _headroom headroom
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef headroom
# headroom completion zsh: source it after compinit, e.g. from ~/.zshrc
_headroom() {
${walk(places, "2", "CURRENT")}
  compadd -- $found
}
compdef _headroom headroom
`;
}

function fishScript(places: readonly Place[]): string {
  const rules = places.map(({ path, words }) => `      case "${path}"\n        printf '%s\\n' ${words.join(" ")}`);
  const inner = places.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  return `# headroom completion fish: put it into ~/.config/fish/completions/headroom.fish
function __headroom_words
  set -l place ""
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$place $word")
    if contains -- "$next" ${inner.join(" ")}
      set place "$next"
    end
  end
  switch "$place"
${rules.join("\n")}
  end
end
complete -c headroom -f -a "(__headroom_words)"
`;
}
