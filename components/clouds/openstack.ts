// Made by `npm run generate` from provider/clouds/openstack.ts; edit there.
import * as pulumi from "@pulumi/pulumi";
import type { VmProviderArgs } from "../arguments";
import type { OsType } from "../choices";
import { declareNode, type NodeArgs, type OtherDnsArgs } from "../node";
import { declareProviderConfig } from "../provider-config";

/** What each VM is. */
export interface OpenStackVmArgs {
  /**
   * Address of Keystone, the identity endpoint, e.g. `"https://openstack.example.org:5000"`; `/v3` is added where it
   * lacks. Another one means another cloud: nodes of the old one are still looked for there.
   */
  readonly authUrl: pulumi.Input<string>;
  /**
   * With what the runtime gets in: an application credential, which is of one project and may be restricted by access
   * rules, or a user's password. Default `applicationCredential`.
   */
  readonly authMethod?: pulumi.Input<"applicationCredential" | "password">;
  /**
   * Id of the application credential, as Keystone shows it. At most 255 characters. Default none; required with it.
   */
  readonly applicationCredentialId?: pulumi.Input<string>;
  /**
   * Secret of the application credential, as Keystone shows it once. Kept as a secret. Default none; required with it.
   */
  readonly applicationCredentialSecret?: pulumi.Input<string>;
  /** User of `authMethod` `password`. At most 255 characters. Default none; required with it. */
  readonly username?: pulumi.Input<string>;
  /** Password of the user. Kept as a secret. Default none; required with `username`. */
  readonly password?: pulumi.Input<string>;
  /**
   * Domain of the user, e.g. `"domain-1353722761"`; with `password` only. At most 255 characters. Default: `Default`.
   */
  readonly userDomainName?: pulumi.Input<string>;
  /**
   * Project that the VMs are in; with `password` only, since an application credential is of one project. At most 255
   * characters. Default none; required with it.
   */
  readonly projectName?: pulumi.Input<string>;
  /**
   * Domain of the project, e.g. `"domain-1353722761"`; with `password` only. At most 255 characters. Default:
   * `Default`.
   */
  readonly projectDomainName?: pulumi.Input<string>;
  /** Which of a service's addresses in the catalog are used. Default `public`. */
  readonly endpointType?: pulumi.Input<"public" | "internal" | "admin">;
  /**
   * Address of Nova (compute) in the place of the catalog's, e.g. `"https://openstack.example.org:8774/v2.1/"`; `/v2.1`
   * is added where it lacks a version. Default: as the catalog says.
   */
  readonly novaEndpoint?: pulumi.Input<string>;
  /**
   * Microversion of Nova that the runtime's own questions use; Pulumi's plugin chooses its own. From 2.69 on Nova tells
   * when a part of it does not answer, so that a VM there is not taken for gone; a cloud older than 2019 needs a lower
   * one. Default `"2.69"`.
   */
  readonly novaVersion?: pulumi.Input<string>;
  /**
   * Address of Glance (images) in the place of the catalog's, e.g. `"https://openstack.example.org:9292"`. Default: as
   * the catalog says.
   */
  readonly glanceEndpoint?: pulumi.Input<string>;
  /** Version of Glance. Default `2`. */
  readonly glanceVersion?: pulumi.Input<"2">;
  /**
   * Address of Cinder (volumes) in the place of the catalog's; it has the project's id in it as a rule, e.g.
   * `"https://openstack.example.org:8776/v3/383a0dad105e460ab5a863ea0a45932b"`. Default: as the catalog says.
   */
  readonly cinderEndpoint?: pulumi.Input<string>;
  /** Version of Cinder that the runtime's own questions use. Default `"3"`. */
  readonly cinderVersion?: pulumi.Input<string>;
  /**
   * Address of Neutron (networks) in the place of the catalog's, e.g. `"https://openstack.example.org:9696"`. Default:
   * as the catalog says.
   */
  readonly neutronEndpoint?: pulumi.Input<string>;
  /**
   * Certificates of the authorities that signed those of the cloud, in PEM; no others are trusted then. Default: those
   * that the machines of the runtime trust.
   */
  readonly caCertificate?: pulumi.Input<string>;
  /**
   * Takes any certificate, and addresses with `http://`, so that others on the way can read credentials and tokens.
   * Default false.
   */
  readonly insecure?: pulumi.Input<boolean>;
  /**
   * Region of the VMs, e.g. `"RegionOne"`. At most 255 characters. Default: the first one of the catalog; name it where
   * there are several.
   */
  readonly region?: pulumi.Input<string>;
  /**
   * Id of the image of the VMs, e.g. `"70a599e0-31e7-49b7-b260-868f441e862b"`. Either this or `imageName`. Running
   * nodes keep theirs. Default none.
   */
  readonly imageId?: pulumi.Input<string>;
  /**
   * Name of the image, which exactly one has that the project sees; not with disks that are made of an image by its id.
   * At most 255 characters. Default none.
   */
  readonly imageName?: pulumi.Input<string>;
  /**
   * Name of the flavor, e.g. `"gen.medium"`; decides cores, memory and GPUs. Either this or `flavorId`. At most 255
   * characters. Default none.
   */
  readonly flavor?: pulumi.Input<string>;
  /** Id of the flavor, where two have one name. At most 255 characters. Default none. */
  readonly flavorId?: pulumi.Input<string>;
  /**
   * Whether a VM boots from a new volume of Cinder, which goes with it, instead of a disk on its host of the flavor's
   * size. Default false.
   */
  readonly createVolume?: pulumi.Input<boolean>;
  /** Size of that volume in whole GiB, e.g. `"50GiB"`; required with `createVolume`. Default none. */
  readonly volumeSize?: pulumi.Input<string>;
  /** Type of that volume, e.g. `"__DEFAULT__"`. At most 255 characters. Default: the one of the cloud. */
  readonly volumeType?: pulumi.Input<string>;
  /** Id of the network of the VMs. Either this or `networkName`. Default none. */
  readonly networkId?: pulumi.Input<string>;
  /** Name of the network, which exactly one has that the project sees. At most 255 characters. Default none. */
  readonly networkName?: pulumi.Input<string>;
  /**
   * Names of security groups of the project, or ids where two have one name, e.g. `["sg1", "sg2"]`. At most 50.
   * Default: the group `default` of the project.
   */
  readonly securityGroups?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Name of a key pair of the user who made the credential. At most 255 characters. Default none: nobody can log in by
   * SSH key.
   */
  readonly keyName?: pulumi.Input<string>;
  /** Availability zone of the VMs, e.g. `"nova"`. At most 255 characters. Default: as Nova chooses. */
  readonly availabilityZone?: pulumi.Input<string>;
  /**
   * Whether a VM gets metadata and startup script on a small drive, too, and not by the metadata service alone, which
   * not every network has. Default true.
   */
  readonly configDrive?: pulumi.Input<boolean>;
  /** Metadata of the VMs, beside that which says whose they are, e.g. `{ my_tag: "my_value" }`. Default none. */
  readonly metadata?: pulumi.Input<{ [key: string]: pulumi.Input<string> }>;
  /**
   * Fields of Nova's request for a server (`server` in `POST /servers`, and `scheduler_hints`) in its own words, merged
   * over the computed ones, e.g. `{ config_drive: false, tags: ["labs"] }`. Unknown and protected fields are refused.
   * Default none.
   */
  readonly configOverride?: pulumi.Input<{ [key: string]: unknown }>;
  /**
   * Inputs of the Pulumi resource `openstack.compute.Instance` by their own names; wins over `configOverride`.
   * `forceDelete` is true unless it says otherwise. Default none.
   */
  readonly inputOverride?: pulumi.Input<{ [key: string]: unknown }>;
}

export interface OpenStackVmProviderArgs extends VmProviderArgs, OpenStackVmArgs {}

/**
 * VMs on OpenStack: servers of Nova.
 *
 * @example
 * const labs = new headroom.OpenStackVmProvider("labs", {
 *   maxInstances: 20, authUrl: "https://openstack.example.org:5000", region: "RegionOne",
 *   applicationCredentialId: "1234...", applicationCredentialSecret: config.requireSecret("secret"),
 *   imageId: image.id, flavor: "gen.medium", networkId: network.id, securityGroups: ["agents"],
 * });
 */
export class OpenStackVmProvider extends pulumi.ComponentResource {
  readonly name: pulumi.Output<string>;

  constructor(name: string, args: OpenStackVmProviderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:OpenStackVmProvider", name, {}, opts);
    const secretFields: string[] = ["applicationCredentialSecret", "password"];
    this.name = declareProviderConfig(this, "vmProviderConfig", { kind: "openstack", secretFields, name, args, opts });
    this.registerOutputs({ name: this.name });
  }
}

/** Checked before anything is declared. */
export interface OpenStackNodeArgs extends NodeArgs {
  /** Default `linux`. */
  readonly osType?: pulumi.Input<OsType>;
  /** What the VM is. */
  readonly settings: pulumi.Input<OpenStackVmArgs>;
  /** Default: no record. */
  readonly dns?: pulumi.Input<OtherDnsArgs>;
}

/**
 * VMs on OpenStack: servers of Nova. This is one of them without a runtime, in your own stack: it lives as long as the
 * resource, and its settings have the same defaults as those of the runtime's nodes. Needs the plugin
 * `pulumi-resource-headroom`.
 */
export class OpenStackNode extends pulumi.ComponentResource {
  /** Under which it is reached. */
  readonly address: pulumi.Output<string>;
  /** Only with `dns`. */
  readonly dnsName: pulumi.Output<string | undefined>;

  constructor(name: string, args: OpenStackNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("headroom:components:OpenStackNode", name, {}, opts);
    const { address, dnsName } = declareNode(this, { kind: "openstack", resourceName: name, ...args });
    this.address = address;
    this.dnsName = dnsName;
    this.registerOutputs({ address, dnsName });
  }
}
