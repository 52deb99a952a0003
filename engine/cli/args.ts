/**
 * Command line flags. The rule kept: a flag that is not listed for a command is an error that names it, and a flag of
 * official Pulumi that this engine does not honour is refused even when its value would change nothing.
 */
import { CommandFailure, exitCodes, NotSupported } from "../failure";

/** `value`: takes one; `list`: takes one each time it comes; `switch`: on or off; `ignored-*`: accepted without effect. */
export type FlagKind = "value" | "list" | "switch" | "ignored-value" | "ignored-switch";
export type FlagTable = Record<string, FlagKind>;

export interface ParsedArgs {
  words: string[];
  value(name: string): string | undefined;
  list(name: string): string[];
  isOn(name: string): boolean;
}

/** Flags every command knows: this engine neither asks questions nor uses colours. */
const globalFlags: FlagTable = { color: "ignored-value", "non-interactive": "ignored-switch" };
const shortNames: Record<string, string> = {
  s: "stack",
  y: "yes",
  f: "skip-preview",
  p: "parallel",
  t: "target",
  j: "json",
};

/** Flags of official Pulumi, which are refused by name where they are not honoured; any other flag is unknown. */
const officialFlags = new Set(
  (
    "agent all attach-debugger clear-pending-creates client config config-file config-path continue-on-error copy-config-from " +
    "create cwd debug description diff disable-integrity-checking emoji event-log exclude exclude-dependents " +
    "exclude-protected exec-agent exec-kind expect-no-changes file force full-dates fully-qualify-stack-names " +
    "generate-resource-changes help import-file import-pending-creates json json-file log-format logflow logtostderr " +
    "memprofilerate message neo no-select otel-traces page page-size parallel path plaintext plan policy-pack " +
    "policy-pack-config preserve-config preview-only profiling project refresh refresh-program remote remove remove-backups " +
    "replace run-program save-plan secret secrets-provider secrets-provider-rotation shell show-config show-full-output " +
    "show-ids show-name show-reads show-replacement-steps show-sames show-secrets show-urns skip-pending-creates " +
    "skip-plugin-pre-install skip-preview stack strict suppress-outputs suppress-permalink suppress-progress tag target " +
    "target-dependents target-replace teams tracing transitive use-language-version-tools verbose version yes"
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
  const value = (name: string): string | undefined =>
    given.get(name)?.at(-1) ?? process.env[`PULUMI_OPTION_${name.toUpperCase().replaceAll("-", "_")}`];
  return {
    words,
    value,
    list: (name) => given.get(name) ?? [],
    isOn: (name) => !["false", "0", ""].includes(value(name) ?? "false"),
  };
}

function unknownFlag(shown: string, name: string): Error {
  const isOfficial = !shown.startsWith("--") || officialFlags.has(name) || name.startsWith("remote-");
  return isOfficial ? new NotSupported(`the flag ${shown}`) : new CommandFailure(`unknown flag: ${shown}`);
}
