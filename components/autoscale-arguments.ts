// Made by `npm run generate` from runtime/model; edit there.
import type * as pulumi from "@pulumi/pulumi";

/**
 * How many sessions may wait. What has to be kept free for that is learned from the config's own arrivals, durations,
 * boots and waits; nothing else has to be said. It stays within `maxNodes` and the VM provider's `maxInstances`.
 */
export interface WaitObjectiveArgs {
  /** Sessions that may wait, of all: `"5%"`, or 0.05. From 0.1 % to 50 %. */
  readonly share: pulumi.Input<string | number>;
  /** A session that waited at most this long did not wait; `"0s"`: any wait counts. Default `"0s"`. */
  readonly within?: pulumi.Input<string>;
  /**
   * `shadow` changes nothing: it tells what would be kept free and what that would cost. `floor` raises the declared
   * standby where that is too little. `replace` keeps what it takes and ignores the config's own standby fields; those
   * of an open schedule stay. Default `shadow`.
   */
  readonly mode?: pulumi.Input<"shadow" | "floor" | "replace">;
  /**
   * IANA time zone whose days and weeks the demand follows. Default: that of the config's first schedule by name, else
   * `UTC`.
   */
  readonly timezone?: pulumi.Input<string>;
}

/**
 * What a new VM runs when it starts. A docker agent, and a server with `requireCheckin`, gets the token of its check-in
 * only here: its script must use `{manager_token}`, or `{checkin_jwt}` for the server.
 */
export interface StartupScriptArgs {
  /**
   * The script. These are replaced, once, by what they name; any other brace is doubled (`${{HOME}}`): `{server_id}`,
   * `{provider_name}`, `{upstream_auth_address}`, `{server_hostname}`, `{server_external_fqdn}` (empty without
   * `registerDns`), `{checkin_jwt}` or its older name `{registration_token}`, `{manager_token}`,
   * `{connection_username}`, `{connection_password}`, `{ad_join_credential}`, `{domain}`, `{nginx_cert_in}`,
   * `{nginx_key_in}`, `{ssh_key}`. Those without a value are left empty. Filled and wrapped, it may be as long as the
   * VM provider takes it (AWS 16 KiB), or 256 KiB where it is fetched (`delivery`). At most 1,000,000 characters. Kept
   * as a secret.
   */
  readonly text: pulumi.Input<string>;
  /** Leave the text exactly as it is: no variables, no doubled braces. Default false. */
  readonly raw?: pulumi.Input<boolean>;
  /** System of the VM that runs it. Default `linux`. */
  readonly osType?: pulumi.Input<"linux" | "windows">;
  /**
   * How it comes into the VM. `inline`: whole, within what the VM provider takes. `fetch`: a small one comes that
   * fetches it from the runtime with the node's token, compares its SHA-256 and runs it; at most 256 KiB, and only
   * scripts that run as a file. The image needs `curl`, and a certificate of the runtime that it trusts. Default:
   * `inline`.
   */
  readonly delivery?: pulumi.Input<"inline" | "fetch">;
}

/** What docker-agent and server autoscale configs share. */
export interface AutoscaleArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Name of the pool whose nodes it makes. */
  readonly pool: pulumi.Input<string>;
  /** Name of the zone whose nodes it makes. */
  readonly zone: pulumi.Input<string>;
  /** Name of the VM provider config that makes them. */
  readonly vmProvider: pulumi.Input<string>;
  /**
   * Names of VM provider configs that stand in, best first: another zone, size, on demand instead of spot, or another
   * cloud. The next one is used while the one before is out of capacity or quota, at its `maxInstances`, or its circuit
   * is open; new nodes go to the first again as soon as it takes them. Nodes on a fallback stay until they are not
   * needed, and are the first to leave. At most 10. Default none.
   */
  readonly fallbackVmProviders?: pulumi.Input<pulumi.Input<string>[]>;
  /** False freezes it: no create, no destroy, no placement. Default true. */
  readonly enabled?: pulumi.Input<boolean>;
  /** True empties it: no new sessions, nodes leave when idle. Default false. */
  readonly drain?: pulumi.Input<boolean>;
  /** True gives each waiting session capacity of its own instead of packing them: faster, dearer. Default false. */
  readonly aggressiveScaling?: pulumi.Input<boolean>;
  /**
   * Nodes by which aggressive scaling may pass `maxNodes`; never passes the VM provider's `maxInstances`. 0 to 100,000.
   * Default 0.
   */
  readonly aggressiveOvershoot?: pulumi.Input<number>;
  /**
   * How long an excess must persist without a break before idle nodes go: as many as it had at its least. Short values
   * thrash. `"auto"`, with `waitObjective`: as boots and the forecast have it, and 15 minutes while there is none.
   * Default `"15m"`.
   */
  readonly downscaleBackoff?: pulumi.Input<string>;
  /**
   * How many sessions may wait. What has to be kept free for that is learned from the config's own arrivals, durations,
   * boots and waits; nothing else has to be said. It stays within `maxNodes` and the VM provider's `maxInstances`.
   * Default none.
   */
  readonly waitObjective?: pulumi.Input<WaitObjectiveArgs>;
  /** Nodes kept whatever the demand. 0 to 100,000. Default 0. */
  readonly minNodes?: pulumi.Input<number>;
  /** Nodes never exceeded by this config. 1 to 100,000. Default: only the VM provider's `maxInstances` counts. */
  readonly maxNodes?: pulumi.Input<number>;
  /** Count the pool's static members in this zone as capacity. Default true. */
  readonly countStatic?: pulumi.Input<boolean>;
  /** vCPUs credited to each node; 0 = what its size has, else what the node reports. 0 to 10,000. Default 0. */
  readonly coresOverride?: pulumi.Input<number>;
  /** GPUs credited to each node; 0 = as with `coresOverride`. 0 to 100,000. Default 0. */
  readonly gpusOverride?: pulumi.Input<number>;
  /** Memory credited to each node, e.g. `"16GiB"`; `"0MB"` = as with `coresOverride`. Default `"0MB"`. */
  readonly memoryOverride?: pulumi.Input<string>;
  /**
   * What a new VM runs when it starts. A docker agent, and a server with `requireCheckin`, gets the token of its
   * check-in only here: its script must use `{manager_token}`, or `{checkin_jwt}` for the server. Default none; for
   * those on local VMs, one that checks in.
   */
  readonly startupScript?: pulumi.Input<StartupScriptArgs>;
  /** A node that has not checked in after this is failed and destroyed. Default `"10m"`, with Windows `"20m"`. */
  readonly provisionTimeout?: pulumi.Input<string>;
  /**
   * No sign of life for this long: the node is missing and not counted as capacity, until the next sign. A sign is a
   * heartbeat, or, for a server that sends none, an answered probe of its connection port. A server that never answered
   * one may be out of the runtime's reach: it is judged only while another one of its config answers. Default `"10m"`.
   */
  readonly missingTimeout?: pulumi.Input<string>;
  /**
   * No sign of life for this long: the node is dead, destroyed and replaced; its sessions are lost. Default `"1h"`.
   */
  readonly deadTimeout?: pulumi.Input<string>;
  /**
   * 1 keeps the last node that failed after its VM was made, for diagnosis. It counts against the caps, and goes when a
   * newer one takes its place, an operator deletes it, or the config is emptied. 0 to 1. Default 0.
   */
  readonly quarantine?: pulumi.Input<number>;
  /**
   * Age at which a node is replaced, e.g. `"14d"`, at least `"1h"`. It takes no new session from then on and goes when
   * empty; an idle one goes only when its replacement runs, or when the caps leave no room for one. Default: never.
   */
  readonly maxNodeAge?: pulumi.Input<string>;
  /** How long before `maxNodeAge` the replacement is started. Default `"0s"`. */
  readonly rotatePreWarm?: pulumi.Input<string>;
  /**
   * What happens to nodes that were made from an older definition: `keep` leaves them, `rotate` replaces them one at a
   * time, idle ones first, never above the caps. Default `keep`.
   */
  readonly onSpecChange?: pulumi.Input<"keep" | "rotate">;
  /** A queued session ends with its reason after this. Default `"30m"`. */
  readonly queueTimeout?: pulumi.Input<string>;
  /**
   * A session that was given a node and is not reported `running` after this ends with its reason, and its room is free
   * again; `"0s"` = never: such a session then holds its node until somebody ends it. Default `"10m"`.
   */
  readonly startTimeout?: pulumi.Input<string>;
  /** Create an A record `<node id>.<baseDomainName>` for each node. Default false. */
  readonly registerDns?: pulumi.Input<boolean>;
  /** Domain of the records. Default none; required with `registerDns`. */
  readonly baseDomainName?: pulumi.Input<string>;
  /** Name of the DNS provider config. Default none; required with `registerDns`. */
  readonly dnsProvider?: pulumi.Input<string>;
}

/**
 * Sessions of one workspace that could start at once. What is free on one node counts only as far as whole sessions fit
 * there: four nodes with one free core each have no slot for a session of two cores. It shares what is free with the
 * other standby values.
 */
export interface StandbySlotsArgs {
  /**
   * Name of a workspace of kind `container` that may run in the config's pool and zone, and fits each of its nodes.
   */
  readonly workspace: pulumi.Input<string>;
  /** Sessions that must be placeable, beyond those that wait. A schedule may replace it. 0 to 100,000. */
  readonly count: pulumi.Input<number>;
}

export interface AutoscaleConfigArgs extends AutoscaleArgs {
  /**
   * vCPUs kept free beyond what queued sessions need; 0: the next session may wait for a new node. 0 to 10,000. Default
   * 0.
   */
  readonly standbyCores?: pulumi.Input<number>;
  /** GPUs kept free. 0 to 100,000. Default 0. */
  readonly standbyGpus?: pulumi.Input<number>;
  /** Memory kept free, e.g. `"8GiB"`. Default `"0MB"`. */
  readonly standbyMemory?: pulumi.Input<string>;
  /**
   * Sessions of one workspace that could start at once. What is free on one node counts only as far as whole sessions
   * fit there: four nodes with one free core each have no slot for a session of two cores. It shares what is free with
   * the other standby values. Default none.
   */
  readonly standbySlots?: pulumi.Input<StandbySlotsArgs>;
  /** PEM certificate for startup scripts that use `{nginx_cert_in}`. At most 100,000 characters. Default none. */
  readonly nginxCert?: pulumi.Input<string>;
  /** Its PEM key, for `{nginx_key_in}`. At most 100,000 characters. Kept as a secret. Default none. */
  readonly nginxKey?: pulumi.Input<string>;
}

export interface ServerAutoscaleConfigArgs extends AutoscaleArgs {
  /** How users reach the servers. Default `rdp`. */
  readonly connectionType?: pulumi.Input<"kasmvnc" | "rdp" | "vnc" | "ssh">;
  /**
   * TCP port of the connection. 1 to 65,535. Default: as usual for the type, 3389 with RDP, 22 with SSH, 5900 with VNC,
   * 8443 with KasmVNC (4902 on Windows, where the desktop service serves it).
   */
  readonly connectionPort?: pulumi.Input<number>;
  /**
   * Whose credentials a session's user gets: `static` those declared here, `dynamic` an account of his own for each
   * session, which the service in the VM makes and removes, `sso` his own name with `connectionSsoDomain`, `smartcard`
   * (RDP only) and `promptUser` none: the server asks him. Default `static`.
   */
  readonly connectionCredentialType?: pulumi.Input<"static" | "dynamic" | "sso" | "smartcard" | "promptUser">;
  /**
   * With `sso`: what becomes of the user's name. `localhost` drops its domain part, a value that ends in a backslash is
   * put before it (`"CORP\\"` gives `CORP\john`), any other after it (`john@value`). At most 255 characters. Default:
   * as it is.
   */
  readonly connectionSsoDomain?: pulumi.Input<string>;
  /**
   * With `static`: account on the servers, also for startup scripts that use `{connection_username}`. At most 256
   * characters. Default none: the server asks the user.
   */
  readonly connectionUsername?: pulumi.Input<string>;
  /**
   * With `static`: its password, also for `{connection_password}`. At most 1,024 characters. Kept as a secret. Default
   * none.
   */
  readonly connectionPassword?: pulumi.Input<string>;
  /**
   * With SSH and `static`, `dynamic` or `sso`: each user enters with his own key, which
   * `PUT /api/v1/users/{userId}/ssh-key` keeps. Default false.
   */
  readonly useUserSshKey?: pulumi.Input<boolean>;
  /**
   * With SSH and `static`: private key of `connectionUsername`, RSA of 2048 bits in PKCS1
   * (`-----BEGIN RSA PRIVATE KEY-----`). Newer sshd take it only with `PubkeyAcceptedAlgorithms +ssh-rsa`. At most
   * 16,384 characters. Kept as a secret. Default none.
   */
  readonly connectionPrivateKey?: pulumi.Input<string>;
  /**
   * Passphrase of `connectionPrivateKey`. At most 1,024 characters. Kept as a secret. Default: the key is not
   * encrypted.
   */
  readonly connectionPrivateKeyPassphrase?: pulumi.Input<string>;
  /**
   * True: the gateway takes RSA keys of any size and keys in OpenSSH's own format, so these are not refused. Default
   * false.
   */
  readonly connectionTakesAnyKey?: pulumi.Input<boolean>;
  /**
   * Further parameters for the gateway as an object, e.g. `{ "ignore-cert": true }` for Guacamole. They may hold
   * passwords, so all of it is a secret. Kept as a secret. Default none.
   */
  readonly connectionInfo?: pulumi.Input<{ [key: string]: unknown }>;
  /**
   * The image has a service that speaks with the runtime, ours or one that does the same: it checks in by itself, so
   * `requireCheckin` holds, and makes the accounts of credential type `dynamic`. Default false.
   */
  readonly desktopServiceInstalled?: pulumi.Input<boolean>;
  /** Wait for the VM's own call before it counts as running, instead of probing its port. Default false. */
  readonly requireCheckin?: pulumi.Input<boolean>;
  /** False: a server takes one session and is destroyed after it. Default true. */
  readonly reusable?: pulumi.Input<boolean>;
  /**
   * Sessions that must be placeable at any time; 0: the next session may wait for a new server. 0 to 100,000. Default
   * 0.
   */
  readonly minimumAvailableSessions?: pulumi.Input<number>;
  /**
   * Sessions that one server takes at the same time; more than one only with RDP or SSH and `reusable`. 1 to 100,000.
   * Default 1.
   */
  readonly maxSimultaneousSessionsPerServer?: pulumi.Input<number>;
  /** Distinct users on one server at the same time. 1 to 100,000. Default 1. */
  readonly maxSimultaneousUsers?: pulumi.Input<number>;
  /**
   * Make a computer record in Active Directory for each server before its VM, named by the server's id, with a random
   * password for one join, which its script gets as `{ad_join_credential}` beside `{domain}`. The script joins; the
   * record goes after the VM. Default false.
   */
  readonly createAdComputerRecord?: pulumi.Input<boolean>;
  /** Name of the LDAP config. Default none; required with `createAdComputerRecord`. */
  readonly ldapConfig?: pulumi.Input<string>;
  /**
   * Distinguished name of the OU that the records are made in, e.g. `OU=Desktops,DC=example,DC=org`; a comma inside a
   * name is written `\,`. At most 2,000 characters. Default none; required with `createAdComputerRecord`.
   */
  readonly adComputerOu?: pulumi.Input<string>;
  /**
   * Delete a record with everything below it, such as BitLocker keys; false: a record with something below it stays,
   * and so does the row of its node, until somebody removes that. Default false.
   */
  readonly adRecursiveCleanup?: pulumi.Input<boolean>;
}
