// Made by `npm run generate` from provider/clouds/digitalocean.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { DnsProviderArgs, VmProviderArgs } from "../arguments";
import { declareNode, type NodeArgs, type NodeRecordArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** How the account is reached. */
export interface DigitalOceanCredentialArgs {
  /**
   * Personal access token of the team that the nodes are in. Custom scopes that suffice: create, read and delete of
   * `droplet`; create and read of `tag`; read of `account`, `actions`, `firewall`, `image`, `project`, `regions`,
   * `sizes`, `ssh_key` and `vpc`; with `firewallName` update of `firewall`; for records all of `domain`. Kept as a
   * secret.
   */
  readonly token: pulumi.Input<string>;
}

/** What each VM is. */
export interface DigitalOceanVmArgs extends DigitalOceanCredentialArgs {
  /** Region of the Droplets, e.g. `"nyc1"`. */
  readonly region: pulumi.Input<string>;
  /**
   * Slug of a public image, or the id of a snapshot or custom image as text, e.g. `"ubuntu-24-04-x64"`. For new nodes
   * only; running ones keep theirs.
   */
  readonly image: pulumi.Input<string>;
  /** Slug of the Droplets' size, e.g. `"c-2"`; decides cores, memory and GPUs. */
  readonly size: pulumi.Input<string>;
  /**
   * Tags on the Droplets, beside those that say whose they are: a list, or a text with commas between them, e.g.
   * `["team:labs"]`. The first Droplet makes those that the team does not have yet. A firewall that has one of them
   * applies to the nodes. Default none.
   */
  readonly tags?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Name of an SSH key of the team whose owner may log in as root, or a list of names, e.g. `["ops"]`. Default none:
   * DigitalOcean mails a password for each Droplet.
   */
  readonly sshKeyName?: pulumi.Input<string | pulumi.Input<string>[]>;
  /**
   * Name of a firewall of the team that applies to the nodes, from their first second on: it is given a tag that they
   * have. Exactly one has this name. At most 255 characters. Default none.
   */
  readonly firewallName?: pulumi.Input<string>;
  /**
   * Id of a firewall that you apply to the nodes yourself, by one of `tags` or by `headroom-pool:<pool>`; the account's
   * check tells when it has none of them. Default none: nothing is checked.
   */
  readonly firewallId?: pulumi.Input<string>;
  /** Id of the VPC, in the same region. Default: that of the region. */
  readonly vpcUuid?: pulumi.Input<string>;
  /**
   * Which of a Droplet's addresses the runtime and the users' proxy use: `private`, that in the VPC, or `public`.
   * Default `private`.
   */
  readonly addressType?: pulumi.Input<"private" | "public">;
  /**
   * Further inputs of the Pulumi resource `digitalocean.Droplet` by their own names, e.g. `{ monitoring: true }`.
   * Default none.
   */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface DigitalOceanVmProviderArgs extends VmProviderArgs, DigitalOceanVmArgs {}

/**
 * VMs on DigitalOcean: Droplets. The machine that runs the updates needs the package `@pulumi/digitalocean`.
 *
 * @example
 * const small = new headroom.DigitalOceanVmProvider("small", {
 *   maxInstances: 20, token, region: "nyc1", image: "docker-20-04", size: "c-4", tags: ["team:labs"],
 * });
 */
export class DigitalOceanVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: DigitalOceanVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:DigitalOceanVmProvider", name, {}, opts);
    const secretFields: string[] = ["token"];
    this.name = declareProviderConfig(this, "vmProviderConfig", {
      kind: "digitalocean",
      secretFields,
      name,
      args,
      opts,
    });
    this.registerOutputs({ name: this.name });
  }
}

/** Where the records go. */
export interface DigitalOceanDnsArgs extends DigitalOceanCredentialArgs {
  /**
   * Domain of the team that the records go into. Default: the one with the longest name that the base domain name ends
   * in.
   */
  readonly domain?: pulumi.Input<string>;
}

export interface DigitalOceanDnsProviderArgs extends DnsProviderArgs, DigitalOceanDnsArgs {}

/**
 * Records in the domains of a DigitalOcean team. The machine that runs the updates needs the package
 * `@pulumi/digitalocean`.
 */
export class DigitalOceanDnsProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: DigitalOceanDnsProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:DigitalOceanDnsProvider", name, {}, opts);
    const secretFields: string[] = ["token"];
    this.name = declareProviderConfig(this, "dnsProviderConfig", {
      kind: "digitalocean",
      secretFields,
      name,
      args,
      opts,
    });
    this.registerOutputs({ name: this.name });
  }
}

/** A record in the account of the VM. */
export interface DigitalOceanNodeDnsArgs extends NodeRecordArgs, Pick<DigitalOceanDnsArgs, "domain"> {}

/** Checked before anything is declared. */
export interface DigitalOceanNodeArgs extends NodeArgs {
  /** What the VM is. */
  readonly settings: pulumi.Input<DigitalOceanVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<DigitalOceanNodeDnsArgs | OtherDnsArgs>;
}

/**
 * VMs on DigitalOcean: Droplets. This is one of them without a runtime, in your own stack: it lives as long as the
 * resource, and its settings have the same defaults as those of the runtime's nodes. Needs the npm package
 * `@pulumi/digitalocean` where it runs: pass a provider of it in the options to share it among nodes; without one each
 * node makes its own from `settings`.
 */
export class DigitalOceanNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: DigitalOceanNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:DigitalOceanNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "digitalocean", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
