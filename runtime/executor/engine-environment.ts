/** The environment of an engine process. It never holds a secret: the passphrase and its key are named by their files. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { withDirectLoopback } from "../model/direct-loopback";
import { passphraseFile, type Installation } from "./installation";

/** Variables of the user that would change what the engine does with our stacks. */
const withheld = [
  "PULUMI_CONFIG_PASSPHRASE",
  "PULUMI_STACK",
  "PULUMI_EXPERIMENTAL",
  "PULUMI_SKIP_CHECKPOINTS",
  "PULUMI_PARALLEL",
  "PULUMI_OPTION_REFRESH",
];

/**
 * What workers, engines and plugins inherit: what any program needs to find its files and the network, and by which the
 * SDKs of clouds and of Pulumi's backends are given a place and credentials. By name, or by how a name starts.
 */
const inherited: readonly RegExp[] = [
  /^(PATH|HOME|USER|LOGNAME|SHELL|HOSTNAME|LANG|LANGUAGE|LC_.+|TZ|TMPDIR|TMP|TEMP|XDG_.+)$/,
  /^(SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES.*|USERPROFILE|USERNAME)$/,
  /^((HTTP|HTTPS|ALL|NO|FTP|GRPC|NO_GRPC)_PROXY|SSL_CERT_(FILE|DIR)|SSH_AUTH_SOCK|NODE_(OPTIONS|EXTRA_CA_CERTS|V8_COVERAGE))$/,
  /^(PULUMI|AWS|AZURE|ARM|MSI|IDENTITY|GOOGLE|GCLOUD|GCE|GCP|CLOUDSDK|CLOUDFLARE|DIGITALOCEAN|SPACES|OCI|VSPHERE|NUTANIX|PROXMOX|PROXMOX_VE|KUBE|KUBERNETES|HARVESTER|S3)_/,
  /^(KUBECONFIG|BOTO_CONFIG)$/,
];

/** Our own variables are inherited unless they hold, or lead to, a secret of the service. */
const ownVariable = /^HEADROOM_/;
const ownSecret = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|DATABASE|URL/;

/** Names further variables to inherit, with commas between them: for a plugin or an SDK that no list here knows. */
export const passedVariables = "HEADROOM_INHERIT";

/**
 * Of the service's environment what its children need, and nothing else: whoever runs programs of users has no use for the
 * way into the database or the API. A Pulumi backend that itself is a PostgreSQL database takes its password from the
 * backend's URL, not from `PGPASSWORD`. On Windows names differ in case only.
 */
export function inheritedEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const named = (own[passedVariables] ?? "").split(",").map((name) => name.trim());
  const isInherited = (name: string): boolean => {
    if (named.includes(name)) return true;
    const upper = name.toUpperCase();
    if (ownVariable.test(upper)) return !ownSecret.test(upper);
    return inherited.some((pattern) => pattern.test(upper));
  };
  return withDirectLoopback(Object.fromEntries(Object.entries(own).filter(([name]) => isInherited(name))));
}

/** Marks the engine of a lane and the plugins it starts, so that recovery finds what a killed engine left behind. */
export const laneMark = "HEADROOM_LANE";

/**
 * The same for every runtime that works on these stacks, wherever its data folder is: a replica must know the engine of
 * the one that led before. The URL may hold a password, so it is not told.
 */
export function laneMarkOf({ backendUrl }: Installation, laneId: string): string {
  return `${createHash("sha256").update(backendUrl).digest("hex").slice(0, 16)}#${laneId}`;
}

/** @param isOffline True when every plugin is already there: nothing is looked up or downloaded. */
export function engineEnvironment(
  installation: Installation,
  inherited: NodeJS.ProcessEnv,
  { laneId, isOffline }: { laneId: string; isOffline: boolean },
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...inherited };
  for (const name of withheld) delete environment[name];
  return {
    ...environment,
    PULUMI_BACKEND_URL: installation.backendUrl,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(installation),
    PULUMI_HOME: join(installation.dataFolder, "engine-home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_REGISTRY_RESOLVE: "true",
    PULUMI_SUPPRESS_NEO_LINK: "true",
    PULUMI_SUPPRESS_COPILOT_LINK: "true",
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: "true",
    PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true",
    PULUMI_LOG_ROTATION_MAX_TOTAL_MB: "50",
    PULUMI_LOG_ROTATION_MAX_AGE_DAYS: "2",
    PULUMI_AUTOMATION_API: "true",
    PULUMI_DEBUG_COMMANDS: "true",
    NO_COLOR: "1",
    // Our own commands in newer Node versions start faster with it.
    NODE_COMPILE_CACHE: join(installation.dataFolder, "engine-home", "compile-cache"),
    [laneMark]: laneMarkOf(installation, laneId),
    // Derived once for all engines: it takes longer than everything else an engine does before its first step.
    ...(installation.engine.kind === "embedded"
      ? { PULUMI_EMBEDDED_KEY_FILE: `${passphraseFile(installation)}.key` }
      : {}),
    ...(isOffline
      ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true", PULUMI_OPTION_SKIP_PLUGIN_PRE_INSTALL: "true" }
      : {}),
    ...(hasHome() ? {} : { HOME: join(installation.dataFolder, "engine-home") }),
    ...installation.engineEnvironment,
  };
}

/** A user who is a bare number in a container has none, and programs that look for one fail. */
function hasHome(): boolean {
  try {
    return homedir() !== "";
  } catch {
    return false;
  }
}
