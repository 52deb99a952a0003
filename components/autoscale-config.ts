import * as pulumi from "@pulumi/pulumi";
import type { OsType, SpecChange } from "./choices";
import { declareDefinition, secretInput } from "./declaration";

/** What a new VM runs when it starts. */
export interface StartupScriptArgs {
  /**
   * The script. These are replaced, once, by what they name; any other brace is doubled (`${{HOME}}`):
   * `{server_id}`, `{provider_name}`, `{upstream_auth_address}`, `{server_hostname}`, `{server_external_fqdn}` (empty
   * without `registerDns`), `{checkin_jwt}` or its older name `{registration_token}`, `{manager_token}`,
   * `{connection_username}`, `{connection_password}`, `{ad_join_credential}`, `{domain}`, `{nginx_cert_in}`,
   * `{nginx_key_in}`, `{ssh_key}`. Those without a value are left empty. At most 1,000,000 characters here, and, filled
   * and wrapped, what the VM provider takes (AWS 16 KiB).
   */
  readonly text: pulumi.Input<string>;
  /** Leave the text exactly as it is: no variables, no doubled braces. Default false. */
  readonly raw?: pulumi.Input<boolean>;
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
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
   * is open; new nodes go to the first again as soon as it takes them. At most 10. Default none.
   */
  readonly fallbackVmProviders?: pulumi.Input<pulumi.Input<string>[]>;
  /** False freezes it: no create, no destroy, no placement. Default true. */
  readonly enabled?: pulumi.Input<boolean>;
  /** True empties it: no new sessions, nodes leave when idle. Default false. */
  readonly drain?: pulumi.Input<boolean>;
  /** True gives each waiting session capacity of its own instead of packing them: faster, dearer. Default false. */
  readonly aggressiveScaling?: pulumi.Input<boolean>;
  /** Nodes by which aggressive scaling may pass `maxNodes`; never passes the VM provider's `maxInstances`. Default 0. */
  readonly aggressiveOvershoot?: pulumi.Input<number>;
  /** How long an excess must persist without a break before idle nodes go. Default `"15m"`. Short values thrash. */
  readonly downscaleBackoff?: pulumi.Input<string>;
  /** Nodes kept whatever the demand. Default 0. */
  readonly minNodes?: pulumi.Input<number>;
  /** Nodes never exceeded by this config. Default: only the VM provider's `maxInstances` counts. */
  readonly maxNodes?: pulumi.Input<number>;
  /** Count the pool's static members in this zone as capacity. Default true. */
  readonly countStatic?: pulumi.Input<boolean>;
  /** vCPUs credited to each node; 0 = what its size has, else what the node reports. Default 0. */
  readonly coresOverride?: pulumi.Input<number>;
  /** GPUs credited to each node; 0 = as with `coresOverride`. Default 0. */
  readonly gpusOverride?: pulumi.Input<number>;
  /** Memory credited to each node, e.g. `"16GiB"`; `"0MB"` = as with `coresOverride`. Default `"0MB"`. */
  readonly memoryOverride?: pulumi.Input<string>;
  /**
   * What a new VM runs when it starts. A docker agent, and a server with `requireCheckin`, gets the token of its check-in only
   * here: its script must use `{manager_token}`, or `{checkin_jwt}` for the server. Default none; for those on local VMs,
   * one that checks in.
   */
  readonly startupScript?: pulumi.Input<StartupScriptArgs>;
  /** A node that has not checked in after this is failed and destroyed. Default `"10m"`, with Windows `"20m"`. */
  readonly provisionTimeout?: pulumi.Input<string>;
  /**
   * No sign of life for this long: the node is missing and not counted as capacity. Default `"10m"`. A sign is a
   * heartbeat, or, for a server that sends none, an answered probe of its connection port.
   */
  readonly missingTimeout?: pulumi.Input<string>;
  /** No sign of life for this long: the node is dead and destroyed, its sessions are lost. Default `"1h"`. */
  readonly deadTimeout?: pulumi.Input<string>;
  /** 1 keeps the last node that failed after its VM was made, for diagnosis; it counts against the caps. Default 0. */
  readonly quarantine?: pulumi.Input<number>;
  /** Age at which a node is replaced, e.g. `"14d"`, at least `"1h"`. Default: never. Busy nodes go when empty. */
  readonly maxNodeAge?: pulumi.Input<string>;
  /** How long before `maxNodeAge` the replacement is started. Default `"0s"`. */
  readonly rotatePreWarm?: pulumi.Input<string>;
  /** `keep` or `rotate` nodes made from an older definition, one at a time, idle ones first. Default `keep`. */
  readonly onSpecChange?: pulumi.Input<SpecChange>;
  /** A queued session ends with its reason after this. Default `"30m"`. */
  readonly queueTimeout?: pulumi.Input<string>;
  /**
   * A session that was given a node and is not reported `running` after this ends, and its room is free again. Default
   * `"10m"`; `"0s"` = never: such a session then holds its node until somebody ends it.
   */
  readonly startTimeout?: pulumi.Input<string>;
  /** Create an A record `<node id>.<baseDomainName>` for each node. Default false. */
  readonly registerDns?: pulumi.Input<boolean>;
  /** Required with `registerDns`. */
  readonly baseDomainName?: pulumi.Input<string>;
  /** Name of the DNS provider config; required with `registerDns`. */
  readonly dnsProvider?: pulumi.Input<string>;
}

/** How many sessions of which workspace must be able to start at once. */
export interface StandbySlotsArgs {
  /** Name of a workspace of kind `container` that may run in the config's pool and zone, and fits each of its nodes. */
  readonly workspace: pulumi.Input<string>;
  /** Sessions that must be placeable, beyond those that wait. A schedule may replace it. */
  readonly count: pulumi.Input<number>;
}

export interface AutoscaleConfigArgs extends AutoscaleArgs {
  /** vCPUs kept free beyond what queued sessions need. Default 0: the next session may wait for a new node. */
  readonly standbyCores?: pulumi.Input<number>;
  /** GPUs kept free. Default 0. */
  readonly standbyGpus?: pulumi.Input<number>;
  /** Memory kept free, e.g. `"8GiB"`. Default `"0MB"`. */
  readonly standbyMemory?: pulumi.Input<string>;
  /**
   * Sessions of one workspace that could start at once. What is free on one node counts only as far as whole sessions fit
   * there: four nodes with one free core each have no slot for a session of two cores. Default none.
   */
  readonly standbySlots?: pulumi.Input<StandbySlotsArgs>;
  /** PEM certificate for startup scripts that use `{nginx_cert_in}`. Default none. */
  readonly nginxCert?: pulumi.Input<string>;
  /** Its PEM key, for `{nginx_key_in}`; kept as a secret. Default none. */
  readonly nginxKey?: pulumi.Input<string>;
}

/**
 * Rules for the docker agents of one pool in one zone: how many VMs there are, and when they come and go.
 * Deleting it drains first: its nodes leave when their sessions have ended.
 *
 * @example
 * new headroom.AutoscaleConfig("agents", {
 *   pool: agents.name, zone: office.name, vmProvider: small.name, standbyCores: 4, maxNodes: 20,
 * });
 */
export class AutoscaleConfig extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: AutoscaleConfigArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:AutoscaleConfig", name, {}, opts);
    const doc = { ...args, nginxKey: secretInput(args.nginxKey), type: "dockerAgent" };
    this.name = declareDefinition(this, { kind: "autoscaleConfig", resourceName: name, doc, options: opts });
    this.registerOutputs({ name: this.name });
  }
}
