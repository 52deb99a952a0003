/**
 * What this runtime is among the replicas of its installation, and what it says of itself meanwhile.
 *
 *   starting ──lease taken──▶ leading ──lease or store lost──▶ starting
 *      └──another holds the lease──▶ standing by ──lease taken──▶ leading
 *   refusing: it must not lead, and serves nobody until what it says is put right        any ──▶ stopping
 */
import type { Leader } from "../api/backend";
import { Role } from "../api/role";
import { clockProblem } from "../store/database-clock";
import type { LeaseSight } from "../store/lease-watch";

/** So many looks in a row must find the clock off: one may fall into the moment in which it is set. */
const looksToBelieve = 2;

export class Replica {
  readonly role = new Role({ message: "this runtime is starting; try again soon" });
  private isStopping = false;
  private looksOff = 0;
  /** By another reason than the clock, which only a new attempt to lead takes back. */
  private isRefusing = false;

  /** @param own How this runtime names itself as holder of the lease. */
  constructor(private readonly own: () => string) {}

  get isLeader(): boolean {
    return "ledger" in this.role.current;
  }

  /** Why it does not lead, in one sentence; undefined while it leads. */
  get standbyReason(): string | undefined {
    return "ledger" in this.role.current ? undefined : this.role.current.message;
  }

  lead(leader: Leader): void {
    this.isRefusing = false;
    this.become(leader);
  }

  standBy(holder: string): void {
    this.isRefusing = false;
    const leaderUrl = /^https?:\/\/\S+/.exec(holder)?.[0];
    const message = `this runtime is a standby; ${holder} leads`;
    if (message !== this.standbyReason) this.become({ message, ...(leaderUrl ? { leaderUrl } : {}) });
  }

  startAgain(): void {
    this.become({ message: "this runtime is starting again after it lost its store or lease; try again soon" });
  }

  refuse(message: string): void {
    this.isRefusing = true;
    this.become({ message, takesNoPart: true });
  }

  /** For good: nothing changes it any more. */
  stop(): void {
    this.become({ message: "this runtime is stopping", takesNoPart: true });
    this.isStopping = true;
  }

  /** What the lease's row told. Returns why a runtime that leads must give that up; undefined = it need not. */
  see({ holder, isHeld, clockOffsetMs }: LeaseSight): string | undefined {
    const problem = clockProblem(clockOffsetMs);
    this.looksOff = problem === undefined ? 0 : this.looksOff + 1;
    if (problem !== undefined && this.looksOff < looksToBelieve) return undefined;
    if (this.isLeader) return problem;
    if (this.isRefusing) return undefined;
    if (problem !== undefined) this.become({ message: problem, takesNoPart: true });
    else if (isHeld && holder !== undefined && holder !== this.own()) this.standBy(holder);
    return undefined;
  }

  private become(next: Leader | { message: string; leaderUrl?: string; takesNoPart?: boolean }): void {
    if (!this.isStopping) this.role.become(next);
  }
}
