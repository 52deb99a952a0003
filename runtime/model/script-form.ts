/**
 * What a startup script says that it is, by how it begins. A script that begins with none of these forms is run by the
 * system's shell, so the cloud's file wraps it; one that has a form is sent as it is, because anything before its first line
 * would make it run as something else.
 */
import type { OsType } from "./config";

export interface ScriptForm {
  /** As people call it. */
  readonly name: string;
  /** What the system, and not a program of its image, runs by itself: a file with an interpreter. */
  readonly isFile?: boolean;
  /** Runs there only. Absent = what an image of the other system makes of it is not known. */
  readonly osType?: OsType;
  readonly isIn: (script: string, osType: OsType) => boolean;
}

/** Some clouds and images open it, others don't. */
export const encodedFormName = "a script in base64";

/** Of the first line, whatever its case, up to a blank or its end. */
function begins(pattern: string): ScriptForm["isIn"] {
  const start = new RegExp(`^(?:${pattern})(?=\\s|$)`, "i");
  return (script) => start.test(script);
}

const forms: readonly ScriptForm[] = [
  { name: "a script that names its interpreter", isFile: true, isIn: namesInterpreter },
  { name: "cloud-config", isIn: begins("#cloud-config(?:-archive|-jsonp)?") },
  { name: "a list of URLs for cloud-init", isIn: begins("#include(?:-once)?") },
  { name: "a boothook of cloud-init", isIn: begins("#cloud-boothook") },
  { name: "a part handler of cloud-init", isIn: begins("#part-handler") },
  { name: "an Upstart job", isIn: begins("#upstart-job") },
  { name: "a template for cloud-init", isIn: (script) => /^## template:/i.test(script) },
  { name: "a MIME message", isIn: isMimeMessage },
  { name: "an Ignition config", isIn: (script) => /^\{\s*"/.test(script) && /"ignition"\s*:/.test(script) },
  { name: "settings of Bottlerocket", isIn: (script, osType) => osType === "linux" && /^\[settings[.\]]/.test(script) },
  { name: encodedFormName, isIn: (script, osType) => isEncodedForm(script, osType) },
  { name: "a script for EC2Launch", osType: "windows", isIn: hasTags },
  { name: "tasks for EC2Launch v2", osType: "windows", isIn: hasTasks },
  { name: "a script for Cloudbase-Init", osType: "windows", isIn: begins("#ps1(?:_sysnative|_x86)?") },
  { name: "a batch script for Cloudbase-Init", osType: "windows", isIn: (script) => /^rem cmd\s/i.test(script) },
];

/** Undefined = it has no form: the system's shell runs it. The script is a tidy one, see {@link tidyScript}. */
export function formOf(script: string, osType: OsType): ScriptForm | undefined {
  return forms.find(({ isIn }) => isIn(script, osType));
}

/** For PowerShell, the shell of Windows, a first line that names it for other systems is a comment. */
function namesInterpreter(script: string, osType: OsType): boolean {
  return script.startsWith("#!") && !(osType === "windows" && /^#![^\n]*\b(pwsh|powershell)\b/i.test(script));
}

/**
 * The script as its author meant it: without a byte order mark and blank lines before it, and for Linux with the line ends of
 * Linux where its first line has others. Otherwise `#!` would not be the first two characters, or name a program whose name
 * ends in a carriage return, and the system would take another interpreter.
 */
export function tidyScript(script: string, osType: OsType): string {
  const begun = withoutLead(script);
  const isForeign = osType === "linux" && /^[^\n]*\r/.test(begun) && !isMimeMessage(begun);
  return isForeign ? begun.replace(/\r\n?/g, "\n") : begun;
}

/** The blanks of the first line stay where they may mean something: in YAML its indentation does. */
function withoutLead(script: string): string {
  // Takes a byte order mark for a blank, too.
  const text = script.trimStart();
  if (text.length === script.length) return script;
  if (/^[#<]/.test(text)) return text;
  const lead = script.slice(0, script.length - text.length);
  return `${lead.slice(lead.lastIndexOf("\n") + 1).replaceAll("\ufeff", "")}${text}`;
}

/** Its headers end with the first empty line. */
function isMimeMessage(script: string): boolean {
  if (!/^(?:[A-Za-z][A-Za-z0-9-]*:|From )/.test(script)) return false;
  const headers = script.slice(0, headersMax).split(/\r?\n\r?\n/)[0]!;
  return /^(?:MIME-Version:|Content-Type:[ \t]*(?:multipart|text)\/)/im.test(headers);
}
/** As far as cloud-init looks for them. */
const headersMax = 4096;

/** Bytes of gzip do not survive as text, so they come as base64. */
function isEncodedForm(script: string, osType: OsType): boolean {
  if (!/^[A-Za-z0-9+/]{8}/.test(script) || /[^A-Za-z0-9+/=\s]/.test(script)) return false;
  const bytes = Buffer.from(script.slice(0, headersMax), "base64");
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true;
  const text = bytes.toString("utf8");
  // Once only: text in base64 does not begin so.
  return /^[#<]/.test(text) && formOf(text, osType) !== undefined;
}

/** True for bytes of gzip that were taken for text. */
export function isBrokenGzip(script: string): boolean {
  return /^\x1f[\x8b\ufffd]/.test(script);
}

/** EC2Launch takes what is between its tags wherever a line begins with one; elsewhere they may be text of a script. */
const tagLine = /^[ \t]*(?:<[^\n]*)?<(?:powershell|script)>/im;

function hasTags(script: string, osType: OsType): boolean {
  // For Linux a line of HTML in a script is nothing but that.
  return tagLine.test(osType === "windows" ? script : firstLine(script));
}

function hasTasks(script: string): boolean {
  return /^\s*(?:version:\s*['"]?\d|tasks:)/.test(firstLine(script)) && /^[ \t]*tasks:/m.test(script);
}

/** The first line that is neither blank, nor a comment, nor the mark of a YAML document. */
function firstLine(script: string): string {
  const lines = script.slice(0, headersMax).split("\n");
  return lines.find((line) => !/^\s*(?:#.*|---\s*)?$/.test(line)) ?? "";
}
