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
  /**
   * TCP port that is probed; without an answer for 10 minutes the machine is missing and takes no new session. 1 to
   * 65,535. Default: it is always taken to be there.
   */
  readonly connectionPort?: pulumi.Input<number>;
  /** Server pools only: sessions at the same time. 1 to 100,000. Default 1. */
  readonly maxSimultaneousSessions?: pulumi.Input<number>;
  /** Server pools only: distinct users at the same time. 1 to 100,000. Default 1. */
  readonly maxSimultaneousUsers?: pulumi.Input<number>;
}

export interface PoolArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
  /**
   * What its nodes are: VMs that run containers, or servers that users reach by RDP, VNC, KasmVNC or SSH. Changing it
   * makes another pool.
   */
  readonly type: pulumi.Input<"dockerAgent" | "server">;
  /** Machines that exist already, beside autoscaled nodes; never created or destroyed. At most 1,000. Default none. */
  readonly staticMembers?: pulumi.Input<pulumi.Input<StaticMemberArgs>[]>;
}

export interface WorkspaceArgs {
  /** Name that session requests use: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
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
  /** False refuses new sessions. Default true. */
  readonly enabled?: pulumi.Input<boolean>;
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
   * VM provider takes it (AWS 16 KiB). At most 1,000,000 characters.
   */
  readonly text: pulumi.Input<string>;
  /** Leave the text exactly as it is: no variables, no doubled braces. Default false. */
  readonly raw?: pulumi.Input<boolean>;
  /** System of the VM that runs it. Default `linux`. */
  readonly osType?: pulumi.Input<"linux" | "windows">;
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
   * thrash. Default `"15m"`.
   */
  readonly downscaleBackoff?: pulumi.Input<string>;
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
  /** TCP port of the connection. 1 to 65,535. Default 3389. */
  readonly connectionPort?: pulumi.Input<number>;
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
   * Account on the servers, for startup scripts that use `{connection_username}`. At most 256 characters. Default none.
   */
  readonly connectionUsername?: pulumi.Input<string>;
  /** Its password, for `{connection_password}`. At most 1,024 characters. Kept as a secret. Default none. */
  readonly connectionPassword?: pulumi.Input<string>;
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
}

/** DNS provider configs of every service, beside their settings. */
export interface DnsProviderArgs {
  /** Name to refer to: 1 to 40 lower-case letters, digits and dashes. Default: the resource's name. */
  readonly name?: pulumi.Input<string>;
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
  /** Only in this pool. Not together with `autoscaleConfig`. Default: the workspace's pools, in their order. */
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
