/**
 * Startup scripts that install Headroom's agents in a VM: the small programs that tell how a node is, in the package's
 * folder `agents`. They come in the script itself, so the VM needs nothing but `curl` and Headroom's address.
 */
import type { StartupScriptArgs } from "./autoscale-arguments";
import { packForLinux, packForWindows } from "./agent-files";

/** Clouds that tell a VM when they take it back. */
export type NoticeCloud = "aws" | "azure" | "gcp" | "oci";

export interface AgentScriptOptions {
  /**
   * Commands that set the VM up, run as root before it is ready: a whole script if its first line is `#!...`, else for
   * `/bin/sh`. Taken as they are: no variables are replaced, no brace is doubled. The environment has `HEADROOM_NODE_ID`.
   * Default none.
   */
  readonly setUp?: string;
  /** Asks this cloud whether it takes the VM back, as it does with spot VMs, and tells Headroom. Default: asks none. */
  readonly noticesOf?: NoticeCloud;
  /** Certificates in PEM that the agents trust, where Headroom's own is not signed by a public authority. Default none. */
  readonly caCertificate?: string;
  /** True where Headroom answers without TLS, as on a network of tests. Default false. */
  readonly withoutTls?: boolean;
}

export interface DesktopServerOptions extends AgentScriptOptions {
  /** Makes and removes an account for each session, for `connectionCredentialType: "dynamic"`. Default false. */
  readonly accounts?: boolean;
}

export interface WindowsServerOptions extends Omit<DesktopServerOptions, "setUp" | "caCertificate"> {
  /** Commands of PowerShell that set the VM up, run as SYSTEM before it is ready. Taken as they are. Default none. */
  readonly setUp?: string;
  /**
   * Joins the domain `{domain}` by the computer record of the node, with `{ad_join_credential}`; the VM then starts again,
   * and is ready after that. Default false.
   */
  readonly joinDomain?: boolean;
}

const agentFiles = ["lib.sh", "json.awk", "install.sh", "headroom@.service"];

/**
 * For VMs of a pool of docker agents: heartbeats with cores, memory, GPUs and containers. The first one comes when the set-up
 * has succeeded and the Docker engine, where there is one, answers.
 *
 * @example startupScript: headroom.startupScripts.dockerAgent({ setUp: "apt-get update && apt-get install -y docker.io" })
 */
function dockerAgent(options: AgentScriptOptions = {}): StartupScriptArgs {
  const lines = [...beginning(options), "run_set_up", ...installation(options, ["heartbeat"])];
  return { text: scriptOf(lines), osType: "linux" };
}

/**
 * For Linux servers with `requireCheckin`: tells that the set-up began, and in the end that the server is ready, or that it
 * failed, so that another one is made at once.
 *
 * @example startupScript: headroom.startupScripts.desktopServer({ setUp: "apt-get install -y xrdp", accounts: true })
 */
function desktopServer({ accounts = false, ...options }: DesktopServerOptions = {}): StartupScriptArgs {
  const lines = [
    ...beginning(options),
    "printf '%s' '{checkin_jwt}' >checkin-token",
    ...installation(options, accounts ? ["accounts"] : []),
    "checkin=/usr/local/bin/headroom-checkin",
    "$checkin 10 'setting up'",
    'run_set_up || {{ code=$?; $checkin --failed "the set-up ended with exit code $code"; exit $code; }}',
    "$checkin 100 ready",
  ];
  return { text: scriptOf(lines), osType: "linux" };
}

/**
 * For Windows servers with `requireCheckin`: as `desktopServer`, with Windows PowerShell 5.1 and scheduled tasks.
 *
 * @example startupScript: headroom.startupScripts.windowsServer({ accounts: true, noticesOf: "aws" })
 */
function windowsServer(options: WindowsServerOptions = {}): StartupScriptArgs {
  const { setUp = "", joinDomain = false } = options;
  const checkin = "& (Join-Path $env:ProgramData 'headroom\\HeadroomCheckin.ps1')";
  const ready = joinDomain
    ? `& "$folder\\JoinDomain.ps1" -Domain '{domain}' -Credential '{ad_join_credential}' -Name '{server_hostname}'`
    : `${checkin} -Percent 100 -Message 'ready'`;
  const lines = [
    "$ErrorActionPreference = 'Stop'",
    "Set-ExecutionPolicy -Scope Process -ExecutionPolicy Bypass -Force",
    `$packed = [Convert]::FromBase64String('${packForWindows(windowsFiles)}')`,
    "$unpack = [IO.Compression.CompressionMode]::Decompress",
    "$stream = New-Object IO.Compression.GZipStream((New-Object IO.MemoryStream(,$packed)), $unpack)",
    "$files = (New-Object IO.StreamReader($stream)).ReadToEnd() | ConvertFrom-Json",
    "$folder = Join-Path $env:TEMP ([Guid]::NewGuid().ToString())",
    "New-Item -ItemType Directory -Path $folder | Out-Null",
    "foreach ($file in $files.PSObject.Properties) {{ [IO.File]::WriteAllText((Join-Path $folder $file.Name), $file.Value) }}",
    windowsInstallation(options),
    `${checkin} -Percent 10 -Message 'setting up'`,
    "try {{",
    `  & {{`,
    doubled(setUp),
    "  }}",
    `  ${ready}`,
    `}} catch {{ ${checkin} -Failed -Message "the set-up failed: $_"; throw }}`,
    "Remove-Item -Recurse -Force $folder",
  ];
  return { text: `${lines.join("\n")}\n`, osType: "windows" };
}

const windowsFiles = [
  ...["HeadroomLib.ps1", "HeadroomCheckin.ps1", "HeadroomAccounts.ps1", "HeadroomNotices.ps1", "HeadroomReady.ps1"],
  ...["Install.ps1", "JoinDomain.ps1"],
];

function windowsInstallation({ accounts, noticesOf, joinDomain, withoutTls }: WindowsServerOptions): string {
  const agents = [accounts && "Accounts", noticesOf && "Notices", joinDomain && "Ready"].filter(Boolean);
  const words = [
    '& "$folder\\Install.ps1"',
    `-Upstream '${withoutTls ? "http://" : ""}{upstream_auth_address}'`,
    "-NodeId '{server_id}' -AgentToken '{manager_token}' -CheckinToken '{checkin_jwt}'",
    ...(noticesOf === undefined ? [] : [`-Cloud '${noticesOf}'`]),
    ...(agents.length === 0 ? [] : [`-Agents @(${agents.map((agent) => `'${agent}'`).join(", ")})`]),
  ];
  return words.join(" ");
}

export const startupScripts = { dockerAgent, desktopServer, windowsServer } as const;

/** Unpacks the agents in a folder that only the system may read; it goes in the end. */
function beginning({ setUp, caCertificate }: AgentScriptOptions): string[] {
  const agents = ["headroom-heartbeat", "headroom-checkin", "headroom-accounts", "headroom-notices"];
  return [
    "set -eu",
    "umask 077",
    "folder=$(mktemp -d)",
    "trap 'rm -rf \"$folder\"' EXIT",
    'cd "$folder"',
    "base64 -d <<'HEADROOM_AGENTS' | gzip -dc >unpack",
    packForLinux([...agentFiles, ...agents]),
    "HEADROOM_AGENTS",
    "sh unpack",
    "printf '%s' '{manager_token}' >agent-token",
    ...(caCertificate === undefined ? [] : fileLines("ca.pem", caCertificate)),
    ...(setUp === undefined ? ["run_set_up() {{ :; }}"] : setUpLines(setUp)),
  ];
}

/** By the interpreter that it names, with the mask of files that a system usually has. */
function setUpLines(setUp: string): string[] {
  return [
    ...fileLines("set-up", setUp),
    "run_set_up() {{",
    "  by=$(sed -n '1s/^#![[:blank:]]*//p' set-up)",
    "  (umask 022; HEADROOM_NODE_ID='{server_id}' ${{by:-/bin/sh}} \"$folder/set-up\" </dev/null)",
    "}}",
  ];
}

function installation(
  { noticesOf, caCertificate, withoutTls }: AgentScriptOptions,
  agents: readonly string[],
): string[] {
  const words = [
    "sh install.sh",
    `--upstream '${withoutTls ? "http://" : ""}{upstream_auth_address}'`,
    "--node-id '{server_id}'",
    "--token-file agent-token",
    "$(test ! -e checkin-token || echo --checkin-file checkin-token)",
    ...(caCertificate === undefined ? [] : ["--ca-file ca.pem"]),
    ...(noticesOf === undefined ? [] : [`--cloud ${noticesOf}`]),
    ...agents,
    ...(noticesOf === undefined ? [] : ["notices"]),
  ];
  return [words.join(" ")];
}

/** A text as it is, in a file. */
function fileLines(name: string, text: string): string[] {
  let end = "HEADROOM_END";
  while (text.includes(end)) end += "_";
  return [`cat >${name} <<'${end}'`, doubled(text.replace(/\n?$/, "")), end];
}

/** As a template has it: a brace is doubled. */
function doubled(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}

function scriptOf(lines: readonly string[]): string {
  return `#!/bin/sh\n${lines.join("\n")}\n`;
}
