/**
 * Startup scripts: `{variable}` is replaced, `{{` and `}}` mean one literal brace each. Only the known variables exist;
 * anything else between braces is an error with its line and column, found before a VM is made. Values are inserted
 * once: a brace inside a value means nothing.
 *
 * @example `curl -d '{{"status": "running"}}' https://{upstream_auth_address}/api/set_server_status?token={checkin_jwt}`
 */
import { ConfigError, tellFirst, type Problem } from "./errors";

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

/** A script taken apart once, so that judging and rendering it for several clouds costs one pass over its text. */
export interface ParsedScript {
  /** What is rendered, in order; text without its doubled braces. */
  readonly parts: readonly (ScriptText | ScriptReference)[];
  /** The variables that it uses, each once. */
  readonly variables: readonly ScriptVariable[];
  /** With `line, column` in the message and an empty path; of many the first ones and how many more there are. */
  readonly problems: readonly Problem[];
}
type ScriptText = { readonly kind: "text"; readonly text: string };
type ScriptReference = { readonly kind: "variable"; readonly name: ScriptVariable };

/** The script with its values; a {@link ConfigError} with its problems when it is not well-formed. */
export function renderStartupScript(text: string, values: ScriptValues, { raw }: ScriptOptions): string {
  if (raw) return text;
  const script = parseStartupScript(text);
  if (script.problems.length > 0) throw ConfigError.of(script.problems, "startup script");
  return renderParsed(script, values);
}

export function renderParsed({ parts }: ParsedScript, values: ScriptValues): string {
  return parts.map((part) => (part.kind === "text" ? part.text : (values[part.name] ?? ""))).join("");
}

/** Bytes of what {@link renderParsed} would make, told without making it: a value may be long and used often. */
export function renderedBytes({ parts }: ParsedScript, values: ScriptValues): number {
  const bytesOf = new Map(scriptVariables.map((name) => [name, Buffer.byteLength(values[name] ?? "")]));
  let bytes = 0;
  for (const part of parts) bytes += part.kind === "text" ? Buffer.byteLength(part.text) : bytesOf.get(part.name)!;
  return bytes;
}

/** In one pass, whatever the text: a script comes from outside and may be a megabyte of braces. */
export function parseStartupScript(text: string): ParsedScript {
  const parts: (ScriptText | ScriptReference)[] = [];
  const faults: number[] = [];
  let plain: string[] = [];
  const endPlain = (): void => {
    if (plain.length > 0) parts.push({ kind: "text", text: plain.join("") });
    plain = [];
  };
  let plainFrom = 0;
  const braces = bracePattern();
  for (let found = braces.exec(text); found !== null; found = braces.exec(text)) {
    const [whole, name] = found;
    const isDoubled = whole === "{{" || whole === "}}";
    // Of a doubled brace the first one is text.
    plain.push(text.slice(plainFrom, found.index + (isDoubled ? 1 : 0)));
    plainFrom = found.index + whole.length;
    if (isDoubled) continue;
    if (name !== undefined && isScriptVariable(name)) {
      endPlain();
      parts.push({ kind: "variable", name });
    } else faults.push(found.index);
  }
  plain.push(text.slice(plainFrom));
  endPlain();
  const lines = new LineCounter(text);
  const problems = tellFirst(faults, (at) => ({ path: "", message: `${lines.placeOf(at)}: ${faultAt(text, at)}` }));
  const variables = new Set(parts.flatMap((part) => (part.kind === "variable" ? [part.name] : [])));
  return { parts, variables: [...variables], problems };
}

/** A doubled brace, a name between braces, or a brace that is neither; names on one line, and none is nearly so long. */
function bracePattern(): RegExp {
  return /\{\{|\}\}|\{([^{}\n]{0,198})\}|[{}]/g;
}

function faultAt(text: string, at: number): string {
  const pattern = bracePattern();
  pattern.lastIndex = at;
  const whole = pattern.exec(text)?.[0] ?? "";
  if (whole === "}") return 'a single "}"; write "}}" for a literal brace';
  if (whole === "{") return 'a single "{"; write "{{" for a literal brace';
  // What stands there may be anything, a password too: only what could be meant for a variable is shown.
  const shown = /^\{\w{0,40}\}$/.test(whole) ? `"${whole}"` : 'what stands between "{" and "}"';
  const known = `known variables: ${scriptVariables.join(", ")}; write "{{" and "}}" for literal braces`;
  return `${shown} is not a variable; ${known}`;
}

export function isScriptVariable(name: string): name is ScriptVariable {
  return (scriptVariables as readonly string[]).includes(name);
}

/** Tells places in ascending order, so that each line is counted once. */
class LineCounter {
  private line = 1;
  private lineStart = 0;

  constructor(private readonly text: string) {}

  placeOf(at: number): string {
    for (let end = this.text.indexOf("\n", this.lineStart); end !== -1 && end < at;) {
      this.line += 1;
      this.lineStart = end + 1;
      end = this.text.indexOf("\n", this.lineStart);
    }
    return `line ${this.line}, column ${at - this.lineStart + 1}`;
  }
}
