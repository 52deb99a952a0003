/**
 * The demo: the main job from beginning to end on this machine, for real, ending by itself. Starts the runtime
 * (embedded PostgreSQL, an engine, a file backend), applies a Pulumi program that declares a zone, a docker agent pool
 * and a server pool on local VMs, plays a short day of session requests over HTTP, and checks what is left.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HeadroomClient } from "../../runtime/api/client";
import { startRuntime, type Runtime } from "../../runtime/main";
import { formatCount } from "../../runtime/model/units";
import { shortDay, type Visit } from "./day";
import { stagedSessions } from "./declarations";
import { findLeftovers } from "./leftovers";
import { enterTerminal } from "./login-service";
import { DemoProgram } from "./program";
import { Progress } from "./progress";
import { Timeline } from "./timeline";
import { percentile, vmExists, vmGone, vmUse, type Totals, type Visited } from "./totals";

const usage = `Usage: npm run demo -- [options]

Declares two pools with a Pulumi program, plays a short day of session requests, prints what happens, checks that nothing
is left, and ends. Takes about a minute.

  --json                              only one line on standard output: the totals as JSON
  --engine auto|official|embedded     engine that runs the updates (default: auto)
  --keep                              leave the runtime running afterwards, with its pools declared; Ctrl-C ends it
  --help                              this text`;

interface Options {
  readonly isJson: boolean;
  readonly keeps: boolean;
  readonly engine: "auto" | "official" | "embedded";
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      engine: { type: "string", default: "auto" },
    },
  });
  if (values.help) {
    console.log(usage);
    return undefined;
  }
  const engine = values.engine;
  if (engine !== "auto" && engine !== "official" && engine !== "embedded") {
    throw new Error(`--engine ${engine}: use auto, official or embedded`);
  }
  return { isJson: values.json, keeps: values.keep, engine };
}

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) return 0;
  const progress = new Progress((line) => (options.isJson ? console.error(line) : console.log(line)));
  const print = (line: string) => progress.print(line);
  const startedMs = Date.now();
  const folder = mkdtempSync(join(tmpdir(), "headroom-demo-"));
  // As root the embedded PostgreSQL runs as another account, which has to get into the folder.
  chmodSync(folder, 0o755);
  const localRoot = join(folder, "local");
  process.env["HEADROOM_LOCAL_ROOT"] = localRoot;
  print(`Everything of this demo is in ${folder}`);
  progress.begin("starting the runtime with a PostgreSQL of its own");
  const runtime = await startRuntime({
    dataFolder: join(folder, "data"),
    port: 0,
    engine: options.engine,
    tickSeconds: 1,
    allowLocal: true,
    logLevel: "warn",
  });
  print(runtime.startLine);
  const client = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey });
  const program = new DemoProgram(folder, runtime);
  const timeline = new Timeline(client, progress);
  timeline.start();
  try {
    timeline.note("pulumi up: three pools with their autoscale configs, workspaces, staged sessions, schedules");
    progress.begin("pulumi up runs");
    await program.up(300);
    progress.begin("the first VMs start, and sessions are staged on them");
    await untilStaged(client);
    progress.begin("the day goes on");
    const visited = await playDay(client, timeline, program);
    timeline.note("the day is over; idle nodes leave after their backoff");
    progress.begin("nodes drain and go, then pulumi destroy deletes what was declared");
    if (options.keeps) {
      progress.begin("");
      return await keep(runtime, print);
    }
    timeline.note("pulumi destroy: pools drain, then everything declared is deleted");
    await program.destroy();
    await untilNoLanes(client);
    await timeline.stop();
    const totals = await summarise({ client, runtime, timeline, visited, startedMs });
    totals.problems.push(...findLeftovers({ dataFolder: runtime.dataFolder, localRoot }));
    report(totals, options, print);
    await runtime.stop();
    if (totals.problems.length > 0) return 1;
    rmSync(folder, { recursive: true, force: true });
    return 0;
  } finally {
    await timeline.stop().catch(() => undefined);
    await runtime.stop();
  }
}

/** Every visit at its time; resolves when the last user left. Meanwhile the night lab's window closes. */
async function playDay(client: HeadroomClient, timeline: Timeline, program: DemoProgram): Promise<Visited[]> {
  timeline.note("the day begins");
  const beginsMs = Date.now();
  const visits = shortDay().map(async (visit) => {
    await untilMs(beginsMs + visit.atSeconds * 1000);
    return stay(client, visit);
  });
  const edit = async () => {
    await untilMs(beginsMs + nightEditSeconds * 1000);
    timeline.note("pulumi up: an edit, the night lab's window closes in 5 s");
    await program.up(5);
  };
  const [visited] = await Promise.all([Promise.all(visits), edit()]);
  return visited;
}

/** Both users of the night lab are there by then. */
const nightEditSeconds = 6;

/** So that the first users find what was staged for them. */
async function untilStaged(client: HeadroomClient): Promise<void> {
  const givesUpMs = Date.now() + patienceMs;
  while ((await client.sessions("staged")).length < stagedSessions && Date.now() < givesUpMs) {
    await untilMs(Date.now() + 150);
  }
}

/** Longest a user waits before giving up; a demo session waits for seconds. */
const patienceMs = 60_000;

async function stay(client: HeadroomClient, visit: Visit): Promise<Visited> {
  const { workspace, userId, holdSeconds } = visit;
  let session = await client.requestSession({ workspace, userId }, userId);
  const givesUpMs = Date.now() + patienceMs;
  while (session.status === "queued" && Date.now() < givesUpMs) {
    await untilMs(Date.now() + 150);
    session = await client.session(session.sessionId);
  }
  const door =
    session.status === "assigned" && workspace === "desktop" ? await enter(client, session.sessionId) : undefined;
  if (session.status === "assigned") await untilMs(Date.now() + holdSeconds * 1000);
  const nodeId = session.node?.nodeId;
  session = await client.releaseSession(session.sessionId);
  const { sessionId, requestedAtMs, assignedAtMs, endedAtMs } = session;
  return { sessionId, requestedAtMs, assignedAtMs, endedAtMs, nodeId, ...(door === undefined ? {} : { door }) };
}

/** Goes in by what the API tells, as a portal would; what the server answered. */
async function enter(client: HeadroomClient, sessionId: string): Promise<string> {
  const { host, port = 0, userName = "", password = "" } = await client.connection(sessionId);
  return enterTerminal({ host, port, userName, password }).catch((error: Error) => error.message);
}

async function untilNoLanes(client: HeadroomClient): Promise<void> {
  const givesUpMs = Date.now() + 30_000;
  while ((await client.lanes()).length > 0 && Date.now() < givesUpMs) await untilMs(Date.now() + 200);
}

interface Day {
  readonly client: HeadroomClient;
  readonly runtime: Runtime;
  readonly timeline: Timeline;
  readonly visited: readonly Visited[];
  readonly startedMs: number;
}

async function summarise({ client, runtime, timeline, visited, startedMs }: Day): Promise<Totals> {
  const waits = visited.flatMap(({ assignedAtMs, requestedAtMs }) =>
    assignedAtMs === undefined ? [] : [(assignedAtMs - requestedAtMs) / 1000],
  );
  const { exists, used } = vmUse(timeline.decisions, visited);
  const happened = (subject: string, event: string) =>
    timeline.decisions.filter((decision) => decision.subject === subject && decision.event === event).length;
  const made = new Set(timeline.decisions.filter(({ event }) => event === vmExists).map(({ subjectId }) => subjectId));
  const gone = timeline.decisions.filter(({ event, subjectId }) => event === vmGone && made.has(subjectId));
  const problems: string[] = [];
  if (waits.length < visited.length)
    problems.push(`not served: ${formatCount(visited.length - waits.length, "session")}`);
  const doors = visited.flatMap(({ door }) => door ?? []);
  const entered = doors.filter((door) => door === "welcome student").length;
  if (doors.length === 0) problems.push("nobody stood at a server's door");
  problems.push(...doors.filter((door) => door !== "welcome student").map((door) => `a user was not let in: ${door}`));
  const nodes = await client.nodes();
  const lanes = await client.lanes();
  if (happened("node", vmExists) === 0) problems.push("no VM was ever created");
  if (happened("session", "staged") < stagedSessions) problems.push("no session was staged");
  if (!timeline.decisions.some(({ reason }) => reason.text.includes("fallback VM provider"))) {
    problems.push("no VM fell back to another VM provider config");
  }
  if (happened("config", "schedule") === 0) problems.push("the night lab's window never closed");
  problems.push(...nodes.map((node) => `node ${node.nodeId} is left (${node.status})`));
  problems.push(...lanes.map((lane) => `lane ${lane.laneId} is left`));
  const seconds = (value: number) => Math.round(value * 10) / 10;
  return {
    sessions: visited.length,
    served: waits.length,
    entered,
    waitSecondsP50: seconds(percentile(waits, 0.5)),
    waitSecondsP95: seconds(percentile(waits, 0.95)),
    nodesCreated: happened("node", vmExists),
    nodesDestroyed: gone.length,
    vmSeconds: seconds(exists),
    vmSecondsUsed: seconds(used),
    vmSecondsIdle: seconds(exists - used),
    updatesRun: happened("lane", "engineStarted"),
    engine: runtime.engine.kind,
    engineVersion: runtime.engine.version,
    seconds: seconds((Date.now() - startedMs) / 1000),
    problems,
  };
}

function report(totals: Totals, options: Options, print: (line: string) => void): void {
  print("");
  print(
    `sessions       ${totals.served} of ${totals.sessions} served; waited ${totals.waitSecondsP50} s (p50), ${totals.waitSecondsP95} s (p95)`,
  );
  print(`entered        ${totals.entered} of them through their server's own door, with what the API told`);
  print(
    `nodes          ${totals.nodesCreated} created, ${totals.nodesDestroyed} destroyed, by ${totals.updatesRun} updates of node stacks`,
  );
  print(`VM-seconds     ${totals.vmSeconds}: ${totals.vmSecondsUsed} with a session, ${totals.vmSecondsIdle} idle`);
  print(`engine         ${totals.engine} ${totals.engineVersion}`);
  print(`took           ${totals.seconds} s`);
  for (const problem of totals.problems) print(`PROBLEM        ${problem}`);
  print(totals.problems.length === 0 ? "Every session was served and nothing is left." : "The demo failed.");
  if (options.isJson) console.log(JSON.stringify(totals));
}

async function keep(runtime: Runtime, print: (line: string) => void): Promise<number> {
  print(`\nThe runtime is at ${runtime.url}; the admin key is in ${join(runtime.dataFolder, "admin-key")}.`);
  print(`Try: npx headroom --endpoint ${runtime.url} --data ${runtime.dataFolder} status   (Ctrl-C ends it)`);
  await new Promise((done) => {
    process.once("SIGINT", done);
    process.once("SIGTERM", done);
  });
  return 0;
}

function untilMs(atMs: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, Math.max(0, atMs - Date.now())));
}

/** The whole demo; the process ends with it. */
export function run(): void {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
      process.exit(1);
    },
  );
}
