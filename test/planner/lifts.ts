/** What takes away the constraint that a reason names: if the sentence is true, something else holds then, or nothing. */
import assert from "node:assert/strict";
import { definitionId } from "../../runtime/model/changes";
import type { DefinitionKind } from "../../runtime/model/config";
import type { Reason } from "../../runtime/model/reason";
import type { Node, Session } from "../../runtime/model/state";
import { without } from "../../runtime/planner/lifecycle/transitions";
import type { HotState } from "../../runtime/store/hot-state";
import { gib } from "../support/builders";

const ample = { cores: 1000, memoryBytes: 1000 * gib, gpus: 100 };

function patchNode(state: HotState, node: Node, patch: Partial<Node>): void {
  state.apply([{ kind: "put", table: "node", row: { ...node, ...patch } }]);
}

function endSessionsOn(state: HotState, { nodeId }: Node, isToEnd: (session: Session) => boolean): void {
  for (const session of [...state.sessionsOf(nodeId).values()].filter(isToEnd)) {
    state.apply([{ kind: "delete", table: "session", id: session.sessionId }]);
  }
}

export function redeclare(state: HotState, kind: DefinitionKind, name: string, patch: object): void {
  const stored = state.definitions.get(definitionId(kind, name))!;
  state.apply([{ kind: "put", table: "definition", row: { ...stored, doc: { ...stored.doc, ...patch } } }]);
}

/** Enabled, not drained, not being deleted, without a schedule. */
function open(state: HotState, config: string): void {
  redeclare(state, "autoscaleConfig", config, { enabled: true, drain: false });
  const row = without(state.configStates.get(config) ?? { autoscaleConfig: config }, "isDeleting");
  state.apply([{ kind: "put", table: "configState", row }]);
  for (const { name } of [...state.schedulesOf(config)]) {
    state.apply([{ kind: "delete", table: "definition", id: definitionId("schedule", name) }]);
  }
}

type NodeLift = (state: HotState, node: Node, session: Session) => void;

const runs: NodeLift = (state, node) => patchNode(state, node, { status: "running" });

const nodeLifts: Readonly<Record<string, NodeLift>> = {
  coming: runs,
  missing: runs,
  draining: runs,
  destroying: runs,
  failed: runs,
  dead: runs,
  configClosed: (state, node) => open(state, node.autoscaleConfig!),
  full: (state, node) => patchNode(state, node, { shape: ample }),
  tooSmall: (state, node) => patchNode(state, node, { shape: ample }),
  unknownShape: (state, node) => patchNode(state, node, { shape: ample }),
  desktop: (state, node, { userId }) => endSessionsOn(state, node, (session) => session.userId === userId),
  users: (state, node) => patchNode(state, node, { usersMax: 1000 }),
  sessions: (state, node) => patchNode(state, node, { sessionsMax: 1000 }),
  used: (state, node) => patchNode(state, node, { isReusable: true, hasServed: false }),
  reserved: (state, _node, _session) => {
    for (const reserver of [...state.reservations.values()]) {
      state.apply([{ kind: "put", table: "session", row: without(reserver, "reservation") }]);
    }
  },
};

export function liftOnNode(state: HotState, nodeId: string, session: Session, { code, text }: Reason): void {
  const lift = nodeLifts[code];
  assert.ok(lift, `nobody knows how to lift "${code}": ${text}`);
  lift(state, state.nodes.get(nodeId)!, session);
}

type ConfigLift = (state: HotState, config: string, numbers: Reason["numbers"]) => void;

const opens: ConfigLift = (state, config) => open(state, config);
const forgetsFailures: ConfigLift = (state, config) => {
  const row = without(state.configStates.get(config) ?? { autoscaleConfig: config }, "failures");
  state.apply([{ kind: "put", table: "configState", row }]);
};

const configLifts: Readonly<Record<string, ConfigLift>> = {
  configDisabled: opens,
  configDraining: opens,
  configDeleting: opens,
  schedule: opens,
  maxNodes: (state, config) => redeclare(state, "autoscaleConfig", config, { maxNodes: 1000 }),
  maxInstances: (state, _config, { vmProvider }) =>
    redeclare(state, "vmProviderConfig", String(vmProvider), { maxInstances: 1000 }),
  circuitOpen: forgetsFailures,
  singleTry: forgetsFailures,
  backoff: (state) => {
    for (const config of [...state.configStates.keys()]) forgetsFailures(state, config, {});
  },
  unknownShape: (state, config) =>
    redeclare(state, "autoscaleConfig", config, { coresOverride: 1000, memoryOverride: "1000GiB", gpusOverride: 100 }),
  unknownGpus: (state, config) => redeclare(state, "autoscaleConfig", config, { gpusOverride: 100 }),
  shape: (state, config) =>
    redeclare(state, "autoscaleConfig", config, { coresOverride: 1000, memoryOverride: "1000GiB", gpusOverride: 100 }),
  /** A static member that is large enough. */
  noConfig: (state, _config, { pool, zone }) => {
    const member = { name: "extra", zone, address: "10.0.0.1", cores: 1000, memory: "1000GiB", gpus: 100 };
    redeclare(state, "pool", String(pool), { staticMembers: [member] });
  },
  gpu: (state, config) => redeclare(state, "autoscaleConfig", config, { gpusOverride: 100 }),
};

export function liftOnConfig(state: HotState, config: string, { code, text, numbers }: Reason): void {
  const lift = configLifts[code];
  assert.ok(lift, `nobody knows how to lift "${code}": ${text}`);
  lift(state, config, numbers);
}
