/**
 * Startup scripts: `{variable}` is replaced, `{{` and `}}` mean one literal brace each. Only the known variables exist;
 * anything else between braces is an error with its line and column, found before a VM is made. Values are inserted
 * once: a brace inside a value means nothing.
 *
 * @example `curl -d '{{"status": "running"}}' https://{upstream_auth_address}/api/set_server_status?token={checkin_jwt}`
 */
import { ConfigError, type Problem } from "./errors";

export const scriptVariables = [
  /** The node's id. */
  "server_id",
  /** Kind of the VM provider, e.g. `aws`. */
  "provider_name",
  /** Where the node reaches the runtime. */
  "upstream_auth_address",
  /** The node's id, as host name. */
  "server_hostname",
  /** The node's DNS name; empty when it gets none. */
  "server_external_fqdn",
  /** Token for `set_server_status`; `registration_token` is its older name. */
  "checkin_jwt",
  "registration_token",
  /** Token for heartbeats, with which docker agents check in. */
  "manager_token",
  /** Servers: `connectionUsername` and `connectionPassword` of the autoscale config. */
  "connection_username",
  "connection_password",
  /** Of the Active Directory computer record; empty without one. */
  "ad_join_credential",
  "domain",
  /** Docker agents: `nginxCert` and `nginxKey` of the autoscale config. */
  "nginx_cert_in",
  "nginx_key_in",
  /** Public key of the VM provider config, where it has one. */
  "ssh_key",
] as const;
export type ScriptVariable = (typeof scriptVariables)[number];
/** A variable without a value becomes empty. */
export type ScriptValues = Readonly<Partial<Record<ScriptVariable, string>>>;

export interface ScriptOptions {
  /** Leave the text exactly as it is. */
  readonly raw: boolean;
}

/** The script with its values; a {@link ConfigError} with every problem when it is not well-formed. */
export function renderStartupScript(text: string, values: ScriptValues, { raw }: ScriptOptions): string {
  if (raw) return text;
  const problems: Problem[] = [];
  let rendered = "";
  for (const part of splitScript(text)) {
    if (part.kind === "text") rendered += part.text;
    else if (part.kind === "variable") rendered += values[part.name] ?? "";
    else problems.push(describe(part, text));
  }
  if (problems.length > 0) throw ConfigError.of(problems, "startup script");
  return rendered;
}

/** Every problem of the script, with `line:column` in the message; the path is empty. */
export function findScriptProblems(text: string): Problem[] {
  return splitScript(text).flatMap((part) => (part.kind === "problem" ? [describe(part, text)] : []));
}

/** The variables that the script uses, each once. */
export function variablesIn(text: string): ScriptVariable[] {
  return [...new Set(splitScript(text).flatMap((part) => (part.kind === "variable" ? [part.name] : [])))];
}

type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: ScriptVariable }
  | { readonly kind: "problem"; readonly at: number; readonly message: string };

function splitScript(text: string): Part[] {
  const parts: Part[] = [];
  let position = 0;
  for (let brace = nextBrace(text, 0); brace !== undefined; brace = nextBrace(text, position)) {
    if (brace > position) parts.push({ kind: "text", text: text.slice(position, brace) });
    const { part, length } = readBrace(text, brace);
    parts.push(part);
    position = brace + length;
  }
  parts.push({ kind: "text", text: text.slice(position) });
  return parts;
}

function nextBrace(text: string, from: number): number | undefined {
  for (let index = from; index < text.length; index += 1) {
    if (text[index] === "{" || text[index] === "}") return index;
  }
  return undefined;
}

function readBrace(text: string, at: number): { readonly part: Part; readonly length: number } {
  const brace = text[at]!;
  if (text[at + 1] === brace) return { part: { kind: "text", text: brace }, length: 2 };
  if (brace === "}") {
    return { part: problem(at, 'a single "}"; write "}}" for a literal brace'), length: 1 };
  }
  const variable = /^\{([^{}\n]*)\}/.exec(text.slice(at, at + 200));
  if (!variable) return { part: problem(at, 'a single "{"; write "{{" for a literal brace'), length: 1 };
  const [whole, name] = [variable[0], variable[1]!];
  if (isScriptVariable(name)) return { part: { kind: "variable", name }, length: whole.length };
  const known = `known variables: ${scriptVariables.join(", ")}; write "{{" and "}}" for literal braces`;
  return { part: problem(at, `"${whole}" is not a variable; ${known}`), length: whole.length };
}

function problem(at: number, message: string): Part {
  return { kind: "problem", at, message };
}

export function isScriptVariable(name: string): name is ScriptVariable {
  return (scriptVariables as readonly string[]).includes(name);
}

function describe({ at, message }: Extract<Part, { kind: "problem" }>, text: string): Problem {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - (before.lastIndexOf("\n") + 1) + 1;
  return { path: "", message: `line ${line}, column ${column}: ${message}` };
}
