/**
 * The memory of the service that holds 10,000 nodes and 100,000 sessions, at rest: the real service, started on a database
 * that has them, with each VM in the emulated cloud, so that nothing is missing and nothing is to be done.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { cloudCatalog } from "../provider/registry";
import { SecretsKeys } from "../runtime/main/secrets-keys";
import { realClock } from "../runtime/model/real-clock";
import { sealedFields } from "../runtime/model/sealed-fields";
import { startEmbeddedPostgres } from "../runtime/store/embedded-postgres";
import { PostgresStore } from "../runtime/store/postgres";
import { createRowSealer } from "../runtime/store/sealed-rows";
import { EmulatedAws } from "../test/clouds/emulated-aws";
import { agentDefinitions, agentRows, type FleetSize } from "./agent-rows";
import type { Bench, Figure } from "./result";
import { Service } from "./service";

/** Accounts are asked about once meanwhile, and the garbage of the start is collected. */
const restSeconds = 60;

export const atRest: Bench = {
  name: "at-rest",
  about: "memory of the service with 10,000 nodes and 100,000 sessions",
  async run({ engine, isSmoke, log }) {
    const size: FleetSize = isSmoke ? { nodes: 200, sessionsPerNode: 10 } : { nodes: 10_000, sessionsPerNode: 10 };
    const folder = mkdtempSync(join(tmpdir(), "headroom-bench-rest-"));
    const server = await startEmbeddedPostgres({ folder });
    const aws = new EmulatedAws(["ami-0123456789abcdef0"], []);
    aws.vcpusMax = 1_000_000;
    await aws.cloud.listen();
    const { connectionString: database } = server;
    const environment = { PULUMI_DEBUG_PROVIDERS: aws.cloud.debugProvider };
    const service = await Service.start({ engine, database, environment, openAhead: 0 });
    try {
      const emptyMb = service.residentMb();
      for (const { kind, doc } of agentDefinitions) await service.declare(kind, doc);
      await service.restart(() => fill(database, service.dataFolder, size, aws));
      const startedMb = service.residentMb();
      await pause(isSmoke ? 1_000 : restSeconds * 1000);
      const { nodes, sessions } = await service.client.status();
      log(`nodes ${JSON.stringify(nodes)}, sessions ${JSON.stringify(sessions)}`);
      if (nodes["running"] !== size.nodes || sessions["running"] !== size.nodes * size.sessionsPerNode) {
        throw new Error(`the fleet is not what it was: ${JSON.stringify({ nodes, sessions })}`);
      }
      const what = `${size.nodes} nodes, ${size.nodes * size.sessionsPerNode} sessions`;
      const figures: Figure[] = [
        { what: "service memory, empty", value: emptyMb, unit: "MB" },
        { what: `service memory, ${what}, just started`, value: startedMb, unit: "MB" },
        { what: `service memory, ${what}, at rest`, value: service.residentMb(), unit: "MB" },
      ];
      return figures;
    } finally {
      await service.stop();
      aws.cloud.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Written as the leader of a moment with the keys of the service, while that is down. */
async function fill(connectionString: string, dataFolder: string, size: FleetSize, aws: EmulatedAws): Promise<void> {
  let lost: Error | undefined;
  const onLost = (error: Error): void => void (lost ??= error);
  const ring = await SecretsKeys.open(dataFolder);
  const sealer = createRowSealer({ ring, pathsOf: sealedFields(cloudCatalog()) });
  const store = await PostgresStore.open({ connectionString, clock: realClock, holder: "bench", sealer, onLost });
  try {
    const owner = await ownerOf(connectionString);
    const vmIdOf = (nodeId: string): string => aws.launch({ nodeId, installation: owner.installation });
    const rows = agentRows({ ...size, ...owner, nowMs: realClock.now(), vmIdOf });
    for (let start = 0; start < rows.length; start += 1000) await store.write(rows.slice(start, start + 1000));
    if (lost) throw lost;
  } finally {
    await store.close();
  }
}

/** The installation and the one account; the account's own row is sealed, its id is not. */
async function ownerOf(connectionString: string): Promise<{ installation: string; account: string }> {
  const sql = new Client({ connectionString });
  await sql.connect();
  try {
    const read = async (query: string): Promise<string> => {
      const { rows } = await sql.query<{ id: string }>(query);
      if (rows.length !== 1) throw new Error(`${query}: ${rows.length} rows`);
      return rows[0]!.id;
    };
    return {
      installation: await read("select doc ->> 'installationId' as id from headroom.installation"),
      account: await read("select id from headroom.account"),
    };
  } finally {
    await sql.end();
  }
}
