// Made by `npm run generate` from provider/registry.ts; edit there.
export * from "./local";
export * from "./aws";
export * from "./azure";
export * from "./digitalocean";
export * from "./gcp";
export * from "./kubevirt";
export * from "./oci";
export * from "./proxmox";
export * from "./vsphere";
export * from "./openstack";
export * from "./nutanix";
