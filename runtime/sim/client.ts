/** Whoever calls the service: finds the replica that leads, loses requests and answers, gives up after a while. */
import { HeadroomError } from "../model/errors";
import type { CommitChecker } from "./commit-checker";
import type { Faults } from "./faults";
import { describe, type Replica, type SimLeader } from "./replica";
import type { SeededRng } from "./rng";
import type { Timeline } from "./timeline";
import type { Verdict } from "./violation";

const giveUpMs = 30_000;

/** `unknown`: no answer came, so it may or may not have happened. */
export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly error: HeadroomError }
  | { readonly kind: "unknown" };

export interface ClientParts {
  readonly timeline: Timeline;
  readonly rng: SeededRng;
  readonly faults: Faults;
  readonly verdict: Verdict;
  readonly checker: CommitChecker;
  readonly replicas: readonly Replica[];
}

export class Client {
  constructor(private readonly parts: ClientParts) {}

  /** `acknowledged` is called in the moment in which the service answers, before the answer is on its way. */
  call<T>(
    kind: string,
    run: (leader: SimLeader) => Promise<T>,
    acknowledged: (value: T) => void = () => undefined,
  ): Promise<Answer<T>> {
    const { timeline, rng, faults } = this.parts;
    return new Promise((resolve) => {
      let cancel: () => void = () => undefined;
      const settle = (answer: Answer<T>): void => {
        cancel();
        resolve(answer);
      };
      const reply = (answer: Answer<T>): void => {
        if (faults.strikes("answerLost", 0.005)) return;
        timeline.after(rng.between(1, 30), "answer", () => settle(answer));
      };
      cancel = timeline.after(giveUpMs, "no answer", () => settle({ kind: "unknown" }));
      if (faults.strikes("requestLost", 0.005)) return;
      const replica = this.pick();
      if (!replica) return reply(unavailable());
      replica.process.receive(rng.between(1, 30), kind, () => {
        const { leader } = replica;
        if (!leader) return reply(unavailable());
        run(leader).then(
          (value) => {
            acknowledged(value);
            reply({ kind: "ok", value });
          },
          (error: unknown) => {
            if (!(error instanceof HeadroomError) || error.code === "bug") {
              this.parts.verdict.broken("no unexpected error", `${kind}: ${describe(error)}`);
            } else reply(error.code === "unavailable" ? unavailable() : { kind: "refused", error });
          },
        );
      });
    });
  }

  /** Mostly the one that leads; now and then one that only thinks so. */
  private pick(): Replica | undefined {
    const { replicas, rng } = this.parts;
    const leading = replicas.filter(({ leader }) => leader !== undefined);
    if (leading.length === 0 || rng.chance(0.05)) return rng.pick(replicas);
    return leading.reduce((best, other) => (other.leader!.epoch > best.leader!.epoch ? other : best));
  }
}

/** To the caller it may have happened: a commit that was rejected may be durable all the same. */
function unavailable(): { readonly kind: "unknown" } {
  return { kind: "unknown" };
}
