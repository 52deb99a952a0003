/** Whether something listens on a port: how a server without check-in shows that it is ready. */
import { connect } from "node:net";
import { splitHost } from "../model/fields";
import { findNearPlace } from "../model/host-place";

export interface ProbeOptions {
  /** True: also a port of this machine or of its link. False: such an address counts as one where nobody answers. */
  readonly mayBeNear: boolean;
}

export type Probe = (address: string, port: number, options: ProbeOptions) => Promise<boolean>;

/** A connection must be accepted within this time. */
const probeLimitMs = 2_000;

export function probeTcp(address: string, port: number, { mayBeNear }: ProbeOptions): Promise<boolean> {
  const { host } = splitHost(address);
  const isForbidden = (place: string): boolean => !mayBeNear && findNearPlace(place) !== undefined;
  if (isForbidden(host)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: probeLimitMs });
    const answer = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    // What a name means is judged here, and the connection is made to just that; a destroyed socket makes none.
    socket.on("lookup", (_error, found: string | undefined) => {
      if (found !== undefined && isForbidden(found)) answer(false);
    });
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(false));
    socket.once("error", () => answer(false));
  });
}
