/**
 * The waiting sessions by what they wait for, each group in the order of the queue: so whoever counts those ahead of one
 * session need not look at all the others.
 */
import { SortedQueue } from "./sorted-queue";
import type { Session } from "./state";

/** Sessions of one workspace that asked for the same zone. */
export interface WaitingGroup {
  readonly workspace: string;
  /** Undefined = any. */
  readonly zone: string | undefined;
  /** Never empty, in the order of the queue. */
  readonly sessions: readonly Session[];
}

/** An index of the table of sessions. */
export class WaitingGroups {
  private readonly groups = new Map<string, WaitingGroup & { readonly queue: SortedQueue }>();

  all(): Iterable<WaitingGroup> {
    return this.groups.values();
  }

  follow(id: string, before: Session | undefined, after: Session | undefined): void {
    const [old, now] = [before && keyOf(before), after && keyOf(after)];
    if (old === now) {
      if (now !== undefined) this.change(now, id, before, after);
      return;
    }
    if (old !== undefined) this.change(old, id, before, undefined);
    if (now !== undefined) this.change(now, id, undefined, after);
  }

  private change(key: string, id: string, before: Session | undefined, after: Session | undefined): void {
    const group = this.groups.get(key) ?? groupOf((before ?? after)!);
    group.queue.follow(id, before, after);
    if (group.sessions.length === 0) this.groups.delete(key);
    else this.groups.set(key, group);
  }
}

function groupOf({ workspace, zone }: Session) {
  const queue = new SortedQueue();
  return { workspace, zone, queue, sessions: queue.sessions };
}

/** Undefined for a session that does not wait. */
function keyOf({ status, workspace, zone }: Session): string | undefined {
  return status === "queued" ? `${workspace}/${zone ?? ""}` : undefined;
}
