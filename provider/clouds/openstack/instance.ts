/** The Pulumi resource of a server, by its type token: npm's SDK is of a line that is not kept up. */
import type * as pulumi from "@pulumi/pulumi";
import type { ResourceClass } from "../../cloud";
import { resourceByToken, type ResourceWith, type TokenPackage } from "../../frame/by-token";

export const openStackPackage: TokenPackage = { name: "openstack", version: "5.5.3" };

export const instanceType = "openstack:compute/instance:Instance";

/** Every input of the resource; `test/clouds/openstack-drift.test.ts` compares the names with those of the newest SDK. */
export interface InstanceArgs {
  readonly name?: pulumi.Input<string>;
  readonly flavorId?: pulumi.Input<string>;
  readonly flavorName?: pulumi.Input<string>;
  readonly imageId?: pulumi.Input<string>;
  readonly imageName?: pulumi.Input<string>;
  readonly blockDevices?: readonly BlockDevice[];
  readonly networks?: readonly NetworkOfInstance[];
  readonly networkMode?: pulumi.Input<string>;
  readonly securityGroups?: readonly string[];
  readonly keyPair?: pulumi.Input<string>;
  readonly availabilityZone?: pulumi.Input<string>;
  readonly availabilityZoneHints?: pulumi.Input<string>;
  readonly configDrive?: pulumi.Input<boolean>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  readonly userData?: pulumi.Input<string>;
  readonly schedulerHints?: readonly object[];
  readonly personalities?: readonly object[];
  readonly adminPass?: pulumi.Input<string>;
  readonly forceDelete?: pulumi.Input<boolean>;
  readonly stopBeforeDestroy?: pulumi.Input<boolean>;
  readonly hypervisorHostname?: pulumi.Input<string>;
  readonly powerState?: pulumi.Input<string>;
  readonly region?: pulumi.Input<string>;
  readonly vendorOptions?: object;
}

export interface BlockDevice {
  readonly sourceType: string;
  readonly destinationType: string;
  readonly uuid?: string;
  /** GiB. */
  readonly volumeSize?: number;
  readonly volumeType?: string;
  /** 0 = the system is booted from it; -1 = it is not. The plugin takes 0 where nothing is said. */
  readonly bootIndex: number;
  readonly deleteOnTermination: boolean;
  readonly guestFormat?: string;
  readonly deviceType?: string;
  readonly diskBus?: string;
}

export interface NetworkOfInstance {
  readonly uuid?: string;
  readonly name?: string;
  /** Its address is the one that counts where there are several networks. */
  readonly accessNetwork?: boolean;
}

/** What is read of its outputs. Both are empty where the network has no such addresses. */
interface InstanceOutputs {
  readonly accessIpV4: string;
  readonly accessIpV6: string;
}
export type Instance = ResourceWith<InstanceOutputs>;

export function instanceClass(): ResourceClass<InstanceArgs, Instance> {
  return resourceByToken<InstanceArgs, InstanceOutputs>(openStackPackage, instanceType, ["accessIpV4", "accessIpV6"]);
}
