/**
 * The small script that a node gets where its own is longer than its cloud takes: it fetches the other from the runtime with
 * the node's token, compares its SHA-256, and runs it as a file.
 */
import type { OsType } from "./config";

/** Bytes that a script may have that is fetched: it stands in the node's row until the node has checked in. */
export const fetchedBytesMax = 256 * 1024;

export interface BootstrapSources {
  readonly nodeId: string;
  /** Of the node's check-in. */
  readonly token: string;
  /** Where the node reaches the runtime, as its zone says it. */
  readonly upstreamAuthAddress: string;
  /** The runtime is on the same machine and answers without TLS. */
  readonly isLocal: boolean;
  /** SHA-256 of the script's bytes, hex. */
  readonly digest: string;
}

/** After these tries, in some 18 minutes, the node has failed anyway. */
const triesMax = 40;

export function bootstrapOf(osType: OsType, sources: BootstrapSources): string {
  return osType === "windows" ? windowsBootstrap(sources) : linuxBootstrap(sources);
}

function urlOf({ nodeId, upstreamAuthAddress, isLocal }: BootstrapSources): string {
  return `${isLocal ? "http" : "https"}://${upstreamAuthAddress}/api/v1/nodes/${nodeId}/startup-script`;
}

function linuxBootstrap(sources: BootstrapSources): string {
  return `#!/bin/sh
# Fetches the startup script of this node from Headroom, and runs it.
umask 077
folder=$(mktemp -d) && cd "$folder" || exit 1
trap 'cd /; rm -rf "$folder"' EXIT
tries=1 pause=1
until printf 'header = "Authorization: Bearer %s"\\n' '${sources.token}' |
    curl -q --config - --silent --show-error --fail --connect-timeout 10 --max-time 120 --output answer '${urlOf(sources)}' &&
  sed -n 's/^.*"script":"\\([A-Za-z0-9+/=]*\\)".*$/\\1/p' answer | base64 -d >script &&
  printf '%s  script\\n' '${sources.digest}' | sha256sum -c - >/dev/null
do
  test "$tries" -lt ${triesMax} || exit 1
  sleep "$pause"
  tries=$((tries + 1)) pause=$((pause < 16 ? pause * 2 : 30))
done
rm -f answer
by=$(sed -n '1s/^#![[:blank:]]*//p' script)
\${by:-/bin/sh} ./script </dev/null
`;
}

function windowsBootstrap(sources: BootstrapSources): string {
  return `# Fetches the startup script of this node from Headroom, and runs it.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
$headers = @{ Authorization = 'Bearer ${sources.token}' }
for ($try = 1; ; $try++) {
  try {
    $answer = Invoke-RestMethod -UseBasicParsing -TimeoutSec 120 -Headers $headers -Uri '${urlOf(sources)}'
    $bytes = [Convert]::FromBase64String($answer.script)
    $hash = [Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
    if ([BitConverter]::ToString($hash).Replace('-', '') -ne '${sources.digest}') { throw 'it is another script than this node was made with' }
    break
  } catch {
    if ($try -eq ${triesMax}) { throw }
    Start-Sleep -Seconds ([Math]::Min(30, [Math]::Pow(2, $try)))
  }
}
$folder = Join-Path $env:ProgramData ('headroom-' + [Guid]::NewGuid().ToString())
New-Item -ItemType Directory -Path $folder | Out-Null
# The system and its administrators, by their numbers: scripts hold tokens.
icacls $folder /inheritance:r /grant '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null
$file = Join-Path $folder 'script.ps1'
# With a mark, or PowerShell takes it for the system's old character set.
[IO.File]::WriteAllText($file, [Text.Encoding]::UTF8.GetString($bytes), (New-Object Text.UTF8Encoding($true)))
& powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -File $file
$code = $LASTEXITCODE
Remove-Item -Recurse -Force $folder
exit $code
`;
}
