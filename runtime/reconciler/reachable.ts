/**
 * Which nodes can be reached from here by a probe, as far as their neighbours show. A server that checked in and whose
 * port never answered may be dead, or behind a firewall that lets no probe through: it is judged only while the port of
 * another node of its config answers.
 */
import type { EpochMs } from "../model/clock";
import type { Node } from "../model/state";

/** By config: the earliest of the answers that count, one of each node whose port has answered lately. */
export type Answers = ReadonlyMap<string, EpochMs>;

export function answersOf(nodes: Iterable<Node>, nowMs: EpochMs): Answers {
  const answers = new Map<string, EpochMs>();
  for (const { autoscaleConfig, lastProbeMs, missingTimeoutSeconds } of nodes) {
    if (autoscaleConfig === undefined || lastProbeMs === undefined) continue;
    if (nowMs - lastProbeMs >= missingTimeoutSeconds * 1000) continue;
    answers.set(autoscaleConfig, Math.min(answers.get(autoscaleConfig) ?? lastProbeMs, lastProbeMs));
  }
  return answers;
}

/** When a neighbour's port answered, so that this one's should have; undefined when none did lately, or it has no port. */
export function neighbourAnsweredMs(node: Node, answers: Answers): EpochMs | undefined {
  if (node.connectionPort === undefined || node.address === undefined) return undefined;
  return node.autoscaleConfig === undefined ? undefined : answers.get(node.autoscaleConfig);
}
