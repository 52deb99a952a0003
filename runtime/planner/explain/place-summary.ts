/** What the nodes of one place say to a waiting session, counted. */
import type { CloudCatalog, Workspace } from "../../model/config";
import type { EpochMs } from "../../model/clock";
import { Draft } from "../../model/draft";
import type { Snapshot } from "../../model/snapshot";
import type { Session } from "../../model/state";
import { formatCount } from "../../model/units";
import { WindowCache } from "../config/windows";
import { Eligibility } from "../placement/eligibility";
import { countObstacles, nodeObstacle } from "../placement/node-obstacle";
import type { Place } from "../placement/places";

interface Moment {
  readonly snapshot: Snapshot;
  readonly catalog: CloudCatalog;
  readonly nowMs: EpochMs;
}

/** `pool "agents" in zone "eu" has 2 nodes (2 running); none of the running ones takes it: 2 have less than 4 cores free` */
export function summaryOf(session: Session, workspace: Workspace, place: Place, moment: Moment): string {
  const { snapshot, catalog, nowMs } = moment;
  const { pool, zone } = place;
  const nodes = [...snapshot.nodesIn(pool.name, zone.name).values()];
  const running = nodes.filter(({ status }) => status === "running");
  const where = `pool "${pool.name}", zone "${zone.name}"`;
  if (nodes.length === 0) return `${where}: no node`;
  const has = `${where}: ${formatCount(nodes.length, "node")} (${statusesOf(nodes.map(({ status }) => status))})`;
  if (running.length === 0) return has;
  const draft = new Draft(snapshot);
  const eligibility = new Eligibility({ draft, windows: new WindowCache(), catalog, nowMs });
  const question = { request: session, workspace, pool, draft, eligibility };
  const obstacles = running.flatMap((node) => nodeObstacle(node, question) ?? []);
  const free = running.length - obstacles.length;
  if (free > 0) return `${has}; ${free} of the running ones ${free === 1 ? "has" : "have"} room for it`;
  return `${has}; none of the running ones takes it: ${countObstacles(obstacles, session.needs).text}`;
}

function statusesOf(statuses: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
}
