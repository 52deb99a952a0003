/**
 * How a startup script talks to the guest: the command `headroom-guest` in the VM's own PATH.
 *
 *   headroom-guest checkin --upstream <address> --token <token> [--progress 0-100] [--status starting|running|failed] [message]
 *   headroom-guest agent   --upstream <address> --token <token> --server-id <node id>
 *
 * It is a shell script of a few lines that appends its arguments to the file `outbox` and wakes the guest, which makes
 * the calls in that order and repeats them while the runtime is away. So it needs no curl and costs no second Node process.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { upstreamUrl } from "./guest-calls";

const argumentEnd = "\x1f";
const commandEnd = "\x1e";

export const guestCommandScript = `#!/bin/sh
case "$1" in checkin | agent) ;; *)
  echo "headroom-guest: unknown command '$1'; use checkin or agent" >&2
  exit 2 ;;
esac
umask 077
printf '%s\\037' "$@" "$(printf '\\036')" >>"$HEADROOM_VM/outbox" && kill -USR2 "$HEADROOM_VM_PID"
`;

export type GuestCommand =
  | {
      readonly kind: "checkin";
      readonly upstream: string;
      readonly token: string;
      readonly status: string;
      readonly progress?: string;
      readonly message: string;
    }
  | { readonly kind: "agent"; readonly upstream: string; readonly token: string; readonly serverId: string };

/** Commands of `outbox` from number `seen` on; a half-written last one is left for the next time. */
export function readCommands(file: string, seen: number): { commands: string[][]; seen: number } {
  const records = readFileSync(file, "utf8").split(`${commandEnd}${argumentEnd}`).slice(0, -1);
  const commands = records.slice(seen).map((record) => record.split(argumentEnd).slice(0, -1));
  return { commands, seen: records.length };
}

/** Throws with one sentence when an option is missing or unknown. */
export function parseCommand([kind, ...args]: readonly string[]): GuestCommand {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      upstream: { type: "string" },
      token: { type: "string" },
      status: { type: "string" },
      progress: { type: "string" },
      "server-id": { type: "string" },
    },
  });
  const { upstream, token, progress, "server-id": serverId } = values;
  if (!upstream || !token) throw new Error(`headroom-guest ${kind}: --upstream and --token are required`);
  upstreamUrl(upstream);
  if (kind === "agent") {
    if (!serverId) throw new Error("headroom-guest agent: --server-id is required");
    return { kind, upstream, token, serverId };
  }
  const isReady = progress === undefined || Number(progress) >= 100;
  const status = values.status ?? (isReady ? "running" : "starting");
  return { kind: "checkin", upstream, token, status, progress, message: positionals.join(" ") };
}
