/**
 * Sends generated requests over real HTTP and holds each answer against the promise: never a 5xx, never silence; a
 * refusal is 4xx with code, path and message, shows nothing of the inside and changes nothing.
 */
import { createHash } from "node:crypto";
import { cloudCatalog } from "../../../provider/registry";
import { createApiKey } from "../../../runtime/api/api-keys";
import { canonicalJson } from "../../../runtime/api/digest";
import { Requesters } from "../../../runtime/broker/requesters";
import { createRng } from "../../../runtime/main/chance";
import { Reconciler } from "../../../runtime/reconciler/reconciler";
import { HotState } from "../../../runtime/store/hot-state";
import { SeededRng } from "../../support/virtual-clock";
import { aNode, Api } from "../harness";
import { RequestMaker, type Known } from "./requests";
import { Wire, type WireAnswer, type WireRequest } from "./wire";

export interface BadInputReport {
  readonly seed: number;
  inputs: number;
  /** Answers by status; 0 = the connection was closed without one, as to a caller that hung up. */
  readonly statuses: Record<string, number>;
  readonly findings: Finding[];
  slowestMs: number;
}

export interface Finding {
  readonly what: string;
  readonly request: WireRequest;
  readonly answer?: WireAnswer;
}

/** A fresh world after so many inputs, so that what was accepted does not pile up. */
const inputsPerWorld = 2_000;
const findingsMax = 20;

export async function runBadInputs(options: {
  readonly seed: number;
  readonly inputs: number;
  readonly onWorld?: (report: BadInputReport) => void;
}): Promise<BadInputReport> {
  const { seed, inputs } = options;
  const report: BadInputReport = { seed, inputs: 0, statuses: {}, findings: [], slowestMs: 0 };
  for (let world = 0; report.inputs < inputs && report.findings.length < findingsMax; world += 1) {
    await runWorld(new SeededRng(seed + world * 7919), Math.min(inputsPerWorld, inputs - report.inputs), report);
    options.onWorld?.(report);
  }
  return report;
}

async function runWorld(rng: SeededRng, inputs: number, report: BadInputReport): Promise<void> {
  const api = await Api.start({ catalog: cloudCatalog() });
  const wire = new Wire(Number(new URL(api.url).port));
  try {
    const known = await furnish(api);
    const maker = new RequestMaker(api.routes, known);
    let before = digest(api.leader.ledger.state);
    for (let count = 0; count < inputs && report.findings.length < findingsMax; count += 1) {
      if (count % 50 === 0) known.sessionIds = [...api.leader.ledger.state.sessions.keys()].slice(-5);
      const request = maker.make(rng);
      before = await tryOne({ api, wire, request, before, report });
    }
  } finally {
    wire.close();
    await api.close();
  }
}

interface Trial {
  readonly api: Api;
  readonly wire: Wire;
  readonly request: WireRequest;
  /** Digest of the state before the request. */
  readonly before: string;
  readonly report: BadInputReport;
}

async function tryOne({ api, wire, request, before, report }: Trial): Promise<string> {
  const startedMs = performance.now();
  const answer = await wire.send(request).catch((error: unknown) => error as Error);
  report.inputs += 1;
  report.slowestMs = Math.max(report.slowestMs, performance.now() - startedMs);
  const find = (what: string): number =>
    report.findings.push({ what, request, ...(answer && !(answer instanceof Error) ? { answer } : {}) });
  if (answer instanceof Error) {
    find(answer.message);
    return digest(api.leader.ledger.state);
  }
  const status = answer?.status ?? 0;
  report.statuses[status] = (report.statuses[status] ?? 0) + 1;
  const isCut = request.cutAfter !== undefined || request.headers.some(([name]) => name === "transfer-encoding");
  if (!answer && !isCut) find("the connection was closed without an answer");
  if (answer) for (const what of faultsOf(answer, request.method)) find(what);
  await api.leader.ledger.settled();
  const now = digest(api.leader.ledger.state);
  if (status >= 400 && now !== before) find("a refused request changed the state");
  if (now === before) return now;
  const failure = await passOver(api);
  if (failure) find(`what was accepted breaks a pass of the reconciler: ${failure}`);
  return digest(api.leader.ledger.state);
}

/** What the runtime does after each change: plan, and bear nodes with their rendered scripts. The message of a failure. */
async function passOver(api: Api): Promise<string | undefined> {
  const { ledger, clock, catalog } = api.leader;
  const { tokens } = api;
  const shared = { ledger, clock, catalog, tokens, rng: createRng(), requesters: new Requesters() };
  const reconciler = new Reconciler({ ...shared, executor: { wake: () => undefined } });
  try {
    await reconciler.tickNow();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.stack : String(error);
  } finally {
    await reconciler.stop();
  }
}

/** What is wrong with an answer whatever was asked. */
export function faultsOf({ status, headers, body }: WireAnswer, method: string): string[] {
  if (status >= 500) return [`answered ${status}`];
  if (status < 400 || method === "HEAD") return [];
  const faults: string[] = [];
  if (!(headers["content-type"] ?? "").startsWith("application/json")) faults.push("a refusal that is not JSON");
  let parsed: Record<string, unknown> = {};
  try {
    parsed = JSON.parse(body) as Record<string, unknown>;
  } catch {
    return [...faults, "a refusal that can't be parsed"];
  }
  for (const field of ["code", "path", "message"]) {
    if (typeof parsed[field] !== "string") faults.push(`a refusal without ${field}`);
  }
  if (parsed["code"] === "" || parsed["message"] === "") faults.push("a refusal that says nothing");
  const problems = parsed["problems"] as { path?: unknown; message?: unknown }[] | undefined;
  if (problems && problems[0]?.path !== parsed["path"])
    faults.push("a refusal whose path is not that of its first problem");
  if (problems?.some(({ message }) => typeof message !== "string" || message === ""))
    faults.push("a problem without words");
  if (
    /\bat (?!\d{4}-\d\d-\d\dT).{1,80}:\d+:\d+|node_modules|\.js:\d+|TypeError|RangeError|\[object Object\]/.test(
      withoutEcho(parsed),
    )
  ) {
    faults.push("a refusal that shows the inside");
  }
  return faults;
}

/** Messages quote the value they refuse, which may look like anything. */
function withoutEcho({ message }: Record<string, unknown>): string {
  return String(message).replace(/"(?:[^"\\]|\\.)*"/g, "");
}

export function digest(state: HotState): string {
  const maps = [
    state.definitions,
    state.nodes,
    state.sessions,
    state.lanes,
    state.configStates,
    state.apiKeys,
    state.idempotentAnswers,
  ];
  return createHash("sha256")
    .update(canonicalJson(maps.map((map) => [...map.values()])))
    .digest("hex");
}

/** Definitions, nodes, a session, keys of every scope, tokens of every sort. */
export async function furnish(api: Api): Promise<Known> {
  await api.furnish({});
  await api.client("operator").putDefinition({
    kind: "pool",
    name: "servers",
    doc: { name: "servers", type: "server" },
    owner: "test",
  });
  await api.leader.ledger.commit([
    { kind: "put", table: "node", row: aNode({ nodeId: "n0coming", status: "starting" }) },
  ]);
  const session = await api.client("broker").requestSession({ workspace: "office", userId: "ada" });
  const nowMs = Date.now();
  const nodeTokens: string[] = [];
  for (const nodeId of ["node-1", "n0coming", "gone"]) {
    for (const purpose of ["agent", "checkin"] as const) {
      for (const expiresAtMs of [nowMs + 3_600_000, nowMs - 60_000]) {
        nodeTokens.push(api.tokens.issue({ nodeId, purpose, expiresAtMs, nowMs: nowMs - 120_000 }));
      }
    }
  }
  const { admin, operator, broker, viewer } = api.keys;
  return {
    keys: [...Array<string>(8).fill(admin), operator, broker, viewer, createApiKey()],
    nodeTokens,
    nodeIds: ["node-1", "n0coming", "gone"],
    sessionIds: [session.sessionId],
  };
}
