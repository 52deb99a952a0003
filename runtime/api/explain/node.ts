/** A node in sentences: what it is doing, since when and why, why it is still there, and what would change that. */
import type { CheckSubject } from "../../model/account-check";
import type { Decision, Node, Session } from "../../model/state";
import { formatCount, formatDuration, formatSpan } from "../../model/units";
import { describeShape } from "../../model/shape-text";
import { isUnheard } from "../../planner/lifecycle/node-status";
import type { Leader } from "../backend";
import { accountReasons } from "./account";
import { adviceFor, formatTime } from "./advice";
import type { Story } from "./story";
import { outlookOfNode } from "./without-node";

export function tellNode(node: Node, leader: Leader): Story {
  const nowMs = leader.clock.now();
  const sentences = [
    `It is ${node.status} since ${formatTime(node.statusSinceMs)} (${formatSpan(nowMs - node.statusSinceMs)}): ${node.reason.text}.`,
    `It was requested ${formatSpan(nowMs - node.createdAtMs)} ago${origin(node)}.`,
  ];
  const story: Story = { sentences, wouldChange: [] };
  switch (node.status) {
    case "requested":
    case "provisioning":
    case "starting":
      tellComing(node, leader, story);
      tellAccountTrouble(node, leader, story);
      break;
    case "running":
      tellRunning(node, leader, story);
      break;
    case "missing":
      tellMissing(node, nowMs, story);
      break;
    case "draining":
      tellSessions(node, leader, story, "It takes no new session and is destroyed when it is empty");
      break;
    case "failed":
      sentences.push(`It failed (${node.failure?.class ?? "unknown"}): ${node.failure?.message ?? node.reason.text}.`);
      tellAccountTrouble(node, leader, story);
      break;
    case "dead":
    case "destroying":
      sentences.push("It is being removed and never comes back.");
      break;
    default:
      break;
  }
  return story;
}

/** The last call of its own that was refused while it has been as it is: it may never have learned why. */
export function tellRefusedCall({ status, statusSinceMs }: Node, journal: readonly Decision[]): string[] {
  const last = journal.findLast(({ event }) => event === "callRefused");
  if (!last || (status === "running" && last.atMs < statusSinceMs)) return [];
  return [`At ${formatTime(last.atMs)} ${last.reason.text}.`];
}

/** What its cloud and its directory say now of where it is to come from. */
function tellAccountTrouble({ vmProvider, spec }: Node, leader: Leader, { sentences, wouldChange }: Story): void {
  const directory = spec?.computerRecord && leader.ledger.state.accounts.get(spec.computerRecord.account);
  const subjects: CheckSubject[] = [
    ...(vmProvider === undefined ? [] : [{ kind: "vmProviderConfig", name: vmProvider } as const]),
    ...(directory ? [{ kind: "ldapConfig", name: directory.definition } as const] : []),
  ];
  const reasons = accountReasons(subjects, leader);
  for (const { text } of reasons) sentences.push(`${text}.`);
  for (const advice of new Set(reasons.map(adviceFor))) if (advice) wouldChange.push(advice);
}

function origin({ autoscaleConfig, pool, zone, vmProvider }: Node): string {
  if (autoscaleConfig === undefined) return ` as a static member of pool "${pool}" in zone "${zone}"`;
  return ` by autoscale config "${autoscaleConfig}" for pool "${pool}" in zone "${zone}" on VM provider config "${vmProvider}"`;
}

function tellComing(node: Node, leader: Leader, story: Story): void {
  const { sentences, wouldChange } = story;
  const { ledger } = leader;
  const lane = node.laneId === undefined ? undefined : ledger.state.lanes.get(node.laneId);
  const waits: Readonly<Record<string, string>> = {
    requested: `It waits for the next update of lane ${node.laneId} (revision ${lane?.appliedRevision} of ${lane?.desiredRevision} is done).`,
    provisioning: `The update of lane ${node.laneId} is running and the cloud has not answered for it yet.`,
    starting: `The VM exists${node.address ? ` at ${node.address}` : ""}; ${waitsFor(node)}.`,
  };
  sentences.push(waits[node.status]!);
  if (node.status === "starting" && node.readyWhen !== "probe") tellHome(node, leader, story);
  if (node.status === "requested") {
    const place = leader.slotWaitOf?.(node.laneId ?? "");
    if (place) {
      const { position, waiting, inUse, slots } = place;
      sentences.push(
        `The lane is number ${position} of ${waiting} that wait for a slot; ${inUse} of ${slots} slots are in use.`,
      );
      wouldChange.push("an update of another lane ends, or the runtime gets more slots (serve --workers)");
    }
    return;
  }
  const failsAtMs = node.statusSinceMs + node.provisionTimeoutSeconds * 1000;
  const limit = formatDuration(node.provisionTimeoutSeconds);
  wouldChange.push(
    `if that does not happen by ${formatTime(failsAtMs)} it is failed and replaced (provisionTimeout ${limit})`,
  );
}

/** Where its VM calls: who runs a runtime on another port than its zone says waits for calls that go elsewhere. */
function tellHome({ zone, lastHeartbeatMs, progressPercent }: Node, { ledger }: Leader, { sentences }: Story): void {
  const address = ledger.state.zones.get(zone)?.upstreamAuthAddress;
  if (address === undefined || lastHeartbeatMs !== undefined || progressPercent !== undefined) return;
  sentences.push(
    `Nothing was heard from it yet. Zone "${zone}" now says that VMs call ${address}: this runtime must be there.`,
  );
}

function waitsFor({ readyWhen, progressPercent, progressMessage, connectionPort }: Node): string {
  if (readyWhen === "heartbeat") return "it waits for its first heartbeat";
  if (readyWhen === "probe") return `it waits until port ${connectionPort} answers`;
  const told = progressMessage === undefined ? "" : `: ${progressMessage}`;
  return `it waits for its check-in, which is at ${Math.round(progressPercent ?? 0)} %${told}`;
}

function tellMissing(node: Node, nowMs: number, { sentences, wouldChange }: Story): void {
  if (node.autoscaleConfig === undefined) {
    const port = node.connectionPort ?? 0;
    sentences.push(`It takes no new session until its port ${port} answers; a static member is never given up.`);
    wouldChange.push(`an answer of its port brings it back: switch it on, and open port ${port} to the runtime`);
    return;
  }
  if (isUnheard(node)) {
    sentences.push("It counts as no capacity, and is given up when it has no session and goes on unheard.");
    wouldChange.push("an answer of its port brings it back", "open its port to the runtime, or delete the node");
    return;
  }
  const heardMs = node.lastHeartbeatMs ?? node.lastProbeMs ?? node.statusSinceMs;
  const deadAtMs = heardMs + node.deadTimeoutSeconds * 1000;
  const sign = node.lastHeartbeatMs === undefined && node.lastProbeMs !== undefined ? "answered probe" : "heartbeat";
  sentences.push(`Its last ${sign} came ${formatSpan(nowMs - heardMs)} ago, so it counts as no capacity.`);
  wouldChange.push(sign === "heartbeat" ? "a heartbeat brings it back" : "an answer of its port brings it back");
  wouldChange.push(`without one it is dead at ${formatTime(deadAtMs)} and is replaced (deadTimeout)`);
}

function tellRunning(node: Node, leader: Leader, story: Story): void {
  const { sentences, wouldChange } = story;
  const reserver = leader.ledger.state.reservations.get(node.nodeId);
  if (reserver) {
    const waited = formatSpan(leader.clock.now() - reserver.requestedAtMs);
    sentences.push(
      `Session ${reserver.sessionId} waits for ${waited} and was passed over: what comes free here is kept for it until it fits (${describeShape(reserver.needs)}).`,
    );
  }
  const config = leader.ledger.state.autoscaleConfigs.get(node.autoscaleConfig ?? "");
  if (node.autoscaleConfig === undefined) {
    sentences.push("It is alive because it is a static member: Headroom neither creates nor destroys it.");
    wouldChange.push(`take it out of staticMembers of pool "${node.pool}"`);
    return;
  }
  const declared = config?.downscaleBackoff ?? 0;
  const backoff = declared === "auto" ? "as long as the forecast has it" : formatDuration(declared);
  const after = `It can leave when the last one has ended and nothing else has needed it for ${backoff} (downscaleBackoff)`;
  if (tellSessions(node, leader, story, after)) return;
  if (config && !config.enabled) {
    sentences.push(
      `It is idle and stays because autoscale config "${config.name}" is disabled: nothing of it is destroyed.`,
    );
    wouldChange.push(`enable autoscale config "${config.name}", or delete the node`);
    return;
  }
  tellIdle(node, leader, story);
}

function tellIdle(node: Node, leader: Leader, { sentences, wouldChange }: Story): void {
  const present = leader.plan();
  const { ledger, catalog } = leader;
  const { neededFor, drainsAtMs } = outlookOfNode(node, { snapshot: ledger.state, present, catalog });
  const change = present.changes.find((next) => next.kind !== "create" && next.nodeId === node.nodeId);
  if (change) {
    sentences.push(`The next pass will ${change.kind} it: ${change.reason.text}.`);
  } else if (neededFor) {
    sentences.push(`It is idle, and alive because without it something would be missing: ${neededFor.text}.`);
    const advice = adviceFor(neededFor);
    if (advice) wouldChange.push(advice);
  } else if (drainsAtMs !== undefined) {
    sentences.push(
      `It is idle and nobody needs it; it drains at ${formatTime(drainsAtMs)} if that lasts (downscaleBackoff).`,
    );
    wouldChange.push(
      "a session that needs it, or a standby that falls short, keeps it",
      "deleting the node ends it at once",
    );
  } else {
    sentences.push("It is idle and not needed for itself, but another node leaves before it: newest first.");
    wouldChange.push("deleting the node ends it at once");
  }
}

/** False when there is no session on it. */
function tellSessions(node: Node, { ledger }: Leader, { sentences, wouldChange }: Story, after: string): boolean {
  const sessions = [...ledger.state.sessionsOf(node.nodeId).values()];
  if (sessions.length === 0) return false;
  const shown = sessions.slice(0, 5).map(tellSession).join(", ");
  const more = sessions.length > 5 ? ` and ${sessions.length - 5} more` : "";
  sentences.push(
    `It is alive because ${formatCount(sessions.length, "session")} ${sessions.length === 1 ? "is" : "are"} on it: ${shown}${more}.`,
  );
  wouldChange.push(`${after.charAt(0).toLowerCase()}${after.slice(1)}`);
  return true;
}

function tellSession({ sessionId, workspace, userId, status }: Session): string {
  return `${sessionId} (${workspace}${userId === undefined ? "" : ` of ${userId}`}, ${status})`;
}
