/**
 * How a startup script comes out of the VM's `guestinfo` and runs there once. No file is sent: that would need a way to each ESXi host.
 *
 * Whoever comes later finds the mark and runs nothing, whatever became of the answer to the first. The mark has the node's id, so
 * that one in a template says nothing.
 */
import type { OsType } from "../../../runtime/model/config";

/** Where the script is, compressed and in base64. */
export const scriptKey = "guestinfo.headroom.script";
/** Where the guest puts the end of what a failed script printed, in base64. */
export const printedKey = "guestinfo.headroom.printed";

/** Exit code: the script was begun before. */
export const begunBefore = 73;
/** Exit code: it could not be begun. */
export const notBegun = 74;
/** Bytes of what it printed. */
const printedBytes = 600;

export interface GuestProgram {
  readonly programPath: string;
  readonly arguments: string;
}

export function scriptProgram(nodeId: string, osType: OsType): GuestProgram {
  return osType === "windows" ? windowsProgram(nodeId) : linuxProgram(nodeId);
}

/** Encoded, as one shell of the guest or two may read it. */
function linuxProgram(nodeId: string): GuestProgram {
  const text = Buffer.from(linuxText(nodeId)).toString("base64");
  return { programPath: "/bin/sh", arguments: `-c 'echo ${text} | base64 -d | /bin/sh'` };
}

function linuxText(nodeId: string): string {
  return [
    "umask 077",
    `folder=/var/lib/headroom; mark=$folder/${nodeId}`,
    `tool=$(command -v vmware-rpctool) && mkdir -p $folder && cd $folder || exit ${notBegun}`,
    `test -d $mark && exit ${begunBefore}`,
    `packed=$("$tool" "info-get ${scriptKey}") || exit ${notBegun}`,
    `if ! mkdir $mark; then test -d $mark && exit ${begunBefore}; exit ${notBegun}; fi`,
    `cd $mark && echo "$packed" | base64 -d | gzip -d > script || exit ${notBegun}`,
    `"$tool" "info-set ${scriptKey} " > /dev/null`,
    // As a file of its own it would need a folder from which programs may run.
    "by=$(sed -n '1s/^#![[:blank:]]*//p' script)",
    "${by:-bash} ./script < /dev/null > printed 2>&1; code=$?",
    `test $code = 0 || "$tool" "info-set ${printedKey} $(tail -c ${printedBytes} printed | base64 | tr -d '\\n')" > /dev/null`,
    "rm -f script printed; exit $code",
  ].join("\n");
}

const rpcTool = "C:\\Program Files\\VMware\\VMware Tools\\rpctool.exe";

/** Lines that make `$file` of the packed script. */
function unpack(file: string): string[] {
  return [
    `$packed = [Convert]::FromBase64String((& $tool 'info-get ${scriptKey}'))`,
    "$stream = New-Object IO.Compression.GZipStream([IO.MemoryStream]::new($packed), [IO.Compression.CompressionMode]::Decompress)",
    `$out = [IO.File]::Create("${file}"); $out.Write([byte[]](0xEF, 0xBB, 0xBF), 0, 3); $stream.CopyTo($out); $out.Close()`,
    `& $tool 'info-set ${scriptKey} ' | Out-Null`,
  ];
}

function windowsProgram(nodeId: string): GuestProgram {
  const lines = [
    `trap { [Console]::Error.WriteLine($_); exit ${notBegun} }`,
    "$ErrorActionPreference = 'Stop'",
    `$tool = '${rpcTool}'; $marks = "$env:ProgramData\\headroom"; $mark = "$marks\\${nodeId}"`,
    "New-Item -ItemType Directory -Force -Path $marks | Out-Null",
    // The system and its administrators, by their numbers: the names are another in each language.
    "icacls $marks /inheritance:r /grant '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null",
    `if (Test-Path $mark) { exit ${begunBefore} }`,
    "try { [IO.File]::Open($mark, [IO.FileMode]::CreateNew).Close() } catch {",
    `  if (Test-Path $mark) { exit ${begunBefore} } else { exit ${notBegun} } }`,
    ...unpack("$marks\\script.ps1"),
    "$ErrorActionPreference = 'Continue'",
    'powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File "$marks\\script.ps1" *> "$marks\\printed"',
    "$code = $LASTEXITCODE",
    "if ($code -ne 0) {",
    `  $end = (Get-Content -Raw "$marks\\printed") -replace '(?s)^.*(?=.{${printedBytes}}$)', ''`,
    `  & $tool ('info-set ${printedKey} ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($end))) | Out-Null }`,
    'Remove-Item "$marks\\script.ps1", "$marks\\printed"; exit $code',
  ];
  const encoded = Buffer.from(lines.join("\n"), "utf16le").toString("base64");
  return {
    programPath: "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
    arguments: `-NoProfile -NonInteractive -EncodedCommand ${encoded}`,
  };
}

/** What Windows runs at its first logon after `sysprep`; it takes at most 1,024 characters. */
export const runOnceCommand = [
  'powershell.exe -NoProfile -ExecutionPolicy Bypass -Command "',
  `$t='${rpcTool}';$p=[Convert]::FromBase64String((&$t 'info-get ${scriptKey}'));`,
  "$s=New-Object IO.Compression.GZipStream([IO.MemoryStream]::new($p),[IO.Compression.CompressionMode]::Decompress);",
  "$f='C:\\Windows\\Temp\\headroom.ps1';$o=[IO.File]::Create($f);$o.Write([byte[]](239,187,191),0,3);$s.CopyTo($o);$o.Close();",
  `&$t 'info-set ${scriptKey} '|Out-Null;&$f;Remove-Item $f"`,
].join("");
