/** Turns a plan into the changes of one commit, and tells the journal what is new about it. */
import { tidyAccounts } from "../broker/account-rows";
import type { NodeTokens } from "../broker/node-tokens";
import type { Rng } from "../model/clock";
import { connectionSecretsOf } from "../model/connection";
import type { Journal } from "../model/journal";
import type { NodeChange, Plan } from "../model/plan";
import { fillNode, type QueueContext } from "../planner/placement/place-queue";
import { destroyNode, moveNode, without } from "../planner/lifecycle/transitions";
import { definitionId } from "../model/changes";
import { LaneChooser } from "./lane-chooser";
import { createNodeRow } from "./new-node";
import { TickJournal } from "./tick-journal";

export interface PlanApplierOptions {
  readonly rng: Rng;
  readonly tokens: NodeTokens;
  readonly journal: Journal;
}

/** What a plan remembers of a config; everything else of its state is written by others. */
const plannedFields = ["excessSinceMs", "excessNodes", "earlyForMs"] as const;

export class PlanApplier {
  private readonly tickJournal: TickJournal;
  /** By config or staging config: the code of the reason that the journal heard last. */
  private readonly toldReasons = new Map<string, string>();

  constructor(private readonly options: PlanApplierOptions) {
    this.tickJournal = new TickJournal(options.journal);
  }

  /** The plan must be of the state that the context's draft reads. `isRoomReleased`: a session's kept room is free again. */
  apply(plan: Plan, context: QueueContext): { readonly isRoomReleased: boolean } {
    const { draft, catalog, nowMs } = context;
    const { snapshot } = draft;
    const chooser = new LaneChooser(snapshot, this.options.rng);
    for (const change of plan.changes) {
      if (change.kind === "create") this.createNode(change, chooser, context);
      else changeNode(change, context);
    }
    const tick = this.tickJournal.entryFor(plan, snapshot);
    if (tick) draft.decide(tick);
    this.noteConfigs(plan, context);
    const isRoomReleased = this.noteWaiting(plan, context);
    this.noteStaging(plan, context);
    this.completeDeletions(context);
    for (const change of tidyAccounts({ snapshot, catalog, nowMs })) draft.put(change);
    return { isRoomReleased };
  }

  private createNode(
    { autoscaleConfig, vmProvider, reason }: Extract<NodeChange, { kind: "create" }>,
    chooser: LaneChooser,
    context: QueueContext,
  ): void {
    const lane = chooser.choose(autoscaleConfig, vmProvider);
    const wanted = { autoscaleConfig, vmProvider, laneId: lane.laneId, reason };
    const node = createNodeRow(wanted, context, this.options);
    context.draft.raiseLane(lane);
    context.draft.putNode(node);
    const config = context.draft.snapshot.autoscaleConfigs.get(autoscaleConfig);
    if (config?.type === "server") context.draft.putNodeSecrets(node.nodeId, connectionSecretsOf(config));
    context.draft.decide(this.options.journal.entry("node", node.nodeId, "requested", reason));
  }

  /** Keeps what the plan remembers of each config; the journal hears of a config only when its top reason changes. */
  private noteConfigs({ configs }: Plan, { draft }: QueueContext): void {
    for (const { autoscaleConfig, nextState, reasons, objective } of configs) {
      const before = draft.snapshot.configStates.get(autoscaleConfig);
      const isSame = plannedFields.every((field) => before?.[field] === nextState[field]);
      if (!isSame) draft.put({ kind: "put", table: "configState", row: nextState });
      if (objective && this.isNews(`objective of ${autoscaleConfig}`, objective.code)) {
        draft.decide(this.options.journal.entry("config", autoscaleConfig, objective.code, objective));
      }
      const [top] = reasons;
      if (!top || !this.isNews(autoscaleConfig, top.code)) continue;
      draft.decide(this.options.journal.entry("config", autoscaleConfig, top.code, top));
    }
  }

  /** The journal hears of a staging config when what it lacks, or why, changes. */
  private noteStaging({ staging }: Plan, { draft }: QueueContext): void {
    for (const { stagingConfig, reason } of staging) {
      if (!this.isNews(`staging ${stagingConfig}`, reason.code)) continue;
      draft.decide(this.options.journal.entry("staging", stagingConfig, reason.code, reason));
    }
  }

  private isNews(subject: string, code: string): boolean {
    if (this.toldReasons.get(subject) === code) return false;
    this.toldReasons.set(subject, code);
    return true;
  }

  /** A waiting session tells what it waits for; its row changes only when that does. True when room is kept no longer. */
  private noteWaiting({ waiting }: Plan, { draft }: QueueContext): boolean {
    let isRoomReleased = false;
    for (const { sessionId, reason, reservation } of waiting) {
      const session = draft.session(sessionId);
      if (session?.status !== "queued") continue;
      const [before = [], after = []] = [session.reservation?.nodeIds, reservation?.nodeIds];
      const isKeptSame = before.join() === after.join();
      const isOther = session.reason.code !== reason.code;
      if (isKeptSame && !isOther && session.reason.numbers["nodeId"] === reason.numbers["nodeId"]) continue;
      isRoomReleased ||= before.some((nodeId) => !after.includes(nodeId));
      draft.putSession({ ...without(session, "reservation"), ...(reservation ? { reservation } : {}), reason });
      const event = !isKeptSame && reservation ? "reserved" : isOther ? "waits" : undefined;
      if (event) draft.decide(this.options.journal.entry("session", sessionId, event, reason));
    }
    return isRoomReleased;
  }

  /** A config that is to be deleted goes with its last node. */
  private completeDeletions({ draft }: QueueContext): void {
    const { snapshot } = draft;
    for (const [name, state] of snapshot.configStates) {
      if (!state.isDeleting || snapshot.nodesOfConfig(name).size > 0) continue;
      draft.put({ kind: "delete", table: "definition", id: definitionId("autoscaleConfig", name) });
      draft.put({ kind: "delete", table: "configState", id: name });
      if (snapshot.configDemands.has(name)) draft.put({ kind: "delete", table: "configDemand", id: name });
      this.toldReasons.delete(name);
      this.toldReasons.delete(`objective of ${name}`);
      const reason = { code: "deleted", text: "deleted; its last node is gone", numbers: {} };
      draft.decide(this.options.journal.entry("config", name, "deleted", reason));
    }
  }
}

function changeNode(change: Exclude<NodeChange, { kind: "create" }>, context: QueueContext): void {
  const node = context.draft.node(change.nodeId);
  if (!node) return;
  if (change.kind === "drain") return moveNode(context, node, "draining", change.reason);
  if (change.kind === "destroy") return destroyNode(context, node, change.reason);
  moveNode(context, node, "running", change.reason);
  fillNode(context, node.nodeId);
}
