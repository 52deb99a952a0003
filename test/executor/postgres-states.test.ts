import assert from "node:assert/strict";
import { postgresBackendOf, pruneStates } from "../../runtime/executor/postgres-states";
import { connect } from "../../runtime/store/postgres-connection";
import { withDatabase } from "../support/postgres";

const tableOf = (name: string) =>
  `create table ${name} (key text primary key, data json not null, updated_at timestamptz not null default now())`;
const atMs = (update: number) => 1_795_780_000_000_000_000n + BigInt(update) * 1_000_000_007n;

describe("old updates in a state backend that is a PostgreSQL database", () => {
  for (const table of ["pulumi_state", "stacks.lanes"]) {
    it(`go from ${table}, all but the newest of each stack, with the states of stacks that are gone`, () =>
      withDatabase(async (connectionString) => {
        const client = await connect(connectionString);
        const backendUrl = `${connectionString}${table === "pulumi_state" ? "" : `&table=${table}`}`;
        const backend = postgresBackendOf(backendUrl)!;
        try {
          assert.equal(await pruneStates(backend, 2), 0, "no engine was here yet");
          await client.query("create schema stacks");
          await client.query(tableOf(table));
          const put = (key: string, ageHours = 0) =>
            client.query(
              `insert into ${table} (key, data, updated_at) values ($1, '{}', now() - $2 * interval '1 hour')`,
              [key, ageHours],
            );
          const root = `${new URL(connectionString).pathname.slice(1)}/.pulumi`;
          const stays = new Set<string>();
          for (const stack of ["lane-1", "lane-10"]) {
            for (let update = 0; update < 5; update += 1) {
              for (const kind of ["history", "checkpoint"]) {
                const key = `${root}/history/headroom-nodes/${stack}/${stack}-${atMs(update)}.${kind}.json`;
                await put(key, 100);
                if (update >= 3) stays.add(key);
              }
            }
          }
          for (const key of [
            `${root}/meta.yaml`,
            `${root}/stacks/headroom-nodes/lane-1.json`,
            `${root}/stacks/headroom-nodes/lane-1.json.bak`,
            `${root}/stacks/headroom-nodes/packed.json.gz`,
            `${root}/stacks/headroom-nodes/packed.json.bak`,
            `${root}/locks/organization/headroom-nodes/lane-1/id.json`,
            `${root}/stacks/of-others/gone.json.bak`,
            ...[0, 1, 2, 3].map((update) => `${root}/history/of-others/s/s-${atMs(update)}.history.json`),
            `other/.pulumi/history/headroom-nodes/lane-1/lane-1-${atMs(0)}.history.json`,
          ]) {
            await put(key, 100);
            stays.add(key);
          }
          const young = `${root}/stacks/headroom-nodes/just-gone.json.bak`;
          await put(young, 1);
          stays.add(young);
          for (const gone of ["lane-2.json.bak", "lane-3.json.gz.bak"]) {
            await put(`${root}/stacks/headroom-nodes/${gone}`, 100);
          }

          assert.equal(await pruneStates(backend, 2), 2 * 3 * 2 + 2);
          const { rows } = await client.query<{ key: string }>(`select key from ${table}`);
          assert.deepEqual(rows.map(({ key }) => key).sort(), [...stays].sort());
          assert.equal(await pruneStates(backend, 2), 0);
        } finally {
          await client.end();
        }
      }));
  }

  it("are looked for nowhere else, and in no table whose name would be a statement", () => {
    for (const url of ["file:///srv/state", "s3://bucket?region=x", "gs://b", "azblob://c?storage_account=a"]) {
      assert.equal(postgresBackendOf(url), undefined);
    }
    assert.throws(
      () => postgresBackendOf("postgres://u:p@db/d?table=a;drop"),
      /parameter table is "a;drop"; use letters/,
    );
    const { connectionString } = postgresBackendOf("postgres://u:p@db/d")!;
    assert.match(connectionString, /sslmode=require&uselibpqcompat=true/);
  });
});
