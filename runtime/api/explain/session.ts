/** A session in sentences: where it is and why, what it waits for at each place where it may run. */
import { checkIdOf, type CheckSubject } from "../../model/account-check";
import type { Node, Session } from "../../model/state";
import { formatDuration, formatSpan } from "../../model/units";
import { startTimeoutOf } from "../../planner/lifecycle/start-timeout";
import { summaryOf } from "../../planner/explain/place-summary";
import { configsFor, placesOf } from "../../planner/placement/places";
import { RivalCounter } from "../../planner/placement/rivals";
import type { Leader } from "../backend";
import { accountReasons, accountsOf } from "./account";
import { adviceFor, formatTime } from "./advice";
import type { Story } from "./story";

export function tellSession(session: Session, leader: Leader): Story {
  const story: Story = { sentences: [], wouldChange: [] };
  if (session.status === "queued") tellWaiting(session, leader, story);
  else tellPlaced(session, leader, story);
  return story;
}

function tellPlaced(session: Session, leader: Leader, story: Story): void {
  const { status, requestedAtMs, assignedAtMs, endedAtMs, nodeId, reason } = session;
  const { sentences } = story;
  const nowMs = leader.clock.now();
  const waited =
    assignedAtMs === undefined ? "" : ` and got its node after ${formatSpan(assignedAtMs - requestedAtMs)}`;
  sentences.push(
    `It was requested at ${formatTime(requestedAtMs)} (${formatSpan(nowMs - requestedAtMs)} ago)${waited}.`,
  );
  if (endedAtMs !== undefined) sentences.push(`It ended at ${formatTime(endedAtMs)}: ${reason.text}.`);
  else if (nodeId !== undefined) sentences.push(`It is ${status} on node ${nodeId}: ${reason.text}.`);
  if (status === "assigned") tellUnstarted(session, leader, story);
}

/** It looks stuck to whoever does not know that a broker has to say when it runs. */
function tellUnstarted(session: Session, { ledger }: Leader, { sentences, wouldChange }: Story): void {
  const { sessionId, assignedAtMs, requestedAtMs } = session;
  const path = `/api/v1/sessions/${sessionId}`;
  sentences.push(
    `Its node is ready for its user: GET ${path}/connection says how to get in. Whoever brings the user in sets it to running: PUT ${path}/status.`,
  );
  const limitSeconds = startTimeoutOf(session, ledger.state);
  if (limitSeconds === 0) {
    wouldChange.push("it is set to running, or ended; until then it holds its node (startTimeout 0s)");
    return;
  }
  const endsAtMs = (assignedAtMs ?? requestedAtMs) + limitSeconds * 1000;
  wouldChange.push(
    `it is set to running, or it ends at ${formatTime(endsAtMs)} at the earliest (startTimeout ${formatDuration(limitSeconds)})`,
  );
}

function tellWaiting(session: Session, leader: Leader, { sentences, wouldChange }: Story): void {
  const { ledger, clock } = leader;
  const { state } = ledger;
  const { ahead, waiting: rivals } = new RivalCounter(state).of(session);
  const waited = formatSpan(clock.now() - session.requestedAtMs);
  sentences.push(
    `It waits since ${formatTime(session.requestedAtMs)} (${waited}), at place ${ahead + 1} of ${rivals} in the queue of its pools.`,
  );
  const present = leader.plan();
  const waiting = present.waiting.find(({ sessionId }) => sessionId === session.sessionId);
  const reason = waiting?.reason ?? session.reason;
  const promised = waiting?.nodeId === undefined ? undefined : state.nodes.get(waiting.nodeId);
  sentences.push(`It waits because ${reason.text}.`);
  if (promised) sentences.push(`${tellPromised(promised)}.`);
  const workspace = state.workspaces.get(session.workspace);
  const moment = { snapshot: state, catalog: leader.catalog, nowMs: clock.now() };
  for (const where of workspace ? placesOf(workspace, session.zone, state) : []) {
    sentences.push(`In ${summaryOf(session, workspace!, where, moment)}.`);
  }
  const obstacles = accountReasons(accountsFor(session, leader), leader);
  for (const { text } of obstacles) sentences.push(`No node can come from ${text}.`);
  for (const advice of new Set([reason, ...obstacles].map(adviceFor))) if (advice) wouldChange.push(advice);
}

/** Those that could make a node for it. */
function accountsFor({ workspace: name, zone }: Session, { ledger: { state } }: Leader): CheckSubject[] {
  const workspace = state.workspaces.get(name);
  const places = workspace ? placesOf(workspace, zone, state) : [];
  const configs = places.flatMap((place) => configsFor(workspace!, place, state));
  return [...new Map(configs.flatMap(accountsOf).map((account) => [checkIdOf(account), account])).values()];
}

function tellPromised({ nodeId, status, progressPercent, progressMessage }: Node): string {
  const told = progressMessage === undefined ? "" : `, ${progressMessage}`;
  const progress = progressPercent === undefined ? "" : ` (check-in ${Math.round(progressPercent)} %${told})`;
  return `Room on node ${nodeId} is promised to it; that node is ${status}${progress}`;
}
