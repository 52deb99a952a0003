/** Which of the addresses that a cluster tells of a VM others can reach. */
import { isIPv4, isIPv6 } from "node:net";

/** As the status of a VirtualMachineInstance tells it. */
export interface GuestInterface {
  /** Of the network that it is in; absent for those that only the guest knows, such as Docker's. */
  readonly name?: string;
  readonly interfaceName?: string;
  readonly ipAddress?: string;
  readonly ipAddresses?: readonly string[];
}

/**
 * This machine; addresses that a system gives itself when nobody gave it one; and what every guest behind masquerade has
 * inside, which appears once its agent runs.
 */
const useless = /^(?:0\.|127\.|169\.254\.|10\.0\.2\.|::1?$|fe[89ab][0-9a-f]:|fd10:0:2:)/i;

/**
 * IPv4 before IPv6, in the cluster's order. Undefined = it has none yet.
 *
 * @param network Name of the VM's interface and network.
 */
export function chooseAddress(interfaces: readonly GuestInterface[], network: string): string | undefined {
  const ours = interfaces.filter(({ name }) => name === network);
  const addresses = ours
    .flatMap(({ ipAddress, ipAddresses }) => [...(ipAddress === undefined ? [] : [ipAddress]), ...(ipAddresses ?? [])])
    // Some versions write the length of the network behind it.
    .map((address) => address.replace(/\/\d+$/, ""))
    .filter((address) => !useless.test(address));
  return addresses.find(isIPv4Address) ?? addresses.find(isIPv6Address);
}

const isIPv4Address = (address: string): boolean => isIPv4(address);
const isIPv6Address = (address: string): boolean => isIPv6(address);
