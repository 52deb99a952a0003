#!/usr/bin/env node
/**
 * The command `pulumi-resource-headroom`: prints its port, serves the kernels until the engine is done.
 * It ends by itself after Cancel, after SIGTERM and when its engine is gone, in each case only when the calls that run
 * have been answered or {@link finishMsMax} has passed: a create that is cut off would leave a VM that nobody knows.
 */
import { connect } from "node:net";
import { join } from "node:path";
import { withDirectLoopback } from "../runtime/model/direct-loopback";
import { realClock } from "../runtime/model/real-clock";
import { connectionDefaults } from "./kernel/connection";
import { readManifest } from "./plugin-link";
import { type KernelSet, PluginServer } from "./plugin-server";
import { RemoteComponents } from "./remote-components";
import type { ResourceKernel } from "./resource-kernel";

/** Longer than any create should take; a plugin that hangs must not stay for ever. */
const finishMsMax = 10 * 60_000;
/** Time for the last answer to reach the engine. */
const lingerMs = 50;
/** An engine that has called nothing by now may have been killed before the plugin could notice whose child it is. */
const firstCallMsMax = 60_000;
/** How often the plugin looks whether its engine is still there. Nothing else tells it when the engine was killed. */
const parentWatchMs = 1_000;

/** Every resource of the package, for one update. Loaded on demand: a lane's update must not wait for what it does not use. */
function kernels(): KernelSet {
  let computerRecords: Promise<ResourceKernel> | undefined;
  let definitions: Promise<ReadonlyMap<string, ResourceKernel>> | undefined;
  return async (type) => {
    switch (type) {
      case "headroom:local:Vm":
        return (await import("./local-vm/vm-resource.js")).localVmKernel;
      case "headroom:local:DnsRecord":
        return (await import("./local-vm/dns-record-resource.js")).localDnsRecordKernel;
      case "headroom:kubevirt:Guest":
        return (await import("./clouds/kubevirt/guest-resource.js")).guestKernel;
      case "headroom:digitalocean:FirewallTag":
        return (await import("./clouds/digitalocean/firewall-tag-resource.js")).firewallTagKernel;
      case "headroom:proxmox:VmId":
        return (await import("./clouds/proxmox/vm-id-resource.js")).vmIdKernel;
      case "headroom:proxmox:Guest":
        return (await import("./clouds/proxmox/guest-resource.js")).guestKernel;
      case "headroom:vsphere:Guest":
        return (await import("./clouds/vsphere/guest-resource.js")).guestKernel;
      case "headroom:nutanix:Address":
        return (await import("./clouds/nutanix/address-resource.js")).addressKernel;
      case "headroom:directory:ComputerRecord":
        computerRecords ??= import("./directory/computer-record-resource.js").then((module) =>
          module.createComputerRecordKernel(),
        );
        return computerRecords;
      default:
        definitions ??= import("./kernel/definition-kernels.js").then((module) => module.kernelsByType(realClock));
        return (await definitions).get(type);
    }
  };
}

async function main(): Promise<void> {
  // For whatever is asked and started here on this machine.
  Object.assign(process.env, withDirectLoopback(process.env));
  const engine = process.ppid;
  const [engineAddress] = process.argv.slice(2).filter((argument) => !argument.startsWith("-"));
  const manifest = readManifest(join(__dirname, "..", ".."));
  const components = new RemoteComponents();
  const server = new PluginServer({
    version: manifest.version,
    kernels,
    schema: async () => (await import("./kernel/schema.js")).packageSchema(manifest),
    construct: (request, address) => components.construct(request, address),
    defaults: connectionDefaults(process.env),
    ...(engineAddress === undefined ? {} : { engineAddress }),
    onCancel: () => void finish(),
  });
  let isFinishing = false;
  async function finish(): Promise<void> {
    if (isFinishing) return;
    isFinishing = true;
    realClock.after(finishMsMax, () => process.exit(1));
    await server.idle();
    realClock.after(lingerMs, () => process.exit(0));
  }
  process.on("SIGTERM", () => void finish());
  // A terminal sends Ctrl-C to the whole process group; the engine decides what it means and says so with Cancel.
  process.on("SIGINT", () => undefined);
  process.stdout.on("error", () => undefined);
  const port = await server.listen();
  process.stdout.write(`${port}\n`);
  // The engine has other things to do before it asks for the first VM.
  setImmediate(() => void import("./local-vm/vm-resource.js"));
  setInterval(() => {
    if (process.ppid !== engine) void finish();
  }, parentWatchMs);
  async function awaitFirstCall(): Promise<void> {
    if (server.hasBeenCalled) return;
    // An engine that waits for its command has started its plugins already.
    if (engineAddress === undefined || !(await isListening(engineAddress))) return finish();
    realClock.after(firstCallMsMax, () => void awaitFirstCall());
  }
  realClock.after(firstCallMsMax, () => void awaitFirstCall());
}

function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(":");
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => resolve(true));
    socket.on("connect", () => socket.destroy()).on("error", () => resolve(false));
  });
}

void main();
