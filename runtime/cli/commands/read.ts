/** Commands that only look: status, sessions, staging, plan, explain. */
import { Argument, Option, type Command } from "commander";
import type { HeadroomClient } from "../../api/client";
import type { DecisionView, ExplanationView, SessionView, StatusView } from "../../api/contracts";
import { formatCount } from "../../model/units";
import { connect, explainRefusal, globalOptions } from "../connection";
import { beginScreen, formatAge, formatCounts, formatMoment, formatTable, printAnswer, printJson } from "../output";

type AccountVerdict = Pick<StatusView["accounts"][number], "state" | "owner" | "troubles" | "unchecked">;
type ConfigFailures = StatusView["configs"][number]["failures"][number];
type SessionStatus = SessionView["status"];

export function addReadCommands(program: Command): void {
  addWatch(program.command("status"))
    .summary("counts of nodes, sessions and lanes, and each config")
    .description("Shows what the runtime has: nodes, sessions, lanes, and the position of each autoscale config.")
    .addHelpText("after", "\nExample:\n  $ headroom status --endpoint http://headroom.example:8700\n")
    .action((_options: object, command: Command) => show(command, (client) => client.status(), formatStatus));
  addWatch(program.command("sessions"))
    .summary("every session that has not ended, or one")
    .description("Lists the sessions that have not ended, or shows one, also when it has ended.")
    .argument("[id]", "id of one session")
    .addOption(
      new Option("--status <status>", "only these").choices([
        "queued",
        "staged",
        "assigned",
        "running",
        "paused",
        "stopped",
      ]),
    )
    .addHelpText("after", "\nExample:\n  $ headroom sessions --status queued\n")
    .action((id: string | undefined, { status }: { status?: SessionStatus }, command: Command) =>
      id === undefined
        ? show(command, (client) => client.sessions(status), formatSessions)
        : show(command, (client) => client.session(id), formatRecord),
    );
  addWatch(program.command("staging"))
    .summary("each staging config: sessions it has and wants")
    .description(
      "Lists the staging configs: how many sessions are ready that nobody has, how many are wanted, and why.",
    )
    .addHelpText("after", "\nExample:\n  $ headroom staging\n")
    .action((_options: object, command: Command) => show(command, (client) => client.staging(), formatStaging));
  addPlanAndExplain(program);
}

function addPlanAndExplain(program: Command): void {
  addWatch(program.command("plan"))
    .summary("what would change now and why")
    .description(
      "Shows what the runtime would change now and why. Nothing is changed; the runtime applies plans itself.",
    )
    .option("--dry-run", "the only mode there is; may be left out", true)
    .addHelpText("after", "\nExample:\n  $ headroom plan --dry-run\n")
    .action((_options: object, command: Command) => show(command, (client) => client.plan(), formatPlan));
  program
    .command("explain")
    .summary("why a node, session, config or staging config is as it is")
    .description(
      "Explains a node, a session, an autoscale config or a staging config: state, reasons with numbers, past decisions.",
    )
    .addArgument(new Argument("<subject>", "what to explain").choices(["node", "session", "config", "staging"]))
    .argument("<id>", "id of the node or session, name of the config or staging config")
    .addHelpText("after", "\nExample:\n  $ headroom explain config agents-eu\n")
    .action((subject: ExplanationView["subject"], id: string, _options: object, command: Command) =>
      show(command, (client) => client.explain(subject, id), formatExplanation),
    );
}

function formatExplanation(explanation: ExplanationView): string {
  const { summary, sentences, wouldChange, candidates = [], decisions } = explanation;
  const tried = candidates.map(({ kind, id, reason }) => `  ${kind} ${id} ${reason.text}`);
  const advice =
    wouldChange.length === 0 ? [] : ["", "What would change it:", ...wouldChange.map((text) => `  - ${text}`)];
  const history = decisions.length === 0 ? [] : ["", "What happened (newest last):", formatDecisions(decisions)];
  return [summary, ...sentences.map((sentence) => `  ${sentence}`), ...tried, ...advice, ...history].join("\n");
}

/** Asks, then prints for people, or as one JSON value with `--json`. */
export async function show<T>(
  command: Command,
  ask: (client: HeadroomClient) => Promise<T>,
  format: (answer: T) => string,
): Promise<void> {
  const client = connect(command);
  const { watch: isWatching = false } = command.opts<{ watch?: boolean }>();
  const { json: isJson = false } = globalOptions(command);
  for (;;) {
    const answer = await ask(client).catch((error: unknown) => {
      throw explainRefusal(error, command);
    });
    if (isWatching && !isJson) beginScreen();
    if (isJson) printJson(answer, isWatching ? undefined : 2);
    else printAnswer(answer, format);
    if (!isWatching) return;
    await new Promise((wake) => setTimeout(wake, watchMs));
  }
}

const watchMs = 2000;

/** For commands that {@link show} what changes by itself. */
export function addWatch(command: Command): Command {
  return command.option("--watch", "show it again every 2 seconds until Ctrl-C; with --json one line each");
}

function formatStatus(status: Awaited<ReturnType<HeadroomClient["status"]>>): string {
  const { lanes } = status;
  const facts = [
    ["runtime", `${status.version} at ${status.url}, up ${formatAge(status.nowMs - status.startedAtMs)}`],
    ["engine", status.engine],
    ["store", `${status.store}, epoch ${status.epoch}`],
    ["nodes", formatCounts(status.nodes)],
    ["sessions", formatCounts(status.sessions)],
    [
      "lanes",
      `${lanes.total}, ${lanes.updating} updating, ${lanes.behind} behind${lanes.strangers > 0 ? `, ${formatCount(lanes.strangers, "stranger")} in their stacks` : ""}`,
    ],
    ...(status.orphans > 0
      ? [["orphans", `${formatCount(status.orphans, "VM")} that nobody knows: headroom orphans`]]
      : []),
    ...status.unreadable.map((text) => ["fault", text]),
    ...status.accounts.flatMap((account) => accountFacts(account.vmProvider, account)),
    ...(status.budgets ?? []).map(({ budget, text }) => ["budget", `${budget}: ${text}`]),
    ...(status.directories ?? []).flatMap((directory) => accountFacts(directory.ldapConfig, directory)),
  ].map(([name, value]) => `${name!.padEnd(9)} ${value}`);
  if (status.configs.length === 0)
    return [...facts, "", "no autoscale configs yet; next: declare some with a Pulumi program"].join("\n");
  const rows = status.configs.map((config) => [
    config.autoscaleConfig,
    config.pool,
    config.zone,
    `${config.running}/${config.nodes}`,
    config.isDeleting
      ? "deleting"
      : [...(config.schedule ? [config.schedule.text] : []), ...config.failures.map(formatFailures)].join("; "),
  ]);
  return [...facts, "", formatTable(["CONFIG", "POOL", "ZONE", "RUNNING", "NOTE"], rows)].join("\n");
}

/** Accounts that are in order are one word each; what is not is said whole. */
function accountFacts(name: string, { state, owner, troubles, unchecked }: AccountVerdict): string[][] {
  const where = owner === undefined ? "" : ` (account ${owner})`;
  const known = { fine: "in order", unknown: "not checked yet", trouble: "not in order" }[state];
  const sentences = [...troubles, ...unchecked.map((text) => `no fault: ${text}`)];
  return [["account", `${name}: ${known}${where}`], ...sentences.map((text) => ["", text])];
}

function formatFailures({ vmProvider, circuit, consecutiveFailures, last }: ConfigFailures): string {
  const state = circuit === "closed" ? "" : `, circuit ${circuit === "open" ? "open" : "half open"}`;
  return `${vmProvider}: ${consecutiveFailures} failed${state}, last ${last.class}: ${last.message}`;
}

function formatSessions(sessions: readonly SessionView[]): string {
  if (sessions.length === 0) return "no sessions";
  const now = Date.now();
  const rows = sessions.map((session) => [
    session.sessionId,
    session.displayName === undefined ? session.workspace : `${session.workspace} (${session.displayName})`,
    session.userId ?? "(nobody)",
    session.position === undefined ? session.status : `${session.status} #${session.position}`,
    formatAge(now - session.requestedAtMs),
    session.node?.nodeId ?? "",
    session.phase ?? "",
    session.reason.text,
  ]);
  return formatTable(["SESSION", "WORKSPACE", "USER", "STATUS", "AGE", "NODE", "PHASE", "REASON"], rows);
}

function formatStaging(staging: Awaited<ReturnType<HeadroomClient["staging"]>>): string {
  if (staging.length === 0) return "no staging configs";
  const now = Date.now();
  const rows = staging.map((config) => [
    config.stagingConfig,
    config.workspace,
    config.zone,
    `${config.current}/${config.desired}`,
    config.nextExpiryAtMs === undefined ? "" : formatAge(config.nextExpiryAtMs - now),
    config.reason.text,
  ]);
  return formatTable(["STAGING", "WORKSPACE", "ZONE", "READY", "EXPIRES IN", "REASON"], rows);
}

function formatPlan(plan: Awaited<ReturnType<HeadroomClient["plan"]>>): string {
  const changes = plan.changes.map((change) => [
    change.kind,
    change.kind === "create" ? change.autoscaleConfig : change.nodeId,
    formatReason(change.reason),
  ]);
  const configs = plan.configs.map((config) => [
    config.autoscaleConfig,
    config.isActive ? "active" : "inactive",
    config.reasons.map(formatReason).join("; "),
  ]);
  const waiting = plan.waiting.map(({ sessionId, nodeId, reason }) => [sessionId, nodeId ?? "", formatReason(reason)]);
  return [
    changes.length === 0 ? "nothing to change" : formatTable(["CHANGE", "WHAT", "WHY"], changes),
    ...(configs.length === 0 ? [] : ["", formatTable(["CONFIG", "NOW", "WHY"], configs)]),
    ...(waiting.length === 0 ? [] : ["", formatTable(["SESSION", "NODE", "WAITS BECAUSE"], waiting)]),
  ].join("\n");
}

function formatReason({ text, numbers }: SessionView["reason"]): string {
  const parts = Object.entries(numbers).map(([name, value]) =>
    typeof value === "number" && isMoment(name)
      ? `${name.slice(0, -2)}=${formatMoment(value, Date.now())}`
      : `${name}=${value}`,
  );
  return parts.length === 0 ? text : `${text} (${parts.join(", ")})`;
}

/** Names of fields and numbers that are points in time, in milliseconds. */
function isMoment(name: string): boolean {
  return /(At|Since|Heartbeat)Ms$|^deadlineMs$/.test(name);
}

function formatDecisions(decisions: readonly DecisionView[]): string {
  const rows = decisions.map(({ atMs, event, reason }) => [new Date(atMs).toISOString(), event, formatReason(reason)]);
  return formatTable(["TIME", "EVENT", "WHY"], rows);
}

/** Fields of one record: times as text, of a reason its sentence. `--json` has everything. */
export function formatRecord(record: object): string {
  return Object.entries(record)
    .map(([name, value]) => {
      const isTime = typeof value === "number" && isMoment(name);
      return `${(isTime ? name.slice(0, -2) : name).padEnd(24)} ${isTime ? new Date(value).toISOString() : formatValue(value)}`;
    })
    .join("\n");
}

function formatValue(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if ("code" in value && "text" in value) return String(value.text);
  if (Array.isArray(value)) return value.map(formatValue).join(", ");
  return Object.entries(value)
    .map(([name, inner]) => `${name}=${formatValue(inner)}`)
    .join(" ");
}
