/** Which of the addresses that a guest agent tells others can reach. */

/** As `GET .../agent/network-get-interfaces` tells it. */
export interface GuestInterface {
  readonly name: string;
  readonly "ip-addresses"?: readonly { readonly "ip-address": string; readonly "ip-address-type": "ipv4" | "ipv6" }[];
}

/** Of containers, of their bridges and of tunnels in the guest: nobody outside of it knows their addresses. */
const inside =
  /^(lo\d*|docker\d*|br-[0-9a-f]+|veth\w*|virbr\d+|podman\d+|cni\d+|flannel[.\d]*|cali\w*|lxcbr\d+|Loopback.*|vEthernet .*)$/i;
/** This machine, and addresses that a system gives itself when nobody gave it one. */
const useless = /^(0\.|127\.|169\.254\.)/;

/** The first IPv4 address, in the guest's order. Undefined = it has none yet. */
export function chooseIpv4(interfaces: readonly GuestInterface[]): string | undefined {
  return interfaces
    .filter(({ name }) => !inside.test(name))
    .flatMap((one) => one["ip-addresses"] ?? [])
    .filter((address) => address["ip-address-type"] === "ipv4" && !useless.test(address["ip-address"]))
    .map((address) => address["ip-address"])[0];
}
