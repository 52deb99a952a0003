import assert from "node:assert/strict";
import {
  aConfigState,
  agentConfigDoc,
  aNode,
  aSession,
  aState,
  someFailures,
  vmProviderDoc,
  type AgentConfigDoc,
  type WorldRows,
} from "../support/builders";
import { startMs } from "../support/virtual-clock";
import { planOf } from "./applied";

const failed = aNode({ nodeId: "kept", status: "failed", statusSinceMs: startMs - 60_000 });
const over = someFailures({ retryAtMs: startMs - 1 });

interface Case extends WorldRows {
  readonly name: string;
  readonly config: Partial<AgentConfigDoc>;
  readonly isKept: boolean;
}

const one = [vmProviderDoc({ maxInstances: 1 }), vmProviderDoc({ name: "others" })];
const waiting = [aSession()];
const neighbour = (doc: Partial<AgentConfigDoc>) => agentConfigDoc({ name: "neighbour", ...doc });

const cases: readonly Case[] = [
  { name: "stays while nobody needs its place", config: { maxNodes: 1 }, isKept: true },
  { name: "leaves for a session at max nodes", config: { maxNodes: 1 }, sessions: waiting, isKept: false },
  { name: "leaves for a session at max instances", config: {}, vmProviders: one, sessions: waiting, isKept: false },
  { name: "leaves for the floor", config: { maxNodes: 1, minNodes: 1 }, isKept: false },
  { name: "leaves for standby", config: { maxNodes: 1, standbyCores: 1 }, isKept: false },
  { name: "stays while there is another place", config: { maxNodes: 2 }, sessions: waiting, isKept: true },
  {
    name: "leaves when the back-off is over",
    config: { maxNodes: 1 },
    sessions: waiting,
    configStates: [aConfigState({ vms: over })],
    isKept: false,
  },
  {
    name: "stays during the back-off",
    config: { maxNodes: 1 },
    sessions: waiting,
    configStates: [aConfigState({ vms: someFailures() })],
    isKept: true,
  },
  {
    name: "stays while the circuit is open",
    config: { maxNodes: 1 },
    sessions: waiting,
    configStates: [aConfigState({ vms: someFailures({ consecutiveFailures: 5 }) })],
    isKept: true,
  },
  {
    name: "leaves for another config of its VM provider config",
    config: {},
    vmProviders: one,
    configs: [neighbour({ minNodes: 1 })],
    isKept: false,
  },
  {
    name: "stays when the other config lacks nodes of another VM provider config",
    config: {},
    vmProviders: one,
    configs: [neighbour({ vmProvider: "others", minNodes: 2, maxNodes: 1 })],
    isKept: true,
  },
  {
    name: "stays when the other config is kept from it by a cap of its own",
    config: {},
    configs: [neighbour({ minNodes: 2, standbyCores: 8, maxNodes: 2 })],
    isKept: true,
  },
];

describe("planner, quarantine", () => {
  for (const { name, config, configs = [], isKept, ...rows } of cases) {
    it(`the kept node ${name}`, () => {
      const quarantining = agentConfigDoc({ quarantine: 1, ...config });
      const state = aState({ ...rows, configs: [quarantining, ...configs], nodes: [failed] });
      const { changes } = planOf(state);
      const isDestroyed = changes.some((change) => change.kind === "destroy" && change.nodeId === failed.nodeId);
      assert.equal(isDestroyed, !isKept);
    });
  }
});
