/** The Pulumi provider `vsphere`, its VM and the functions that are used, by their tokens: npm has no SDK of it. */
import type * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { invokeByToken, providerByToken, resourceByToken } from "../../frame/by-token";
import type { machineShapes } from "./machine-inputs";
import type { VCenterAccess } from "./soap";

export const vspherePackage = { name: "vsphere", version: "4.17.0" } as const;
export const vmToken = "vsphere:index/virtualMachine:VirtualMachine";
export const getVmToken = "vsphere:index/getVirtualMachine:getVirtualMachine";

type Shapes = typeof machineShapes;
/** By the names of the plugin. */
export type MachineInputs = { readonly [Name in keyof Shapes]?: pulumi.Input<z.output<Shapes[Name]>> | undefined };
export interface MachineOutputs {
  /** Its BIOS UUID, which is also the resource's id. */
  readonly uuid: string;
  readonly moid: string;
}

export function loadVirtualMachine() {
  return resourceByToken<MachineInputs, MachineOutputs>(vspherePackage, vmToken, ["uuid", "moid"]);
}

export function newVSphereProvider(name: string, access: VCenterAccess): pulumi.ProviderResource {
  const { vcenterAddress, vcenterPort, username, password, verifySsl } = access;
  const configuration = {
    ...{ user: username, password, allowUnverifiedSsl: !verifySsl },
    vsphereServer: vcenterPort === 443 ? vcenterAddress : `${vcenterAddress}:${vcenterPort}`,
    // Sessions of others on this machine, and those of other credentials, must not be taken.
    persistSession: false,
  };
  return providerByToken(vspherePackage, name, configuration, ["password"]);
}

/** What the plugin tells of a template, as far as a clone must say it again. */
export interface TemplateHardware {
  readonly guestId: string;
  readonly disks: readonly TemplateDisk[];
  readonly networkInterfaces: readonly { readonly networkId: string; readonly adapterType: string }[];
  readonly vtpm?: boolean;
  readonly numCoresPerSocket?: number;
  /** Further inputs of the VM by their own names. */
  readonly [input: string]: unknown;
}

export interface TemplateDisk {
  readonly label: string;
  /** In GiB. */
  readonly size: number;
  readonly thinProvisioned: boolean;
  readonly eagerlyScrub: boolean;
  readonly unitNumber: number;
}

export function readTemplate(uuid: string, options: pulumi.InvokeOptions): Promise<TemplateHardware> {
  return invokeByToken<TemplateHardware>(vspherePackage, getVmToken, { uuid }, options);
}
