/**
 * Command line flags. The rule kept: a flag that is not listed for a command is an error that names it, and a flag of
 * official Pulumi that this engine does not honour is refused even when its value would change nothing.
 */
import { CommandFailure, exitCodes, NotSupported } from "./failure";

/** `value`: takes one; `list`: may come several times; `switch`: on or off; `ignored-*`: accepted without effect. */
export type FlagKind = "value" | "list" | "switch" | "ignored-value" | "ignored-switch";
export type FlagTable = Record<string, FlagKind>;

export interface ParsedArgs {
  words: string[];
  value(name: string): string | undefined;
  list(name: string): string[];
  isOn(name: string): boolean;
}

/** Flags every command knows; they only concern output, prompts and colours that this engine does not have. */
const globalFlags: FlagTable = {
  color: "ignored-value",
  "non-interactive": "ignored-switch",
  "disable-integrity-checking": "ignored-switch",
  emoji: "ignored-switch",
  "fully-qualify-stack-names": "ignored-switch",
  logflow: "ignored-switch",
  logtostderr: "ignored-switch",
  verbose: "ignored-value",
  help: "switch",
  cwd: "value",
};
const shortNames: Record<string, string> = {
  s: "stack",
  y: "yes",
  f: "skip-preview",
  m: "message",
  p: "parallel",
  C: "cwd",
  v: "verbose",
  c: "config",
  t: "target",
  a: "all",
  j: "json",
  h: "help",
  i: "show-ids",
  Q: "fully-qualify-stack-names",
};

/** Flags of official Pulumi whose absence here deserves more than "unknown flag". */
const knownElsewhere = new Set(
  (
    "plan save-plan policy-pack policy-pack-config exclude exclude-dependents attach-debugger run-program remote import-file " +
    "import-pending-creates tracing profiling memprofilerate otel-traces secrets-provider-rotation copy-config-from teams " +
    "config-path neo agent strict refresh-program"
  ).split(" "),
);

export function parseArgs(args: string[], table: FlagTable): ParsedArgs {
  const flags: FlagTable = { ...globalFlags, ...table };
  const given = new Map<string, string[]>();
  const words: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") {
      words.push(...rest);
      break;
    }
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? /^-([A-Za-z])(?:=?(.+))?$/s.exec(arg);
    if (!match) {
      words.push(arg);
      continue;
    }
    const name = arg.startsWith("--") ? (match[1] as string) : (shortNames[match[1] as string] ?? (match[1] as string));
    const kind = flags[name];
    if (kind === undefined) throw unknownFlag(arg.startsWith("--") ? `--${name}` : arg, name);
    const takesValue = kind === "value" || kind === "list" || kind === "ignored-value";
    const value = match[2] ?? (takesValue ? rest.shift() : "true");
    if (value === undefined) throw new CommandFailure(`flag needs an argument: --${name}`, exitCodes.configuration);
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  return {
    words,
    value: (name) => given.get(name)?.at(-1) ?? process.env[`PULUMI_OPTION_${name.toUpperCase().replaceAll("-", "_")}`],
    list: (name) => given.get(name) ?? [],
    isOn: (name) => isOn(given.get(name)?.at(-1)),
  };
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && text !== "false" && text !== "0";
}

function unknownFlag(shown: string, name: string): Error {
  if (knownElsewhere.has(name) || name.startsWith("remote-")) return new NotSupported(`the flag ${shown}`);
  return new CommandFailure(`unknown flag: ${shown}`);
}
