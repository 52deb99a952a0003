/** Where the states of all stacks lie. A file can be lost, be an older one, or be damaged; a lock can be somebody else's. */
import type { Stack, StateEntry } from "./stacks";

/** Older states that may come back from a backup. */
const olderMax = 8;

export class SimBackend {
  private readonly stacks = new Map<string, Stack>();

  stackOf(name: string): Stack {
    const known = this.stacks.get(name) ?? {
      name,
      nodes: new Map<string, StateEntry>(),
      older: [],
      keys: new Map<string, string>(),
      isDamaged: false,
      isUnverified: false,
      isLockedByOthers: false,
      engine: undefined,
      isInDoubt: false,
    };
    this.stacks.set(name, known);
    return known;
  }

  find(name: string): Stack | undefined {
    return this.stacks.get(name);
  }

  all(): Stack[] {
    return [...this.stacks.values()];
  }

  remove(name: string): void {
    this.stacks.delete(name);
  }

  /** Nodes in any stack's state. */
  recorded(): Set<string> {
    return new Set(this.all().flatMap(({ nodes }) => [...nodes.keys()]));
  }

  record(stack: Stack, entry: StateEntry): void {
    this.keep(stack);
    stack.nodes.set(entry.nodeId, entry);
  }

  forget(stack: Stack, nodeId: string): void {
    this.keep(stack);
    stack.nodes.delete(nodeId);
  }

  /** The file before the last change takes a damaged one's place. */
  mend(stack: Stack): void {
    const backup = stack.older.at(-1);
    stack.nodes = new Map(backup ?? []);
    stack.isDamaged = false;
    stack.isUnverified = backup !== undefined;
  }

  private keep({ nodes, older }: Stack): void {
    older.push(new Map(nodes));
    if (older.length > olderMax) older.shift();
  }
}
