// Made by `npm run generate` from runtime/model; edit there.
import type * as pulumi from "@pulumi/pulumi";

export interface ZoneArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /**
   * Address at which new VMs reach the runtime's API: a host name or IP, with an optional port. `localhost`, `proxy`
   * and the like mean nothing on another machine and are refused unless `local`. At most 300 characters.
   */
  readonly upstreamAuthAddress: pulumi.Input<string>;
  /** True for a zone whose nodes all run on the runtime's machine (the local VM provider). Default false. */
  readonly local?: pulumi.Input<boolean>;
  /**
   * Which docker agent gets a new session; `mostSessions` packs, so that other nodes can empty and go. Default
   * `mostSessions`.
   */
  readonly loadStrategy?: pulumi.Input<"leastLoad" | "mostLoad" | "leastSessions" | "mostSessions">;
  /** Try other zones when no node of the requested one is free. Default true. */
  readonly searchAlternateZones?: pulumi.Input<boolean>;
  /** Place on static members before autoscaled nodes. Default true. */
  readonly prioritizeStaticAgents?: pulumi.Input<boolean>;
  /**
   * Web pages that may call the API from a browser, as the zone's portal does: `"https://portal.example.com"`, with the
   * port where it is not 443, without a path; `http://` only with `local`. Empty: none. At most 100. Default none.
   */
  readonly allowedOrigins?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Machines that exist already, beside autoscaled nodes; never created or destroyed. */
export interface StaticMemberArgs {
  /** Name of the machine: 1 to 40 lower-case letters, digits and dashes. */
  readonly name: pulumi.Input<string>;
  /** Name of its zone. */
  readonly zone: pulumi.Input<string>;
  /** Host name or IP of the machine, with an optional port. */
  readonly address: pulumi.Input<string>;
  /** vCPUs that it has. 0 to 10,000. */
  readonly cores: pulumi.Input<number>;
  /** Memory that it has, with a unit, e.g. `"16GiB"`. */
  readonly memory: pulumi.Input<string>;
  /** GPUs that it has. 0 to 100,000. Default 0. */
  readonly gpus?: pulumi.Input<number>;
  /** How users reach the servers. Default `rdp`. */
  readonly connectionType?: pulumi.Input<"kasmvnc" | "rdp" | "vnc" | "ssh">;
  /**
   * TCP port of the connection, which is probed; without an answer for 10 minutes the machine is missing and takes no
   * new session. 1 to 65,535. Default: with `connectionType` as usual for it, else none, and it is always taken to be
   * there.
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
  /** Server pools only: sessions at the same time. 1 to 100,000. Default 1. */
  readonly maxSimultaneousSessions?: pulumi.Input<number>;
  /** Server pools only: distinct users at the same time. 1 to 100,000. Default 1. */
  readonly maxSimultaneousUsers?: pulumi.Input<number>;
  /** Labels that it has beside those of its pool. At most 20. Default none. */
  readonly labels?: pulumi.Input<pulumi.Input<string>[]>;
}

export interface PoolArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /**
   * What its nodes are: VMs that run containers, or servers that users reach by RDP, VNC, KasmVNC or SSH. Changing it
   * makes another pool.
   */
  readonly type: pulumi.Input<"dockerAgent" | "server">;
  /**
   * Labels of all its nodes, of any text: workspaces choose by them where they run (`includeLabels`, `excludeLabels`).
   * At most 50. Default none.
   */
  readonly labels?: pulumi.Input<pulumi.Input<string>[]>;
  /** Machines that exist already, beside autoscaled nodes; never created or destroyed. At most 1,000. Default none. */
  readonly staticMembers?: pulumi.Input<pulumi.Input<StaticMemberArgs>[]>;
}

export interface WorkspaceArgs {
  /** Name that session requests use: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /**
   * What people call it, e.g. `"Ubuntu 22.04 Student Edition"`: shown in lists and messages, never used in requests. At
   * most 100 characters. Default: its name.
   */
  readonly displayName?: pulumi.Input<string>;
  /** Names of the pools that may run it, in order of preference. 1 to 100. */
  readonly pools: pulumi.Input<pulumi.Input<string>[]>;
  /** Names of the zones that may run it; with none of them named every zone may. At most 100. Default none. */
  readonly zones?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * `container` runs on docker agents; `desktop` and `remoteApp` run on servers, where a user has at most one desktop
   * per server and any number of RemoteApps beside it. Default `container`.
   */
  readonly kind?: pulumi.Input<"container" | "desktop" | "remoteApp">;
  /** vCPUs that one session takes. A workspace that fits no node of its pools is refused at preview. 0 to 10,000. */
  readonly cores: pulumi.Input<number>;
  /** Memory that one session takes, with a unit, e.g. `"2GiB"`. */
  readonly memory: pulumi.Input<string>;
  /** GPUs that one session takes. 0 to 100,000. Default 0. */
  readonly gpus?: pulumi.Input<number>;
  /**
   * It runs only on nodes that have at least one of these labels; empty: labels are not asked for. At most 50. Default
   * none.
   */
  readonly includeLabels?: pulumi.Input<pulumi.Input<string>[]>;
  /** It runs on no node that has one of these labels, whatever it includes. At most 50. Default none. */
  readonly excludeLabels?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Ids of the users who may have sessions of it. With `allowedGroups` empty too, every user may. At most 1,000.
   * Default none.
   */
  readonly allowedUsers?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Names of groups whose members may have sessions of it, beside `allowedUsers`; a request says its user's `groups`.
   * At most 1,000. Default none.
   */
  readonly allowedGroups?: pulumi.Input<pulumi.Input<string>[]>;
  /** False refuses new sessions. Default true. */
  readonly enabled?: pulumi.Input<boolean>;
}

/** VM provider configs of every cloud, beside their settings. */
export interface VmProviderArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Hard ceiling over all autoscale configs that use it, whatever is in flight. 1 to 10,000. */
  readonly maxInstances: pulumi.Input<number>;
  /**
   * What becomes of a VM of this installation in the account that no node and no stack has, once it stands in
   * `headroom orphans`: `report` leaves it, `delete` deletes it. Default `report`.
   */
  readonly orphans?: pulumi.Input<"report" | "delete">;
  /**
   * What one VM of it costs in an hour while it runs, e.g. `0.096`. Spend and budgets are counted with it. 0 to
   * 100,000. Default: not known, and then that is said wherever costs are told.
   */
  readonly hourlyCost?: pulumi.Input<number>;
  /**
   * What one VM of it costs in an hour while it is stopped, suspended or hibernated: its disks, mostly. 0 to 100,000.
   * Default: not known.
   */
  readonly stoppedHourlyCost?: pulumi.Input<number>;
  /**
   * Currency of these prices, e.g. `EUR`. Amounts of different currencies are never added up. Default: none is named,
   * which is a currency of its own: that of all prices without one.
   */
  readonly currency?: pulumi.Input<string>;
  /** How the cloud bills a VM that runs: a begun second, minute or hour is paid whole. Default `second`. */
  readonly billingGranularity?: pulumi.Input<"second" | "minute" | "hour">;
  /** For how long each start of a VM is paid at least, e.g. `60s`. Default `"0s"`. */
  readonly billingMinimum?: pulumi.Input<string>;
}

/** DNS provider configs of every service, beside their settings. */
export interface DnsProviderArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
}

export interface LdapConfigArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /**
   * Its domain controllers, e.g. `["ldaps://dc1.example.org"]`, tried in this order; port 636 unless one is given. Only
   * `ldaps://`: Active Directory takes no password of a computer without TLS. 1 to 10.
   */
  readonly urls: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Distinguished name below which records that nobody has are looked for, e.g. `DC=example,DC=org`. Its `DC` parts are
   * the domain, which scripts get as `{domain}`. At most 2,000 characters.
   */
  readonly searchBase: pulumi.Input<string>;
  /**
   * Whom records are made as: a distinguished name, `headroom@example.org` or `EXAMPLE\headroom`. At most 2,000
   * characters.
   */
  readonly serviceAccountDn: pulumi.Input<string>;
  /** Password of the service account. At most 1,000 characters. Kept as a secret. */
  readonly serviceAccountPassword: pulumi.Input<string>;
  /**
   * Certificates in PEM: a controller's certificate must be signed by one of these. At most 100,000 characters.
   * Default: those that Node knows, and those of `NODE_EXTRA_CA_CERTS`.
   */
  readonly tlsCa?: pulumi.Input<string>;
  /** How long one controller is waited for, until it is connected; then the next one is tried. Default `"10s"`. */
  readonly connectionTimeout?: pulumi.Input<string>;
  /** How long one answer of a controller is waited for. Default `"30s"`. */
  readonly answerTimeout?: pulumi.Input<string>;
  /**
   * What becomes of a computer record of this installation that no node and no stack has, once it stands in
   * `headroom orphans`: `report` leaves it, `delete` deletes it. Default `report`.
   */
  readonly orphans?: pulumi.Input<"report" | "delete">;
}

/** Who is called when a threshold is passed. */
export interface WebhookArgs {
  /**
   * Where each event is sent by POST: `"https://..."`; `"http://..."` only on the runtime's own machine. No redirection
   * is followed. At most 2,000 characters. Kept as a secret.
   */
  readonly url: pulumi.Input<string>;
  /**
   * Signs each call, by HMAC-SHA256 over its time and body; a text that is hard to guess. At most 200 characters. Kept
   * as a secret.
   */
  readonly secret: pulumi.Input<string>;
}

export interface BudgetArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Counts nodes in this zone alone. Default: in all zones. */
  readonly zone?: pulumi.Input<string>;
  /** Counts nodes of this pool alone. Default: of all pools. */
  readonly pool?: pulumi.Input<string>;
  /** Counts nodes of this autoscale config alone. Default: of all of them. */
  readonly autoscaleConfig?: pulumi.Input<string>;
  /**
   * Counts nodes on this VM provider config alone; others may still make nodes when it is spent. Default: on all of
   * them.
   */
  readonly vmProvider?: pulumi.Input<string>;
  /** What may be spent in one period, in `currency`, e.g. `1500`. At most 1,000,000,000. */
  readonly amount: pulumi.Input<number>;
  /**
   * Currency of the amount, e.g. `EUR`: only prices in it are counted. Default: none is named, and prices without one
   * are counted.
   */
  readonly currency?: pulumi.Input<string>;
  /** How often it begins anew; weeks begin on Monday. */
  readonly per: pulumi.Input<"day" | "week" | "month">;
  /** IANA time zone of the days, weeks and months, e.g. `"Europe/Berlin"`. Default `"UTC"`. */
  readonly timezone?: pulumi.Input<string>;
  /**
   * Percent of the amount at which it is told, once in a period each, in rising order. At most 10. Default
   * `[50, 80, 100]`.
   */
  readonly thresholds?: pulumi.Input<pulumi.Input<number>[]>;
  /**
   * When all is spent, until the period ends: `alert` tells it; `noStandby` also keeps no standby, makes no node for
   * staged sessions and lets idle nodes go down to `minNodes`; `noNewNodes` also makes no node at all. Nobody who has a
   * session loses it. Default `alert`.
   */
  readonly onReached?: pulumi.Input<"alert" | "noStandby" | "noNewNodes">;
  /** Who is called when a threshold is passed. Default nobody. */
  readonly webhook?: pulumi.Input<WebhookArgs>;
}

export interface ScheduleArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Name of the autoscale config it switches on and off. */
  readonly autoscaleConfig: pulumi.Input<string>;
  /** Days of the week on which the window starts. At least one, unless `dates` has some. At most 7. Default none. */
  readonly days?: pulumi.Input<pulumi.Input<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun">[]>;
  /** Dates on which the window starts too, e.g. `["2026-12-24"]`. At most 1,000. Default none. */
  readonly dates?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Dates on which it does not start, e.g. holidays; none of them also in `dates`. A window that started the evening
   * before goes on to its end. At most 1,000. Default none.
   */
  readonly exceptDates?: pulumi.Input<pulumi.Input<string>[]>;
  /** Wall-clock start, included: `"HH:MM"` from 00:00 to 23:59. */
  readonly start: pulumi.Input<string>;
  /** Wall-clock end, not included, up to `"24:00"`; before `start` = on the next day, equal to it = 24 hours. */
  readonly end: pulumi.Input<string>;
  /** IANA time zone of the wall clock, e.g. `"Europe/Berlin"`. */
  readonly timezone: pulumi.Input<string>;
  /**
   * How much earlier the window opens, so that its nodes are up when it starts: a duration such as `"10m"`, at most
   * `"24h"`, or `"auto"`: the time in which nine of ten of the config's last 20 nodes booted, at most 1 hour; before
   * the first boot was measured 5 minutes, 10 for Windows. It opens in every respect: floor and standby count, sessions
   * are placed on nodes that are ready. Default `"0s"`.
   */
  readonly leadTime?: pulumi.Input<string>;
  /**
   * While the window is active: nodes kept whatever the demand. 0 to 100,000. Default: the autoscale config's own
   * value.
   */
  readonly minNodes?: pulumi.Input<number>;
  /** While the window is active: vCPUs kept free. 0 to 10,000. Default: the autoscale config's own value. */
  readonly standbyCores?: pulumi.Input<number>;
  /** While the window is active: GPUs kept free. 0 to 100,000. Default: the autoscale config's own value. */
  readonly standbyGpus?: pulumi.Input<number>;
  /** While the window is active: memory kept free, e.g. `"8GiB"`. Default: the autoscale config's own value. */
  readonly standbyMemory?: pulumi.Input<string>;
  /**
   * While the window is active: the count of the autoscale config's `standbySlots`; the workspace stays. 0 to 100,000.
   * Default: its own count.
   */
  readonly standbySlots?: pulumi.Input<number>;
  /**
   * While the window is active: sessions that must be placeable. 0 to 100,000. Default: the autoscale config's own
   * value.
   */
  readonly minimumAvailableSessions?: pulumi.Input<number>;
}

/** What the user of a session may do. Only requests with the same permissions get one of these sessions. */
export interface PermissionsArgs {
  /** The user hears the session. Default true. */
  readonly audio?: pulumi.Input<boolean>;
  /** Clipboard from the session to the user. Default true. */
  readonly clipboardDown?: pulumi.Input<boolean>;
  /** Clipboard from the user to the session. Default true. */
  readonly clipboardUp?: pulumi.Input<boolean>;
  /** Files from the session to the user. Default true. */
  readonly downloads?: pulumi.Input<boolean>;
  /** Files from the user to the session. Default true. */
  readonly uploads?: pulumi.Input<boolean>;
  /** The session hears the user. Default false. */
  readonly microphone?: pulumi.Input<boolean>;
  /** The user's gamepads work in the session. Default false. */
  readonly gamepad?: pulumi.Input<boolean>;
  /** The session prints on the user's printers. Default false. */
  readonly printing?: pulumi.Input<boolean>;
  /** The session sees the user's cameras. Default false. */
  readonly webcam?: pulumi.Input<boolean>;
  /** Files by the clipboard of the user's RDP client. Default false. */
  readonly rdpClientFileTransferClipboard?: pulumi.Input<boolean>;
}

export interface StagingConfigArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /** Name of the zone in which the sessions run. */
  readonly zone: pulumi.Input<string>;
  /** Name of the workspace that they run; of kind `container`. */
  readonly workspace: pulumi.Input<string>;
  /**
   * Only in this pool; with `autoscaleConfig` the pool of that. Default: that of `autoscaleConfig`, else the
   * workspace's pools, in their order.
   */
  readonly pool?: pulumi.Input<string>;
  /** Only on nodes of this autoscale config. Default: any node of the pools. */
  readonly autoscaleConfig?: pulumi.Input<string>;
  /**
   * Sessions kept running that belong to nobody yet; one that is given to a user is replaced. Each takes capacity as a
   * user's session does. 0 to 10,000.
   */
  readonly sessions: pulumi.Input<number>;
  /** A session that nobody got for this long is ended and replaced; at least `"1m"`. Default `"24h"`. */
  readonly expiration?: pulumi.Input<string>;
  /** What the user of a session may do. Only requests with the same permissions get one of these sessions. */
  readonly permissions?: pulumi.Input<PermissionsArgs>;
}
