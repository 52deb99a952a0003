/**
 * Under which key of a VM's metadata its images look for a startup script, and how often they run it. Google's guest programs
 * run the keys of `everyStart` at each start of the VM, and a node has one first start.
 */
import type { OsType } from "../../../runtime/model/config";
import { formOf } from "../../../runtime/model/script-form";

/** The file is run by its first line; a program of the image, cloud-init, reads `user-data`. */
export const linuxScriptTypes = ["startup-script", "user-data"] as const;
/** `sysprep-specialize-*`: once, while Windows is set up, before anybody can log in. */
export const windowsScriptTypes = [
  "windows-startup-script-ps1",
  "windows-startup-script-cmd",
  "windows-startup-script-bat",
  "sysprep-specialize-script-ps1",
  "sysprep-specialize-script-cmd",
  "sysprep-specialize-script-bat",
] as const;

/** What has a script of its own; those that end in `-url` load a further one. */
export const scriptKeys: readonly string[] = [...linuxScriptTypes, ...windowsScriptTypes];

const everyStart: readonly string[] = ["startup-script", "windows-startup-script-ps1"];

export interface ScriptTypes {
  readonly linuxScriptType: (typeof linuxScriptTypes)[number];
  readonly windowsScriptType: (typeof windowsScriptTypes)[number];
}

export function scriptKeyOf(
  { linuxScriptType, windowsScriptType }: ScriptTypes,
  osType: OsType,
): (typeof linuxScriptTypes)[number] | (typeof windowsScriptTypes)[number] {
  return osType === "windows" ? windowsScriptType : linuxScriptType;
}

/** Bytes that {@link onFirstStart} adds at most. */
export const guardBytesMax = 1024;

/** A marker is of one VM: an image that is made of a node has that of the node, which must not stop the script elsewhere. */
const metadataUrl = "http://metadata.google.internal/computeMetadata/v1/instance/id";
const shellGuard = [
  "# Google Cloud runs this at every start of the VM; it is meant for the first.",
  `headroom_vm=$(curl -sf -H 'Metadata-Flavor: Google' ${metadataUrl} || hostname)`,
  'headroom_ran="/var/lib/headroom-startup.$headroom_vm"',
  '[ -e "$headroom_ran" ] && exit 0',
  ': > "$headroom_ran"',
].join("\n");
const powerShellGuard = [
  "# Google Cloud runs this at every start of the VM; it is meant for the first.",
  `$headroomVm = Invoke-RestMethod -Headers @{'Metadata-Flavor' = 'Google'} -Uri ${metadataUrl}`,
  '$headroomRan = Join-Path $env:ProgramData "headroom-startup.$headroomVm"',
  "if (Test-Path $headroomRan) { exit 0 }",
  "New-Item -ItemType File -Force $headroomRan | Out-Null",
].join("\r\n");

const shellLine = /^#![^\n]*\b(?:sh|bash|dash|ash|ksh|zsh)\b[^\n]*(?:\n|$)/;
/** Of PowerShell, before which nothing may stand. */
const needsFirstLine = /^(?:\s|#[^\n]*\n|<#[\s\S]*?#>)*(?:param\b|using\b|\[CmdletBinding|#requires\b)/i;

/**
 * The script, so that only the first start of a VM runs it. One for another interpreter than the system's shell runs at every
 * start, and looks to that itself.
 */
export function onFirstStart(script: string, key: string): string {
  if (script === "" || !everyStart.includes(key)) return script;
  if (key === "startup-script") {
    const [first = ""] = shellLine.exec(script) ?? [];
    if (first === "") return script;
    return `${first.trimEnd()}\n${shellGuard}\n${script.slice(first.length)}`;
  }
  return needsFirstLine.test(script) ? script : `${powerShellGuard}\r\n${script}`;
}

/** Why nothing would run a script under its key; undefined = something does. */
export function scriptProblem(script: string, key: string): string | undefined {
  if (key !== "startup-script" || script === "") return undefined;
  const form = formOf(script, "linux");
  if (form === undefined || form.isFile || form.osType === "windows") return undefined;
  return `is ${form.name}, and linuxScriptType "startup-script" runs a file: set linuxScriptType to "user-data" for an image with cloud-init`;
}
