/**
 * What a worker does with the nodes that are given to an update it has opened: one lot after the other is checked,
 * written to the lane's configuration, and only then declared. Tells when none of them is on its way any more.
 */
import { CloudError, messageOf } from "../model/errors";
import type { DesiredNode } from "../model/state";
import { NodeFeed } from "./node-feed";
import type { UpdateEvent } from "./node-updater";

export interface IntakeParts {
  /** Parses and loads what the node needs; fails for a node that can't be declared. */
  prepare(node: DesiredNode): Promise<void>;
  /** Writes the configuration of the whole lane durably. */
  write(nodes: readonly DesiredNode[]): Promise<void>;
  readonly onEvent: (event: UpdateEvent) => void;
}

export class NodeIntake {
  readonly feed = new NodeFeed([]);
  /** Given and not settled. */
  private readonly pending = new Set<string>();
  private given = 0;
  private told = 0;
  private readonly refused: string[] = [];
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly parts: IntakeParts) {}

  /**
   * Writes the configuration as it is at the start, once the nodes that exist are known as they are to be declared. Comes
   * before everything that is given later.
   */
  begin(existing: Promise<readonly DesiredNode[]>): Promise<void> {
    const begun = existing.then((nodes) => {
      this.feed.standOn(nodes);
      return this.parts.write(this.feed.nodes);
    });
    this.work = begun.catch(() => undefined);
    return begun;
  }

  /** Resolves with the ids of the nodes that it has dealt with, declared or refused; the others were never asked for. */
  async taken(): Promise<readonly string[]> {
    await this.work;
    return [...this.refused, ...this.feed.taken.map(({ nodeId }) => nodeId)];
  }

  give(nodes: readonly DesiredNode[]): void {
    this.given += nodes.length;
    for (const { nodeId } of nodes) this.pending.add(nodeId);
    this.then(() => this.take(nodes));
  }

  close(): void {
    this.then(() => Promise.resolve(this.feed.close()));
  }

  /** Forgets those whose create is over, one way or the other. */
  settle(isSettled: (nodeId: string) => boolean): void {
    for (const nodeId of [...this.pending]) if (isSettled(nodeId)) this.pending.delete(nodeId);
    if (this.pending.size > 0 || this.told === this.given) return;
    this.told = this.given;
    this.parts.onEvent({ kind: "settled", given: this.given });
  }

  private async take(nodes: readonly DesiredNode[]): Promise<void> {
    const able: DesiredNode[] = [];
    for (const node of nodes) if (await this.isAble(node)) able.push(node);
    if (able.length > 0) {
      // Before they are declared: after a crash they are looked for by what is written.
      await this.parts.write([...able, ...this.feed.nodes]);
      this.feed.give(able);
    }
    this.settle(
      (nodeId) => nodes.some((node) => node.nodeId === nodeId) && !able.some((node) => node.nodeId === nodeId),
    );
  }

  private async isAble(node: DesiredNode): Promise<boolean> {
    try {
      await this.parts.prepare(node);
      return true;
    } catch (error) {
      const failureClass = error instanceof CloudError ? error.failureClass : "CONFIG";
      const message = messageOf(error);
      this.refused.push(node.nodeId);
      this.parts.onEvent({ kind: "nodeFailed", nodeId: node.nodeId, class: failureClass, message });
      return false;
    }
  }

  /** What goes wrong here ends the program with an error, which deletes nothing. */
  private then(next: () => Promise<void>): void {
    this.work = this.work
      .then(next)
      .catch((error: unknown) => this.feed.breakOff(error instanceof Error ? error : new Error(String(error))));
  }
}
