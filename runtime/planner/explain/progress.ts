/**
 * What the requester of a session is told while he waits:
 * queued → provisioning n/m → waiting for check-in p% → starting → running.
 */
import type { EpochMs } from "../../model/clock";
import type { Node, Session } from "../../model/state";
import type { Snapshot } from "../../model/snapshot";
import { usualBootSeconds } from "../config/boot-times";
import { isInFlight } from "../lifecycle/node-status";
import { isLabelledFor, placesOf } from "../placement/places";
import { RivalCounter } from "../placement/rivals";

export interface Progress {
  /** Place in the queue among those who wait for the same pools, from 1; only while queued. */
  readonly position?: number;
  readonly phase?: string;
  /**
   * When it will likely be served: 9 of 10 boots measured before were faster. Undefined when nothing was measured, when
   * it has taken longer than every measured boot already, or when other sessions must end first.
   */
  readonly expectedAtMs?: EpochMs;
}

/** Reads one moment of the state; remembers what it has counted for sessions of the same workspace and zone. */
export class ProgressReader {
  private readonly coming = new Map<string, { total: number; existing: number }>();
  private readonly rivals: RivalCounter;

  constructor(
    private readonly snapshot: Snapshot,
    private readonly nowMs: EpochMs,
  ) {
    this.rivals = new RivalCounter(snapshot);
  }

  of(session: Session): Progress {
    if (session.status === "assigned") return { phase: "starting" };
    if (session.status === "running") return { phase: "running" };
    if (session.status !== "queued") return {};
    const expectedAtMs = this.expectedAtMs(session);
    return {
      position: this.rivals.of(session).ahead + 1,
      phase: this.phaseOf(session),
      ...(expectedAtMs === undefined ? {} : { expectedAtMs }),
    };
  }

  private phaseOf(session: Session): string {
    const { code } = session.reason;
    const node = this.promisedNode(session);
    if (node?.status === "starting") return `waiting for check-in ${Math.round(node.progressPercent ?? 0)}%`;
    if (node?.status === "running") return "waiting for check-in 100%";
    if (code !== "newNode" && !(node && isInFlight(node))) return "queued";
    const { total, existing } = this.comingFor(session);
    return total === 0 ? "queued" : `provisioning ${existing}/${total}`;
  }

  /** The node on its way whose room the last plan promised to it. */
  private promisedNode({ reason }: Session): Node | undefined {
    const nodeId = reason.numbers["nodeId"];
    return typeof nodeId === "string" ? this.snapshot.nodes.get(nodeId) : undefined;
  }

  /** Nodes on their way where the session may run, and those of them whose VM exists. */
  private comingFor({ workspace, zone }: Session): { total: number; existing: number } {
    const key = `${workspace}/${zone ?? ""}`;
    const known = this.coming.get(key);
    if (known) return known;
    const count = { total: 0, existing: 0 };
    const declared = this.snapshot.workspaces.get(workspace);
    for (const place of declared ? placesOf(declared, zone, this.snapshot) : []) {
      for (const node of this.snapshot.nodesIn(place.pool.name, place.zone.name).values()) {
        if (!isInFlight(node) || !isLabelledFor(declared, node, place.pool)) continue;
        count.total += 1;
        if (node.status === "starting") count.existing += 1;
      }
    }
    this.coming.set(key, count);
    return count;
  }

  private expectedAtMs(session: Session): EpochMs | undefined {
    const { code, numbers } = session.reason;
    const node = this.promisedNode(session);
    const autoscaleConfig = node?.autoscaleConfig ?? numbers["autoscaleConfig"];
    const state = this.snapshot.configStates.get(String(autoscaleConfig));
    const after = (startMs: number | undefined) =>
      startMs === undefined ? undefined : estimate(startMs, state?.bootSeconds ?? [], this.nowMs);
    switch (code) {
      case "inFlight":
        return node && isInFlight(node) ? after(node.createdAtMs) : undefined;
      case "newNode":
        return after(this.nowMs);
      case "backoff":
        return after(state?.failures?.[String(numbers["vmProvider"])]?.retryAtMs);
      case "schedule":
        return after(Number(numbers["opensAtMs"]) || undefined);
      default:
        return undefined;
    }
  }
}

/** When a node requested at `startMs` will likely run; undefined when that can't be told from the measured boots. */
function estimate(startMs: EpochMs, bootSeconds: readonly number[], nowMs: EpochMs): EpochMs | undefined {
  const usual = usualBootSeconds(bootSeconds);
  if (usual === undefined) return undefined;
  const longest = Math.max(...bootSeconds);
  return [startMs + usual * 1000, startMs + longest * 1000].find((atMs) => atMs > nowMs);
}
