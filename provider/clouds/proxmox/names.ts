/**
 * How Proxmox VE writes names of nodes, VMs, storages, pools and devices: what it would refuse only when a VM is made is
 * refused when it is declared. Source: the formats of its API schema (`pve-node`, `dns-name`, `pve-storage-id`, `pve-poolid`,
 * and the options of `qemu`).
 */
import { z } from "zod";

export const clusterName = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/, 'use the name of a node of the cluster such as "pve1"');
/** As Proxmox VE's `pve-storage-id`. */
export const storageId = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9._-]{0,98}[A-Za-z0-9]$/,
    "use 2 to 100 letters, digits, dots, dashes and underscores, a letter first, a letter or digit last",
  );
/** As Proxmox VE's `pve-poolid`: up to three names with slashes between them. */
export const poolId = z
  .string()
  .regex(
    /^(?=.{1,1000}$)[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+){0,2}$/,
    "use letters, digits, dots, dashes and underscores",
  );
/** As the names of VMs: those of hosts, in one label or several. */
export const vmName = z
  .string()
  .max(63)
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
    "use letters, digits, dashes and dots, as the names of VMs are",
  );

export const diskInterface = z
  .string()
  .regex(
    /^(?:scsi(?:\d|[12]\d|30)|virtio(?:\d|1[0-5])|sata[0-5]|ide[0-3])$/,
    'use "scsi0" to "scsi30", "virtio0" to "virtio15", "sata0" to "sata5" or "ide0" to "ide3"',
  );
export const passedDevice = z.string().regex(/^hostpci(?:\d|1[0-5])$/, 'use "hostpci0" to "hostpci15"');
/** As the kernel takes names of network interfaces. */
export const bridgeName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/,
    'use the name of a bridge such as "vmbr0": at most 15 letters, digits and _ . -',
  );
export const vlanId = z.int().min(1).max(4094);
/** 1 = that of the bridge. */
export const mtu = z
  .int()
  .refine((bytes) => bytes === 1 || (bytes >= 576 && bytes <= 65_520), "use 576 to 65520, or 1 for the bridge's");
export const deviceModel = z.enum(["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"]);
