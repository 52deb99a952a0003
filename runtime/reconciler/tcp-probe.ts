/** Whether something listens on a port: how a server without check-in shows that it is ready. */
import { connect } from "node:net";
import { splitHost } from "../model/fields";

export type Probe = (address: string, port: number) => Promise<boolean>;

/** A connection must be accepted within this time. */
const probeLimitMs = 2_000;

export function probeTcp(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: splitHost(address).host, port, timeout: probeLimitMs });
    const answer = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
}
