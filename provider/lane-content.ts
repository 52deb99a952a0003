/** What a lane's program works from, as its configuration file holds it. */
import * as pulumi from "@pulumi/pulumi";
import { accountsKey, type LaneContent } from "../runtime/executor/node-program-port";
import type { DesiredNode } from "../runtime/model/state";

/** What the lane's configuration file holds, see `lane-folder.ts`. */
export function readLane(): LaneContent {
  const prefix = `${pulumi.getProject()}:`;
  const values = Object.entries(pulumi.runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  const nodes = values.filter(([key]) => key !== `${prefix}${accountsKey}`);
  const shared = values.find(([key]) => key === `${prefix}${accountsKey}`)?.[1] ?? "{}";
  const { accounts = {}, leaving = [], powers = [] } = JSON.parse(shared) as Partial<LaneContent>;
  return { nodes: nodes.map(([, value]) => JSON.parse(value) as DesiredNode), accounts, leaving, powers };
}

export function inOrder(nodes: readonly DesiredNode[], order: readonly DesiredNode[]): readonly DesiredNode[] {
  const ranks = new Map(order.map(({ nodeId }, rank) => [nodeId, rank]));
  const rankOf = ({ nodeId }: DesiredNode): number => ranks.get(nodeId) ?? order.length;
  return nodes.toSorted((a, b) => rankOf(a) - rankOf(b));
}
