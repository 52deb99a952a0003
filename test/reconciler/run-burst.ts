/** A burst of sessions that each need a node of their own, in virtual time: for tests and for the benchmark. */
import { laneNodesMax } from "../../runtime/planner/lifecycle/lanes";
import { vmProviderDoc, workspaceDoc } from "../support/builders";
import { SeededRng } from "../support/virtual-clock";
import { agents, countByStatus } from "./questions";
import { goodCloud, World } from "./world";

const second = 1_000;

export interface Burst {
  readonly nodes: number;
  /** What each update takes, however many nodes it makes. */
  readonly updateSeconds: number;
  readonly slots: number;
  /** Between one request and the next; 0 = all at the same moment. */
  readonly gapMs: number;
}

export interface BurstOutcome {
  /** Until all nodes ran; three times the ideal when they never did. */
  readonly seconds: number;
  /** With full lanes and no slot free at any time. */
  readonly idealSeconds: number;
  readonly running: number;
  readonly failed: number;
  readonly vmsMade: number;
  readonly enginesMost: number;
  readonly errors: readonly unknown[];
}

export async function runBurst({ nodes, updateSeconds, slots, gapMs }: Burst): Promise<BurstOutcome> {
  const docs = {
    vmProviders: [vmProviderDoc({ maxInstances: 10_000 })],
    configs: [agents({ maxNodes: 10_000, queueTimeout: "3h" })],
    workspaces: [workspaceDoc({ cores: 4 })],
  };
  const world = await World.start(docs, new SeededRng(1), slots);
  world.behaviour = { ...goodCloud, createMs: updateSeconds * second, bootMs: second, heartbeatMs: 300 * second };
  const idealSeconds = Math.ceil(nodes / laneNodesMax / slots) * updateSeconds;
  const startMs = world.clock.now();
  for (let index = 0; index < nodes; index += 1) {
    await world.broker.requestSession({ workspace: "office", userId: `user ${index}` });
    if (gapMs > 0) await world.clock.advance(gapMs);
  }
  const seconds = () => (world.clock.now() - startMs) / second;
  const running = () => countByStatus(world).running ?? 0;
  while (running() < nodes && seconds() < 3 * idealSeconds) await world.clock.advance(second);
  await world.stop();
  const { vmsMade, errors, engines, disk } = world;
  const failed = disk.decisions.filter(({ subject, event }) => subject === "node" && event === "failed").length;
  return { seconds: seconds(), idealSeconds, running: running(), failed, vmsMade, enginesMost: engines.most, errors };
}
