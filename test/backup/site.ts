/** An installation with real VMs, stacks and sessions, whose runtime starts and stops, in whatever place it is. */
import { join } from "node:path";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import { HeadroomClient } from "../../runtime/api/client";
import { NotFoundError } from "../../runtime/model/errors";
import { startRuntime, type Runtime } from "../../runtime/main";
import { declareServers, definitions, owner } from "../cli/versions/servers";
import { until } from "../support/until";

export const password = "a password of the test";

/** Where an installation is. The VMs are elsewhere, as those of a cloud are. */
export interface Place {
  readonly dataFolder: string;
  readonly databaseUrl: string;
  readonly backendUrl?: string;
}

/** VMs of this machine, as a cloud would list them. */
export function vmsOf(folder: string): string[] {
  return findLocalVms(join(folder, "vms"))
    .map(({ nodeId, vmId, pid }) => `${nodeId} ${vmId} ${pid}`)
    .sort();
}

/** @param folder In which the VMs are, for all places. */
export async function serve<Result>(
  folder: string,
  place: Place,
  use: (client: HeadroomClient, runtime: Runtime) => Promise<Result>,
): Promise<Result> {
  const before = process.env["HEADROOM_LOCAL_ROOT"];
  process.env["HEADROOM_LOCAL_ROOT"] = join(folder, "vms");
  try {
    const runtime = await startRuntime({
      ...{ ...place, port: 0, engine: "embedded", allowLocal: true, logLevel: "silent" },
      ...{ tickSeconds: 1, openAhead: 0, stopSeconds: 30 },
    });
    try {
      return await use(new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey }), runtime);
    } finally {
      await runtime.stop();
    }
  } finally {
    if (before === undefined) delete process.env["HEADROOM_LOCAL_ROOT"];
    else process.env["HEADROOM_LOCAL_ROOT"] = before;
  }
}

export async function growTo(client: HeadroomClient, runtime: Runtime, count: number): Promise<void> {
  await declareServers(client, runtime.port, count);
  await until(`${count} nodes run`, async () => {
    const nodes = await client.nodes();
    return nodes.length === count && nodes.every(({ status }) => status === "running");
  });
}

/** As people see them: whose session is where. */
export async function sessionsOf(client: HeadroomClient): Promise<string[]> {
  const sessions = await client.sessions();
  return sessions
    .map(({ sessionId, userId, status, node }) => `${sessionId} ${userId} ${status} ${node?.nodeId}`)
    .sort();
}

/** Ends all and waits until no lane is left. */
export async function removeAll(client: HeadroomClient): Promise<void> {
  for (const { sessionId } of await client.sessions()) await client.releaseSession(sessionId);
  for (const [kind, name] of definitions.toReversed()) {
    await until(`${kind} ${name} is gone`, async () => {
      const isGone = (error: unknown) => (error instanceof NotFoundError ? undefined : Promise.reject(error));
      return (await client.deleteDefinition(kind, name, owner).catch(isGone)) === undefined;
    });
  }
  await until("no lane is left", async () => (await client.lanes()).length === 0);
}
