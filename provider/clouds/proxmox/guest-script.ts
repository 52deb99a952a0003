/**
 * How a script gets into a guest and runs there once, as commands for the guest agent.
 *
 *   prepare   a folder of its own, which only the system may read: scripts hold tokens
 *   parts     the script in pieces, as one request to the agent may be only so long
 *   run       a mark that only one can make, then the script out of its parts; the folder goes when it has ended
 *
 * Whoever comes later finds the mark and runs nothing, whatever became of the answer to the first; what he brought goes too,
 * unless the script runs in it. The mark has the node's id, so that one in a template says nothing.
 */
import type { OsType } from "../../../runtime/model/config";

export interface GuestScript {
  readonly nodeId: string;
  /** Folder that is there, of the user's choice. */
  readonly path?: string | undefined;
  /** Makes the script's folder another one than that of a try before, whose script may be running in it. */
  readonly attempt: string;
}

/** Exit code of `run`: the script was begun before. */
export const begunBefore = 73;
/** Exit code of `run`: it could not be begun. */
export const notBegun = 74;

export interface ScriptCommands {
  readonly prepare: readonly string[];
  /** File of a piece, the first has number 0. */
  partFile(number: number): string;
  readonly run: readonly string[];
}

export function scriptCommands(script: GuestScript, osType: OsType): ScriptCommands {
  return osType === "windows" ? windowsCommands(script) : linuxCommands(script);
}

/** As the pieces hold it: PowerShell takes a file without this mark for one of the system's old character set. */
export function scriptBytes(script: string, osType: OsType): Buffer {
  const isAscii = /^[\x00-\x7f]*$/.test(script);
  return Buffer.from(osType === "windows" && !isAscii ? `\ufeff${script}` : script);
}

/** Parameters: the folder. */
const linuxPrepare = 'umask 077; test -d "$1" || mkdir "$1"';
/** Parameters: the folder, that of the marks, the node's id. */
const linuxRun = [
  `mkdir -p "$2" && cd "$1" || exit ${notBegun}`,
  'if ! mkdir "$2/$3" 2>/dev/null; then',
  `  test -d "$2/$3" || exit ${notBegun}`,
  '  begun=$(cat "$2/$3/folder" 2>/dev/null) && test "$begun" != "$1" && cd / && rm -rf "$1"',
  `  exit ${begunBefore}`,
  "fi",
  `echo "$1" > "$2/$3/folder" && cat part-* > script || exit ${notBegun}`,
  // As a file of its own it would need a folder from which programs may run.
  "by=$(sed -n '1s/^#![[:blank:]]*//p' script)",
  'rm -f part-*; ${by:-bash} ./script < /dev/null; code=$?; cd /; rm -rf "$1"; exit $code',
].join("\n");

function linuxCommands({ nodeId, path = "/tmp", attempt }: GuestScript): ScriptCommands {
  const folder = `${path.replace(/\/+$/, "")}/headroom-${nodeId}-${attempt}`;
  const shell = (text: string, ...parameters: string[]) => ["/bin/sh", "-c", text, "headroom", folder, ...parameters];
  return {
    prepare: shell(linuxPrepare),
    partFile: (number) => `${folder}/part-${padded(number)}`,
    run: shell(linuxRun, "/var/lib/headroom", nodeId),
  };
}

function windowsCommands({ nodeId, path = "C:\\Windows\\Temp", attempt }: GuestScript): ScriptCommands {
  const folder = `${path.replace(/\\+$/, "")}\\headroom-${nodeId}-${attempt}`;
  const prepare = [
    `New-Item -ItemType Directory -Force -Path '${folder}' | Out-Null`,
    // The system and its administrators, by their numbers: the names are another in each language.
    `icacls '${folder}' /inheritance:r /grant '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null`,
    "exit $LASTEXITCODE",
  ];
  const run = [
    `$folder = '${folder}'; $marks = "$env:ProgramData\\headroom"; $mark = "$marks\\${nodeId}"`,
    "New-Item -ItemType Directory -Force -Path $marks | Out-Null",
    "try { $made = [IO.File]::Open($mark, [IO.FileMode]::CreateNew) } catch {",
    `  if (-not (Test-Path $mark)) { exit ${notBegun} }`,
    "  try { $begun = [IO.File]::ReadAllText($mark) } catch { $begun = $folder }",
    `  if ($begun -ne $folder) { Remove-Item -Recurse -Force $folder }; exit ${begunBefore} }`,
    "$name = [Text.Encoding]::UTF8.GetBytes($folder); $made.Write($name, 0, $name.Length); $made.Close()",
    '$script = [IO.File]::Create("$folder\\script.ps1")',
    'Get-ChildItem "$folder\\part-*" | Sort-Object Name | ForEach-Object {',
    "  $bytes = [IO.File]::ReadAllBytes($_.FullName); $script.Write($bytes, 0, $bytes.Length) }",
    '$script.Close(); Remove-Item "$folder\\part-*"',
    "$ErrorActionPreference = 'Continue'",
    'powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "$folder\\script.ps1"',
    "$code = $LASTEXITCODE; Remove-Item -Recurse -Force $folder; exit $code",
  ];
  return {
    prepare: powerShell(prepare),
    partFile: (number) => `${folder}\\part-${padded(number)}`,
    run: powerShell(run),
  };
}

/** Encoded, so that no rule for quotes is between us and it. Any error ends it. */
function powerShell(lines: readonly string[]): string[] {
  const text = [
    `trap { [Console]::Error.WriteLine($_); exit ${notBegun} }`,
    "$ErrorActionPreference = 'Stop'",
    ...lines,
  ];
  const encoded = Buffer.from(text.join("\n"), "utf16le").toString("base64");
  return ["powershell.exe", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded];
}

/** Of one length, so that they sort as they are numbered. */
function padded(number: number): string {
  return String(number).padStart(4, "0");
}
