/** Replicas of {@link Api} that do not lead, on real ports, and what forwards for them. */
import { createRng } from "../../runtime/main/chance";
import type { Leader, Standby } from "../../runtime/api/backend";
import { ForwardedCalls } from "../../runtime/api/forwarded-call";
import { Forwarder } from "../../runtime/api/forwarding";
import { createFront } from "../../runtime/api/front";
import { listen, type Listening } from "../../runtime/api/listen";
import { createLogger } from "../../runtime/api/log";
import { PeerAgents, type PeerTrust } from "../../runtime/api/peer-agents";
import { Role } from "../../runtime/api/role";
import { createRoutes } from "../../runtime/api/routes";
import { TrustedProxies } from "../../runtime/api/trusted-proxies";
import { realClock } from "../../runtime/model/real-clock";
import { tokenSecret } from "./harness";

export interface StandbyOptions {
  /** Default 5,000. */
  readonly holdMs?: number;
  readonly heldMax?: number;
  readonly trust?: PeerTrust;
}

/** The same secret as the leader's. */
export function forwarderOf(role: Role, { holdMs = 5_000, heldMax, trust }: StandbyOptions = {}): Forwarder {
  const calls = new ForwardedCalls(tokenSecret, realClock);
  const agents = new PeerAgents(trust);
  return new Forwarder({
    role,
    calls,
    agents,
    clock: realClock,
    holdMs,
    ...(heldMax === undefined ? {} : { heldMax }),
  });
}

export class StandbyApi {
  private constructor(
    readonly role: Role,
    private readonly listening: Listening,
  ) {}

  static async start(present: Leader | Standby, options: StandbyOptions = {}): Promise<StandbyApi> {
    const role = new Role(present);
    const app = createFront(
      {
        version: "0.0.0",
        clock: realClock,
        rng: createRng(),
        log: createLogger({ level: "silent" }),
        requestsPerMinute: 1_000_000,
        // Tests stand in for the proxy, and so for callers of other addresses.
        proxies: TrustedProxies.parse("1"),
        forwarding: forwarderOf(role, options),
        current: () => role.current,
      },
      createRoutes(),
    );
    return new StandbyApi(role, await listen({ host: "127.0.0.1", port: 0, app }));
  }

  get url(): string {
    return this.listening.url;
  }

  follow(leaderUrl: string): void {
    this.role.become({ message: "another runtime leads", leaderUrl });
  }

  close(): Promise<void> {
    return this.listening.close(100);
  }
}
