/** Which of the addresses that VMware Tools tell others can reach. */
import { childrenOf, textOf, type XmlElement } from "./xml";

/** This machine, and addresses that a system gives itself when nobody gave it one. */
const useless = /^(0\.|127\.|169\.254\.)/;
const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * The first IPv4 address, in the order of the VM's network adapters. Bridges of containers, their ends, and tunnels in the guest belong to no
 * adapter of the VM: nobody outside of it knows their addresses, whatever they are called.
 *
 * @param net The property `guest.net`. @returns Undefined = it has none yet.
 */
export function chooseAddress(net: XmlElement | undefined): string | undefined {
  const adapters = childrenOf(net, "GuestNicInfo")
    .map((nic) => ({ key: Number(textOf(nic, "deviceConfigId") ?? -1), addresses: childrenOf(nic, "ipAddress") }))
    .filter(({ key }) => key >= 0)
    .toSorted((a, b) => a.key - b.key);
  return adapters
    .flatMap(({ addresses }) => addresses.map(({ text }) => text))
    .find((address) => ipv4.test(address) && !useless.test(address));
}
