/**
 * The startup script of a config's nodes: its text, the values of its variables, and what is wrong with it. A preview
 * judges it with the longest values that a node may get, by the same code that renders it for a node.
 */
import { recordPlaceOf } from "./computer-records";
import type { AutoscaleConfig, LdapConfig, OsType, VmProviderConfig, VmProviderFacts, Zone } from "./config";
import type { Problem } from "./errors";
import { domainOfBase } from "./ldap-config";
import {
  isScriptVariable,
  parseStartupScript,
  renderedBytes,
  renderParsed,
  renderStartupScript,
  type ParsedScript,
  type ScriptValues,
  type ScriptVariable,
} from "./startup-script";
import { bootstrapOf, fetchedBytesMax } from "./script-bootstrap";
import { formOf, isBrokenGzip, tidyScript } from "./script-form";

/** What a script depends on, beside the node itself. */
export interface ScriptSources {
  readonly config: AutoscaleConfig;
  readonly zone: Pick<Zone, "upstreamAuthAddress"> & Partial<Pick<Zone, "local">>;
  readonly vmProvider: Pick<VmProviderConfig, "name" | "kind" | "settings">;
  readonly facts: VmProviderFacts;
  /** Where its computer record is made. Default none. */
  readonly ldap?: Pick<LdapConfig, "searchBase"> | undefined;
}

/** What only the node itself has. */
export interface ScriptIdentity {
  readonly nodeId: string;
  readonly checkinToken: string;
  readonly agentToken: string;
  /** Of its computer record. */
  readonly joinPassword: string;
}

/** Characters of a node's token at most. */
export const tokenLengthMax = 256;
/** Characters of a node's id at most. */
export const nodeIdLengthMax = 8;
/** Characters of the password of its computer record. */
export const joinPasswordLength = 24;

const longestIdentity: ScriptIdentity = {
  nodeId: "n".repeat(nodeIdLengthMax),
  checkinToken: "t".repeat(tokenLengthMax),
  agentToken: "t".repeat(tokenLengthMax),
  joinPassword: "p".repeat(joinPasswordLength),
};

interface NodeScript {
  /** Undefined = there is none. */
  readonly text?: string | undefined;
  readonly raw: boolean;
  readonly osType: OsType;
  readonly delivery?: "inline" | "fetch" | undefined;
}

/** The config's own script, else that of the VM provider's image for nodes that have to check in, else none. */
export function scriptOf({ config, facts }: Pick<ScriptSources, "config" | "facts">): NodeScript {
  if (config.startupScript) return config.startupScript;
  const text = checkinVariables(config).length > 0 ? facts.defaultScripts[config.type] : undefined;
  return { text, raw: false, osType: "linux" };
}

/** The script for one node, before the cloud's wrapping; empty = none. A raw one is left as it is. */
export function renderNodeScript(sources: ScriptSources, identity: ScriptIdentity): string {
  const { text = "", raw, osType } = scriptOf(sources);
  return renderStartupScript(raw ? text : tidyScript(text, osType), valuesOf(sources, identity), { raw });
}

/** What fetches the node's script, which has this digest. */
export function renderBootstrap(sources: ScriptSources, identity: ScriptIdentity, digest: string): string {
  const { nodeId, checkinToken: token } = identity;
  const { upstreamAuthAddress, local: isLocal = false } = sources.zone;
  return bootstrapOf(scriptOf(sources).osType, { nodeId, token, upstreamAuthAddress, isLocal, digest });
}

/** Takes each text apart once: a config's script is judged for every VM provider that may make its nodes. */
class ParsedScripts {
  private readonly byText = new Map<string, ParsedScript>();

  of(text: string): ParsedScript {
    const script = this.byText.get(text) ?? parseStartupScript(text);
    this.byText.set(text, script);
    return script;
  }
}

/** Everything for which nodes of a config would not come up, by each VM provider that may make them; alike problems once. */
export function findNodeScriptProblems(sources: readonly ScriptSources[]): Problem[] {
  const scripts = new ParsedScripts();
  return withoutDoubles(sources.flatMap((each) => problemsWith(each, scripts)));
}

function withoutDoubles(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [`${problem.path}\n${problem.message}`, problem])).values()];
}

function problemsWith(sources: ScriptSources, scripts: ParsedScripts): Problem[] {
  const { config, facts, vmProvider } = sources;
  const { text, raw, osType, delivery } = scriptOf(sources);
  const kind = `VM provider config "${vmProvider.name}" (${vmProvider.kind})`;
  if (text === undefined) {
    const [variable] = checkinVariables(config);
    if (variable === undefined) return [];
    const message = `is missing; ${whatChecksIn(config)} with {${variable}}, which reaches it only in its startup script, and ${kind} has no default one`;
    return [{ path: "startupScript", message }];
  }
  const problems = facts.osTypes.includes(osType)
    ? []
    : [{ path: "startupScript.osType", message: `got "${osType}"; ${kind} runs only ${facts.osTypes.join(", ")}` }];
  const script = raw ? undefined : scripts.of(text);
  if (script && script.problems.length > 0) return [...problems, ...script.problems.map(inText)];
  // What is found wrong is told by the lines of the text as it was written; what is sent is the tidy one.
  const sent = script && scripts.of(tidyScript(text, osType));
  const sized = { script: sent, text, values: valuesOf(sources, longestIdentity), osType };
  const size = delivery === "fetch" ? fetchedSizeProblems(sized) : sizeProblems(sized, facts, kind);
  const isRead = delivery !== "fetch" && (facts.isScriptReadByImage?.(osType) ?? true);
  const runner = delivery === "fetch" ? 'delivery "fetch"' : kind;
  const form = sent ? formProblems(renderParsed(sent, {}), { osType, isRead, runner }) : [];
  return [...problems, ...checkinProblems(config, script), ...joinProblems(config, script), ...form, ...size];
}

interface Reader {
  readonly osType: OsType;
  /** A program of the image, such as cloud-init, reads the script. */
  readonly isRead: boolean;
  /** Who runs it as a file otherwise. */
  readonly runner: string;
}

/** What nothing in the VM would run, or something else than its author meant. */
function formProblems(script: string, { osType, isRead, runner }: Reader): Problem[] {
  if (isBrokenGzip(script)) {
    return [inText({ path: "", message: "is a gzip file, whose bytes do not survive as text; give it as base64" })];
  }
  const form = formOf(script, osType);
  if (osType === "linux" && form?.osType === "windows") {
    const message = `got "linux"; the script is ${form.name}, which only Windows runs: "windows"`;
    return [{ path: "startupScript.osType", message }];
  }
  if (!form || form.isFile || isRead) return [];
  const shell = osType === "windows" ? "PowerShell" : "a shell";
  const message = `is ${form.name}, which nothing reads there: ${runner} runs the script as a file; write one that begins with "#!" or has the commands of ${shell}`;
  return [inText({ path: "", message })];
}

/** A node that can't tell that it is up would be destroyed after its time-out and made again, for ever. */
function checkinProblems(config: AutoscaleConfig, script: ParsedScript | undefined): Problem[] {
  const needed = checkinVariables(config);
  const used = script?.variables ?? [];
  if (needed.length === 0 || needed.some((variable) => used.includes(variable))) return [];
  const which = needed.map((variable) => `{${variable}}`).join(" or ");
  const why = script ? "the script does not use it" : "a raw script has no variables";
  return [inText({ path: "", message: `${why}; ${whatChecksIn(config)} only with ${which}` })];
}

const joinVariables: readonly ScriptVariable[] = ["ad_join_credential", "domain"];

/** A script that joins a domain with nothing in the place of its name and password would fail on every node. */
function joinProblems(config: AutoscaleConfig, script: ParsedScript | undefined): Problem[] {
  if (recordPlaceOf(config)) return [];
  const [used] = joinVariables.filter((variable) => script?.variables.includes(variable) ?? false);
  if (used === undefined) return [];
  const what = config.type === "server" ? "without createAdComputerRecord" : "for a docker agent, which gets none";
  return [
    inText({ path: "", message: `{${used}} comes with a computer record in Active Directory; it is empty ${what}` }),
  ];
}

/** The password of the record is nowhere else to be had. */
function joinWarnings(config: AutoscaleConfig, used: readonly ScriptVariable[]): Problem[] {
  if (!recordPlaceOf(config) || used.includes("ad_join_credential")) return [];
  const message =
    "createAdComputerRecord is on, and the script does not use {ad_join_credential}: nothing in it can join";
  return [inText({ path: "", message })];
}

interface Sized {
  /** Undefined for a raw script. */
  readonly script: ParsedScript | undefined;
  readonly text: string;
  readonly values: ScriptValues;
  readonly osType: OsType;
}

function sizeProblems({ script, text, values, osType }: Sized, facts: VmProviderFacts, kind: string): Problem[] {
  let bytes = script ? renderedBytes(script, values) : Buffer.byteLength(text);
  // Only what could fit is put together: wrapping never makes it shorter.
  if (bytes <= facts.startupScriptBytesMax) {
    bytes = Buffer.byteLength(facts.wrapScript(script ? renderParsed(script, values) : text, osType));
  }
  if (bytes <= facts.startupScriptBytesMax) return [];
  const message = `has up to ${bytes} bytes as sent, its variables filled; ${kind} takes at most ${facts.startupScriptBytesMax}: shorten it, or set delivery: "fetch", with which the VM fetches it from the runtime`;
  return [inText({ path: "", message })];
}

function fetchedSizeProblems({ script, text, values }: Sized): Problem[] {
  const bytes = script ? renderedBytes(script, values) : Buffer.byteLength(text);
  if (bytes <= fetchedBytesMax) return [];
  const message = `has up to ${bytes} bytes, its variables filled; at most ${fetchedBytesMax} are fetched: shorten it, or let it download the rest`;
  return [inText({ path: "", message })];
}

/** What is allowed but probably not meant, by each VM provider; alike warnings once. Values are never told. */
export function findNodeScriptWarnings(sources: readonly ScriptSources[]): Problem[] {
  return withoutDoubles(sources.flatMap(warningsWith));
}

function warningsWith(sources: ScriptSources): Problem[] {
  const { facts, vmProvider } = sources;
  const { text = "", raw, osType } = scriptOf(sources);
  const ofCloud = facts.scriptWarning?.(text, vmProvider.settings);
  return [
    ...(raw ? rawWarnings(text, osType) : variableWarnings(text, valuesOf(sources, longestIdentity))),
    ...joinWarnings(sources.config, raw ? [] : parseStartupScript(text).variables),
    ...(ofCloud === undefined ? [] : [inText({ path: "", message: ofCloud })]),
  ];
}

/** A raw script is sent as it is, whatever becomes of it. */
function rawWarnings(text: string, osType: OsType): Problem[] {
  const named = [...text.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name!).filter(isScriptVariable);
  const warnings = [...new Set(named)].map((name) => `raw leaves {${name}} as it is`);
  if (tidyScript(text, osType) !== text) {
    const what = /^\s/.test(text)
      ? "the byte order mark or blanks before its first line"
      : "line ends that Linux does not have";
    warnings.push(`raw leaves ${what} as they are: it may run by another interpreter than its first line names`);
  }
  return warnings.map((message) => inText({ path: "", message }));
}

function variableWarnings(text: string, values: Required<ScriptValues>): Problem[] {
  const { variables } = parseStartupScript(text);
  return [...variables.flatMap((name) => valueWarnings(name, values)), ...literalWarnings(text)];
}

/** `\${{X}}` comes of a text that was copied out of a template literal of TypeScript. */
function literalWarnings(text: string): Problem[] {
  const at = text.search(/\\\$\{\{/);
  if (at === -1) return [];
  const line = text.slice(0, at).split("\n").length;
  const message = `line ${line}: "\\\${{" becomes "\\\${", which a shell takes as text; where the backslash is left over from a template literal, remove it`;
  return [inText({ path: "", message })];
}

function valueWarnings(name: ScriptVariable, values: Required<ScriptValues>): Problem[] {
  const value = values[name];
  if (value === "" && name !== "server_external_fqdn") {
    return [inText({ path: "", message: `{${name}} has no value here; nothing takes its place` })];
  }
  if (!name.startsWith("connection_") || !/["'`$\\\r\n]/.test(value)) return [];
  const message = `the value of {${name}} holds a quote, backslash, $ or line break and is inserted as it is; quote it in the script so that the shell takes it literally`;
  return [inText({ path: "", message })];
}

/** Variables of which the script must use one, because they carry the token of the node's check-in. */
function checkinVariables(config: AutoscaleConfig): readonly ScriptVariable[] {
  if (config.type === "dockerAgent") return ["manager_token"];
  return config.requireCheckin ? ["checkin_jwt", "registration_token"] : [];
}

function whatChecksIn({ type }: AutoscaleConfig): string {
  return type === "dockerAgent" ? "a docker agent checks in" : "a server with requireCheckin checks in";
}

function inText({ message }: Problem): Problem {
  return { path: "startupScript.text", message };
}

/** Every variable has a value; empty = there is no such thing here. */
function valuesOf(
  { config, zone, vmProvider, facts, ldap }: ScriptSources,
  { nodeId, checkinToken, agentToken, joinPassword }: ScriptIdentity,
): Required<ScriptValues> {
  const server = config.type === "server" ? config : undefined;
  const agent = config.type === "dockerAgent" ? config : undefined;
  const hasRecord = recordPlaceOf(config) !== undefined;
  return {
    server_id: nodeId,
    provider_name: vmProvider.kind,
    upstream_auth_address: zone.upstreamAuthAddress,
    server_hostname: nodeId,
    server_external_fqdn: config.registerDns ? `${nodeId}.${config.baseDomainName ?? ""}` : "",
    checkin_jwt: checkinToken,
    registration_token: checkinToken,
    manager_token: agentToken,
    connection_username: server?.connectionUsername ?? "",
    connection_password: server?.connectionPassword ?? "",
    ad_join_credential: hasRecord ? joinPassword : "",
    domain: hasRecord ? domainOfBase(ldap?.searchBase) : "",
    nginx_cert_in: agent?.nginxCert ?? "",
    nginx_key_in: agent?.nginxKey ?? "",
    ssh_key: facts.sshPublicKey?.(vmProvider.settings) ?? "",
  };
}
