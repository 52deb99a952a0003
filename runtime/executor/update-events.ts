/**
 * From the engine's events to what the runtime wants to know per node. Pure: one translator per run of the engine, fed
 * in order.
 *
 *   component's outputs with an address           → nodeCreated (its DNS record exists too: the outputs wait for it)
 *   create of anything of the node failed         → nodeFailed, with the diagnostics of that resource
 *   the same, but the answer may only be lost     → nothing; the node is in {@link UpdateEventTranslator.doubtful}
 *   the same, because we did not permit it        → nothing; the update's result names the node
 *   component deleted                             → nodeDeleted
 */
import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { EpochMs } from "../model/clock";
import type { CloudFailureClass } from "../model/errors";
import { isOutcomeUnknown } from "./failure-class";
import type { EngineStep, UpdateEvent } from "./node-updater";
import { nameOf, nodeComponentType, nodeIdOf } from "./stack-state";

export interface Classifier {
  (nodeId: string, message: string): CloudFailureClass;
}

export class UpdateEventTranslator {
  /**
   * Nodes whose create failed in a way that leaves open whether their VM exists: the plugin died, or a call to the
   * cloud broke off. The caller looks before it reports them.
   */
  readonly doubtful = new Map<string, NodeFailure>();
  private readonly parents = new Map<string, string>();
  /** Error texts by the URN they are about. */
  private readonly diagnostics = new Map<string, string[]>();
  private readonly creating = new Set<string>();
  private readonly created = new Set<string>();
  /** The cloud's ids of VMs by node. */
  private readonly vmIds = new Map<string, string>();
  private readonly failed = new Set<string>();
  /** When the creates that run have begun, by URN, and those that have ended, by node. */
  private readonly startedAtMs = new Map<string, EpochMs>();
  private readonly steps = new Map<string, readonly EngineStep[]>();
  /** Failed creates whose diagnostics have not come yet: URN → node. */
  private readonly unexplained = new Map<string, string>();

  constructor(
    private readonly classify: Classifier,
    /** A step of this node was refused by us, before any cloud was asked: its failure is not reported. */
    private readonly isRefused: (nodeId: string) => boolean = () => false,
    /** Default: steps have no times, and nothing is told of them. */
    private readonly now?: () => EpochMs,
  ) {}

  translate(event: EngineEvent): UpdateEvent[] {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (resourcePreEvent) return this.onStep(resourcePreEvent.metadata);
    if (resOutputsEvent) return this.onDone(resOutputsEvent.metadata);
    if (resOpFailedEvent) return this.onFailed(resOpFailedEvent.metadata);
    if (diagnosticEvent?.severity === "error" && diagnosticEvent.urn) {
      return this.onDiagnostic(diagnosticEvent.urn, diagnosticEvent.message);
    }
    return [];
  }

  /** Nodes whose create has failed for certain. */
  get refused(): ReadonlySet<string> {
    return new Set([...this.failed].filter((nodeId) => !this.doubtful.has(nodeId)));
  }

  /** Call once after the last event: failures that nothing explained. */
  finish(): UpdateEvent[] {
    return [...this.unexplained].flatMap(([urn, nodeId]) =>
      this.fail(nodeId, urn, "the create failed; see the update's log"),
    );
  }

  /** True when nothing more will be heard of the node's create but what explains its failure. */
  isSettled(nodeId: string): boolean {
    const isUnexplained = [...this.unexplained.values()].includes(nodeId);
    return this.created.has(nodeId) || this.failed.has(nodeId) || isUnexplained;
  }

  private onStep(metadata: StepMetadata): UpdateEvent[] {
    const parent = metadata.new?.parent ?? metadata.old?.parent;
    if (parent) this.parents.set(metadata.urn, parent);
    const nodeId = this.nodeOf(metadata.urn);
    if (nodeId === undefined || metadata.op !== "create" || isComponent(metadata.urn)) return [];
    if (this.now) this.startedAtMs.set(metadata.urn, this.now());
    if (this.creating.has(nodeId)) return [];
    this.creating.add(nodeId);
    return [{ kind: "nodeCreating", nodeId }];
  }

  private onDone(metadata: StepMetadata): UpdateEvent[] {
    const nodeId = nameOf(metadata.urn);
    if (!isComponent(metadata.urn)) {
      this.noteStep(metadata);
      const vmId = metadata.new?.id;
      if (vmId && this.nodeOf(metadata.urn) === nodeId) this.vmIds.set(nodeId, vmId);
      return [];
    }
    if (metadata.op === "delete") return [{ kind: "nodeDeleted", nodeId }];
    const outputs: Record<string, unknown> = metadata.new?.outputs ?? {};
    const { address, dnsName } = outputs;
    if (typeof address !== "string" || address === "" || this.created.has(nodeId)) return [];
    this.created.add(nodeId);
    const named = typeof dnsName === "string" && dnsName !== "" ? { dnsName } : {};
    const vmId = this.vmIds.get(nodeId);
    const steps = this.steps.get(nodeId);
    const more = { ...(vmId === undefined ? {} : { vmId }), ...named, ...(steps === undefined ? {} : { steps }) };
    return [{ kind: "nodeCreated", nodeId, address, ...more }];
  }

  private noteStep({ urn, type }: StepMetadata): void {
    const startedAtMs = this.startedAtMs.get(urn);
    const nodeId = this.nodeOf(urn);
    if (startedAtMs === undefined || nodeId === undefined || !this.now) return;
    const step: EngineStep = { type, startedAtMs, endedAtMs: this.now() };
    this.steps.set(nodeId, [...(this.steps.get(nodeId) ?? []), step]);
  }

  private onFailed(metadata: StepMetadata): UpdateEvent[] {
    const parent = metadata.new?.parent ?? metadata.old?.parent;
    if (parent) this.parents.set(metadata.urn, parent);
    const nodeId = this.nodeOf(metadata.urn);
    if (nodeId === undefined || metadata.op !== "create") return [];
    const explained = this.diagnostics.get(metadata.urn);
    if (explained) return this.fail(nodeId, metadata.urn, explained.join("; "));
    this.unexplained.set(metadata.urn, nodeId);
    return [];
  }

  private onDiagnostic(urn: string, message: string): UpdateEvent[] {
    const text = message.trim();
    this.diagnostics.set(urn, [...(this.diagnostics.get(urn) ?? []), text]);
    const nodeId = this.nodeOf(urn);
    if (nodeId === undefined) return [];
    // A component does nothing of its own: an error about it is the program's, which could not declare the node.
    if (isComponent(urn) || this.unexplained.has(urn)) return this.fail(nodeId, urn, text);
    return [];
  }

  private fail(nodeId: string, urn: string, message: string): UpdateEvent[] {
    this.unexplained.delete(urn);
    if (this.failed.has(nodeId) || this.created.has(nodeId)) return [];
    this.failed.add(nodeId);
    if (this.isRefused(nodeId)) return [];
    const failureClass = isOutcomeUnknown(message) ? "TRANSIENT" : this.classify(nodeId, message);
    const failure: NodeFailure = { kind: "nodeFailed", nodeId, class: failureClass, message };
    // A component fails only when its program could not declare it: then no cloud was asked.
    if (failureClass !== "TRANSIENT" || isComponent(urn)) return [failure];
    this.doubtful.set(nodeId, failure);
    return [];
  }

  private nodeOf(urn: string): string | undefined {
    return nodeIdOf(urn, (child) => this.parents.get(child)) ?? nodeOfQualifiedType(urn);
  }
}

export type NodeFailure = Extract<UpdateEvent, { kind: "nodeFailed" }>;
type StepMetadata = NonNullable<EngineEvent["resourcePreEvent"]>["metadata"];

function isComponent(urn: string): boolean {
  return urn.split("::")[2] === nodeComponentType;
}

/** Before any step of it was seen: a direct child has the node's type in its own and usually the node's name. */
function nodeOfQualifiedType(urn: string): string | undefined {
  return urn.split("::")[2]?.startsWith(`${nodeComponentType}$`) ? nameOf(urn) : undefined;
}
