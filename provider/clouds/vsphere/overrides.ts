/** Which inputs of `vsphere.VirtualMachine` an override may set, and in which shape. */
import { z } from "zod";
import { fields, into, ownNames, refuse, text, texts, to, within, type OverrideRule } from "../../frame/overrides";
import { diskShapes, machineShapes, networkInterfaceShapes } from "./machine-inputs";

const setBy = (setting: string): OverrideRule => refuse(`not settable here: use the setting ${setting}`);
const one = (what: string): OverrideRule => refuse(`not settable: each VM needs ${what} of its own`);
const waits = refuse("not settable: the node's address comes from VMware Tools, see the setting toolsTimeout");
const never = (why: string) => z.undefined(`not settable: ${why}`);

/** Notes of a user stand above the node's identity, and both must fit. */
const annotationMax = 3000;

/** Keys of ours, and those by which a script or an identity gets into the guest. */
const extraConfig = z.record(z.string().min(1), z.string()).superRefine((given, context) => {
  for (const key of Object.keys(given)) {
    if (!/^guestinfo\.(?:userdata|metadata|headroom)\b/i.test(key)) continue;
    const message = "not settable: the startup script is sent there";
    context.addIssue({ code: "custom", path: [key], message, params: { hidesValue: true } });
  }
});

const disk = fields({
  ...diskShapes,
  attach: never("the disk of somebody else would go with the first VM that is deleted"),
  path: never("the disk of somebody else would go with the first VM that is deleted"),
  keepOnRemove: never("disks of deleted nodes would stay and cost money"),
  ...{ key: never("vCenter gives it"), uuid: never("vCenter gives it"), deviceAddress: never("vCenter gives it") },
});

const networkInterface = fields({
  ...networkInterfaceShapes,
  macAddress: never("each VM needs a MAC address of its own"),
  useStaticMac: never("each VM needs a MAC address of its own"),
  externalPortId: never("each VM needs a port of its own"),
  ...{
    key: never("vCenter gives it"),
    deviceAddress: never("vCenter gives it"),
    ovfMapping: never("nothing is made of an OVF"),
  },
});

const at = "clone.customize";
const joins = refuse("not settable: a VM joins its domain by the startup script; passwords would stand in clear here");

/** Only with sysprep: all other VMs are customized by what reads the startup script. */
const customize = within({
  dnsServerLists: to(`${at}.dnsServerLists`, texts),
  dnsSuffixLists: to(`${at}.dnsSuffixLists`, texts),
  ...{ ipv4Gateway: one("an address"), ipv6Gateway: one("an address"), networkInterfaces: one("an address") },
  linuxOptions: refuse("not settable: names and scripts of Linux come by cloud-init"),
  timeout: to(`${at}.timeout`, z.int().min(1).max(120)),
  windowsSysprepText: refuse("not settable: passwords would stand in clear; use startupScriptMethod sysprep"),
  windowsOptions: within({
    fullName: to(`${at}.windowsOptions.fullName`, text),
    organizationName: to(`${at}.windowsOptions.organizationName`, text),
    timeZone: to(`${at}.windowsOptions.timeZone`, z.int().min(0)),
    workgroup: to(`${at}.windowsOptions.workgroup`, text.regex(/^[^\s"/\\[\]:;|=,+*?<>]{1,15}$/, "1 to 15 characters")),
    ...{ adminPassword: setBy("guestPassword"), autoLogon: setBy("startupScriptMethod"), computerName: one("a name") },
    ...{ autoLogonCount: setBy("startupScriptMethod"), runOnceCommandLists: setBy("startupScriptMethod") },
    ...{ domainAdminPassword: joins, domainAdminUser: joins, domainOu: joins, joinDomain: joins },
    productKey: refuse("not settable: it would stand in clear; put it into the template"),
  }),
});

const clone = within({
  customize,
  customizationSpec: refuse("not settable: use startupScriptMethod sysprep"),
  linkedClone: setBy("cloneType"),
  ...{
    ovfNetworkMap: refuse("not settable: nothing is made of an OVF"),
    ovfStorageMap: refuse("not settable: nothing is made of an OVF"),
  },
  templateUuid: setBy("templateName"),
  timeout: setBy("cloneTimeout"),
});

const refused = {
  name: refuse("not settable: a VM is found again by its name, which is the node's id"),
  clone,
  ...{ datacenterId: setBy("datacenter"), folder: setBy("folder"), resourcePoolId: setBy("resourcePool") },
  ...{ datastoreId: setBy("datastore"), datastoreClusterId: setBy("datastoreCluster"), hostSystemId: setBy("host") },
  ...{
    numCpus: setBy("cpus"),
    memory: setBy("memory"),
    guestId: refuse("not settable: a clone has that of its template"),
  },
  ovfDeploy: refuse("not settable: VMs are cloned from a template"),
  ...{
    waitForGuestIpTimeout: waits,
    waitForGuestNetTimeout: waits,
    waitForGuestNetRoutable: waits,
    ignoredGuestIps: waits,
  },
  forcePowerOff: refuse("not settable: a VM that is to go must go"),
  replaceTrigger: refuse("not settable: nodes are never replaced in place"),
  migrateWaitTimeout: refuse("not settable: nodes are never moved by an update"),
} as const satisfies Partial<Record<keyof typeof machineShapes, OverrideRule>>;

export const machineOverrides = ownNames<keyof typeof machineShapes>({
  ...machineShapes,
  annotation: text.max(annotationMax),
  disks: into(z.array(disk).transform((disks) => ({ disks }))),
  networkInterfaces: into(z.array(networkInterface).transform((networkInterfaces) => ({ networkInterfaces }))),
  extraConfig: into(extraConfig.transform((given) => ({ extraConfig: given }))),
  ...refused,
});
