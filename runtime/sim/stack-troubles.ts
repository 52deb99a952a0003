/** What happens to stacks from outside: a state is lost, an older one comes back, a file is damaged, others hold a lock. */
import { vmProvidersOf } from "./adoption";
import type { SimBackend } from "./backend";
import type { SimCloud } from "./cloud";
import type { SeededRng } from "./rng";
import type { Stack } from "./stacks";
import type { Timeline } from "./timeline";

export const stackTroubleKinds = ["stateLost", "stateStale", "stateDamaged", "foreignLock"] as const;
export type StackTroubleKind = (typeof stackTroubleKinds)[number];

export class StackTroubles {
  constructor(
    private readonly parts: { readonly timeline: Timeline; readonly backend: SimBackend; readonly cloud: SimCloud },
  ) {}

  /** Whoever has the lock writes the whole state again: nothing happens to those. */
  strike(kind: StackTroubleKind, chance: SeededRng): void {
    const { backend, cloud } = this.parts;
    const stacks = backend.all().filter(({ engine }) => engine === undefined || engine.isDead);
    if (stacks.length === 0) return;
    const stack = chance.pick(stacks);
    const names = vmProvidersOf(stack, [], cloud);
    for (const name of names) cloud.trouble(name);
    if (kind === "foreignLock") return this.lock(stack, names, chance);
    if (kind === "stateStale") {
      if (stack.older.length > 0 && !stack.isDamaged) stack.nodes = new Map(chance.pick(stack.older));
      return;
    }
    stack.nodes = new Map();
    stack.isDamaged = kind === "stateDamaged";
    if (chance.chance(0.4)) stack.older.length = 0;
  }

  /** Whatever is still locked is let go. */
  end(): void {
    for (const stack of this.parts.backend.all()) stack.isLockedByOthers = false;
  }

  /** An operator looks at the stack, or has left a lock that somebody breaks much later. */
  private lock(stack: Stack, names: ReadonlySet<string>, chance: SeededRng): void {
    const { timeline, cloud } = this.parts;
    if (stack.isLockedByOthers || stack.engine !== undefined) return;
    const heal = cloud.sicken(names);
    stack.isLockedByOthers = true;
    timeline.after(chance.pick([20_000, 300_000, 2_400_000]), "lock let go", () => {
      stack.isLockedByOthers = false;
      heal();
    });
  }
}
