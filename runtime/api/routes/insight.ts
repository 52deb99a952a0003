/** What operators look at: status, plan, journal, explanations. Nothing here changes anything. */
import { NotFoundError } from "../../model/errors";
import type { Reason } from "../../model/reason";
import type { ConfigState, Decision } from "../../model/state";
import { formatCount } from "../../model/units";
import { describeUnreadable, type UnreadableDefinition } from "../../model/unreadable";
import { WallClocks } from "../../model/wall-clock";
import { outlookOf } from "../../planner/explain/schedule-outlook";
import { circuitOf } from "../../planner/lifecycle/failures";
import { quarantinedOf } from "../../planner/lifecycle/quarantine";
import type { Leader } from "../backend";
import { tellBudget, viewBudgets } from "../budgets";
import {
  explainParamsSchema,
  explanationSchema,
  statusSchema,
  type ExplanationView,
  type NodeView,
  type StatusView,
} from "../contracts";
import { planSchema } from "../plan-contracts";
import { traceOf } from "../../planner/explain/trace";
import { definitionId } from "../../model/changes";
import { accountReasons, accountsOf, viewAccounts, viewDirectories } from "../explain/account";
import { adviceFor } from "../explain/advice";
import { tellConfig } from "../explain/config";
import { tellNode, tellRefusedCall } from "../explain/node";
import { tellSession } from "../explain/session";
import { tellGone, tellRefused } from "../explain/story";
import { route, type Route } from "../route";
import { viewNode } from "../views";
import { viewOrphans } from "./orphans";
import { findSession, viewPresent } from "./sessions";

/** Journal entries of one explanation: what anyone reads, and one page of the store. */
const explainedDecisions = 200;

const status = route({
  method: "get",
  path: "/api/v1/status",
  access: "viewer",
  summary: "Counts of nodes, sessions and lanes, the position of each config, engine and store",
  responses: { 200: statusSchema },
  async handle(_input, context) {
    return { status: 200, body: viewStatus(context.leader()) };
  },
});

function viewStatus(leader: Leader): StatusView {
  const { ledger, clock, facts, epoch } = leader;
  const { state } = ledger;
  const clocks = new WallClocks();
  const lanes = [...state.lanes.values()];
  const nodes = [...state.nodes.values()];
  return {
    ...facts,
    epoch,
    nowMs: clock.now(),
    nodes: countBy(nodes, (node) => node.status),
    sessions: countBy(state.sessions.values(), (session) => session.status),
    lanes: {
      total: lanes.length,
      updating: lanes.filter((lane) => lane.openRevision !== undefined && !lane.takesNodes).length,
      behind: lanes.filter((lane) => lane.appliedRevision < lane.desiredRevision).length,
      strangers: lanes.reduce((sum, { strangers = [] }) => sum + strangers.length, 0),
    },
    orphans: viewOrphans(state).length,
    unreadable: [...state.unreadable.values()].map(describeUnreadable),
    accounts: viewAccounts(leader),
    directories: viewDirectories(leader),
    budgets: viewBudgets(state, clock.now()).map((view) => {
      return { budget: view.budget, isReached: view.isReached, text: [tellBudget(view), ...view.warnings].join("; ") };
    }),
    configs: [...state.autoscaleConfigs.values()].map((config) => {
      const { name, pool, zone } = config;
      const own = nodes.filter((node) => node.autoscaleConfig === name);
      const known = state.configStates.get(name);
      const schedule = outlookOf(config, state, clock.now(), clocks);
      return {
        autoscaleConfig: name,
        pool,
        zone,
        nodes: own.length,
        running: own.filter((node) => node.status === "running").length,
        isDeleting: known?.isDeleting ?? false,
        ...(schedule === undefined ? {} : { schedule }),
        failures: Object.entries(known?.failures ?? {}).map(([vmProvider, failures]) => ({
          vmProvider,
          circuit: circuitOf(failures, clock.now()),
          ...failures,
        })),
      };
    }),
  };
}

function countBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}

const dryRun = route({
  method: "get",
  path: "/api/v1/plan",
  access: "viewer",
  summary: "What would change now and why; nothing is changed",
  responses: { 200: planSchema },
  async handle(_input, context) {
    return { status: 200, body: context.leader().plan() };
  },
});

const explain = route({
  method: "get",
  path: "/api/v1/explain/{subject}/{id}",
  access: "viewer",
  summary:
    "Why a node, a session, a config or a staging config is as it is: present state, reasons with numbers, its decisions",
  params: explainParamsSchema,
  responses: { 200: explanationSchema },
  async handle({ params }, context) {
    const leader = context.leader();
    const { subject, id } = params;
    const newestFirst = await leader.store.decisions({ subject, subjectId: id, limit: explainedDecisions });
    const journal = newestFirst.reverse();
    const present = await explainPresent(params, journal, leader);
    return { status: 200, body: { subject, id, ...present, decisions: journal } };
  },
});

type Present = Omit<ExplanationView, "subject" | "id" | "decisions">;

function explainPresent(
  { subject, id }: { subject: ExplanationView["subject"]; id: string },
  journal: readonly Decision[],
  leader: Leader,
): Promise<Present> | Present {
  switch (subject) {
    case "node":
      return explainNode(id, journal, leader);
    case "session":
      return explainSession(id, journal, leader);
    case "config":
      return explainConfig(id, journal, leader);
    case "staging":
      return explainStaging(id, journal, leader);
    default: {
      const never: never = subject;
      return never;
    }
  }
}

function explainNode(id: string, journal: readonly Decision[], leader: Leader): Present {
  const { ledger, catalog } = leader;
  const node = ledger.state.nodes.get(id);
  if (!node) return explainGone(`node ${id}`, journal);
  const view = viewNode(node, ledger.state, catalog);
  const summary = `node ${id} is ${node.status}: ${node.reason.text}`;
  const notes = notesOn(view, ledger.state);
  const story = tellNode(node, leader);
  story.sentences.push(...notes.map(({ text }) => `It is ${text}.`), ...tellRefusedCall(node, journal));
  return { summary, ...story, node: view, reasons: [node.reason, ...notes] };
}

/** What else an operator should know of a node. */
function notesOn({ nodeId, autoscaleConfig = "", isOutdated }: NodeView, state: Leader["ledger"]["state"]): Reason[] {
  const config = state.autoscaleConfigs.get(autoscaleConfig);
  if (!config) return [];
  const notes: Reason[] = [];
  if (isOutdated) {
    const then =
      config.onSpecChange === "rotate" ? "it will be replaced (onSpecChange: rotate)" : "it stays (onSpecChange: keep)";
    const text = `made from an older definition than a new node of autoscale config "${config.name}" would be; ${then}`;
    notes.push({ code: "outdated", text, numbers: { onSpecChange: config.onSpecChange } });
  }
  if (quarantinedOf(config, state.nodesOfConfig(config.name).values())?.nodeId === nodeId) {
    const text = `kept for diagnosis (quarantine: 1) until a newer node fails or it is deleted`;
    notes.push({ code: "quarantined", text, numbers: { quarantine: config.quarantine } });
  }
  return notes;
}

async function explainSession(id: string, journal: readonly Decision[], leader: Leader): Promise<Present> {
  const refusal = journal.find(({ event }) => event === "refused");
  if (refusal) {
    const summary = `session ${id} was refused: ${refusal.reason.text}`;
    return { summary, ...tellRefused(refusal), reasons: [refusal.reason] };
  }
  const session = await findSession(id, leader);
  const summary = `session ${id} is ${session.status}: ${session.reason.text}`;
  const { ledger, clock, catalog } = leader;
  const candidates = traceOf(session, ledger.state, { nowMs: clock.now(), catalog });
  const view = viewPresent(session, leader);
  return { summary, ...tellSession(session, leader), session: view, candidates, reasons: [session.reason] };
}

function explainConfig(id: string, journal: readonly Decision[], leader: Leader): Present {
  const { ledger, clock } = leader;
  const config = ledger.state.autoscaleConfigs.get(id);
  const unreadable = ledger.state.unreadable.get(definitionId("autoscaleConfig", id));
  if (unreadable) return explainUnreadable(unreadable, ledger.state.nodesOfConfig(id).size);
  if (!config) return explainGone(`autoscale config ${id}`, journal);
  const present = leader.plan().configs.find(({ autoscaleConfig }) => autoscaleConfig === id);
  const state = ledger.state.configStates.get(id);
  const troubles = state ? troublesOf(state, clock.now()) : [];
  const ofAccounts = accountReasons(accountsOf(config), leader);
  const objective = present?.objective ? [present.objective] : [];
  const reasons = [...(present?.reasons ?? []), ...objective, ...ofAccounts, ...troubles];
  const story = tellConfig(config, present, leader);
  story.sentences.push(...troubles.map(({ text }) => `Lately: ${text}.`));
  const outlook = outlookOf(config, ledger.state, clock.now());
  if (outlook) {
    const { text, changesAtMs } = outlook;
    reasons.push({ code: "scheduleNext", text, numbers: changesAtMs === undefined ? {} : { changesAtMs } });
    story.sentences.push(`Its ${text}.`);
  }
  const activity = present?.isActive === false ? "inactive" : "active";
  return { summary: `config ${id} is ${activity}: ${reasons[0]?.text ?? "nothing to do"}`, ...story, reasons };
}

function explainUnreadable(found: UnreadableDefinition, nodes: number): Present {
  const text = describeUnreadable(found);
  const kept = `Its ${formatCount(nodes, "node")} and the sessions on them are kept as they are; nothing is made from it.`;
  const reason = { code: "unreadable", text, numbers: { nodes } };
  return { summary: text, sentences: [`${text}.`, kept], wouldChange: [], reasons: [reason] };
}

/** What went wrong lately, also when nothing is wanted of the config now. */
function troublesOf({ failures = {} }: ConfigState, nowMs: number): Reason[] {
  return Object.entries(failures).map(([vmProvider, { consecutiveFailures, retryAtMs, last }]) => {
    const circuit = circuitOf({ consecutiveFailures, retryAtMs, last }, nowMs);
    const failed = `${formatCount(consecutiveFailures, "failed node")} in a row on VM provider config "${vmProvider}"`;
    const text = `${failed}, last ${last.class}: ${last.message}; circuit ${circuit}, not before ${new Date(retryAtMs).toISOString()}`;
    return { code: "failures", text, numbers: { vmProvider, circuit, consecutiveFailures, retryAtMs } };
  });
}

function explainStaging(id: string, journal: readonly Decision[], { plan }: Leader): Present {
  const present = plan().staging.find((position) => position.stagingConfig === id);
  if (!present) return explainGone(`staging config ${id}`, journal);
  const advice = adviceFor(present.reason);
  return {
    summary: `staging config ${id}: ${present.reason.text}`,
    sentences: [`Now: ${present.reason.text}.`],
    wouldChange: advice ? [advice] : [],
    reasons: [present.reason],
  };
}

/** Nodes and configs leave only their journal. */
function explainGone(what: string, journal: readonly Decision[]): Present {
  const last = journal.at(-1);
  if (!last) throw new NotFoundError(`there is no ${what}, and the journal has nothing about it`);
  const summary = `${what} is gone; last: ${last.event}, ${last.reason.text}`;
  return { summary, ...tellGone(journal), reasons: [last.reason] };
}

export const insightRoutes: readonly Route[] = [status, dryRun, explain];
