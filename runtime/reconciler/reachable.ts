/**
 * Which nodes can be reached from here by a probe, as far as their neighbours show. A server that checked in and whose
 * port never answered may be dead, or behind a firewall that lets no probe through: it is judged only while the port of
 * another node of its config (of its pool and zone, for a static member) answers.
 */
import type { EpochMs } from "../model/clock";
import type { Node } from "../model/state";

/** By neighbourhood: the earliest of the answers that count, one of each node whose port has answered lately. */
export type Answers = ReadonlyMap<string, EpochMs>;

export function answersOf(nodes: Iterable<Node>, nowMs: EpochMs): Answers {
  const answers = new Map<string, EpochMs>();
  for (const node of nodes) {
    const { lastProbeMs, missingTimeoutSeconds } = node;
    if (lastProbeMs === undefined || nowMs - lastProbeMs >= missingTimeoutSeconds * 1000) continue;
    for (const key of [placeOf(node), ...configOf(node)]) {
      answers.set(key, Math.min(answers.get(key) ?? lastProbeMs, lastProbeMs));
    }
  }
  return answers;
}

/** When a neighbour's port answered, so that this one's should have; undefined when none did lately, or it has no port. */
export function neighbourAnsweredMs(node: Node, answers: Answers): EpochMs | undefined {
  if (node.connectionPort === undefined || node.address === undefined) return undefined;
  const [key = placeOf(node)] = configOf(node);
  return answers.get(key);
}

function configOf({ autoscaleConfig }: Node): string[] {
  return autoscaleConfig === undefined ? [] : [`config ${autoscaleConfig}`];
}

function placeOf({ pool, zone }: Node): string {
  return `place ${pool}/${zone}`;
}
