/**
 * Whoever gets the files of the database, its log of changes and backups included, gets no secret: one is planted in every
 * secret field of every kind of definition, a node is made with a script of its own, the key is rotated while the runtime
 * serves, and all files are searched, then and afterwards.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cloudCatalog } from "../../provider/registry";
import { HeadroomClient } from "../../runtime/api/client";
import { SecretsKeys } from "../../runtime/main/secrets-keys";
import { sealedFields } from "../../runtime/model/sealed-fields";
import type { Node } from "../../runtime/model/state";
import { connect } from "../../runtime/store/postgres-connection";
import { startEmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { readIfThere } from "../../runtime/store/postmaster-file";
import { createRowSealer, type StoredRow } from "../../runtime/store/sealed-rows";
import { headroom, Served, withFolder } from "../cli/headroom";
import { documentsOf } from "../support/secret-documents";
import { until } from "../support/until";

const owner = "test";
const catalog = cloudCatalog({ isAllowed: true, roots: [] });
const documents = documentsOf(catalog);
const configs = documents.filter(({ kind }) => kind === "autoscaleConfig").length;
const scripted = documents.filter(({ fields }) => fields.includes("startupScript.text")).length;
/** Stands in clear, so that the search is known to find something. */
const inClear = "a-pool-that-is-no-secret";

const serve = (folder: string): string[] => [
  ...["--port", "0", "--engine", "embedded", "--data-folder", folder, "--tick", "1s", "--log-level", "warn"],
];

async function declareAll(client: HeadroomClient, upstreamAuthAddress: string): Promise<void> {
  const put = (kind: Parameters<typeof client.putDefinition>[0]["kind"], doc: Readonly<Record<string, unknown>>) =>
    client.putDefinition({ kind, name: String(doc["name"]), doc, owner });
  await put("zone", { name: "here", upstreamAuthAddress, local: true });
  await put("pool", { name: "agents", type: "dockerAgent" });
  await put("pool", { name: "servers", type: "server" });
  await put("pool", { name: inClear, type: "server" });
  for (const { kind, doc } of documents) await put(kind, kind === "autoscaleConfig" ? { ...doc, minNodes: 1 } : doc);
}

/** What a row holds of a node's secrets: its script, and with that its tokens. */
async function scriptsOf(folder: string): Promise<string[]> {
  const server = await startEmbeddedPostgres({ folder: join(folder, "database") });
  const client = await connect(server.connectionString);
  const { rows } = await client.query<{ id: string; doc: StoredRow }>("select id, doc from headroom.node");
  await client.end();
  await server.stop();
  const sealer = createRowSealer({ ring: await SecretsKeys.open(folder), pathsOf: sealedFields(catalog) });
  return rows.map(({ id, doc }) => {
    const opened = sealer.open("node", id, doc);
    return opened.kind === "opened" ? ((opened.row as Node).spec?.startupScript ?? "") : assert.fail(id);
  });
}

/** What is looked for of a secret, its first lines: files may break its lines differently. Marks of PEM are no secrets. */
function linesOf(secret: unknown): string[] {
  if (typeof secret !== "string") return Object.values(secret as object).flatMap(linesOf);
  return secret
    .split("\n")
    .filter((line) => line.length > 12 && !/^(-----|#!|Proc-Type|DEK-Info)/.test(line))
    .slice(0, 3);
}

/** Files below the folder that have one of the words, but for those of VMs, which get their scripts, and the keys' own. */
function filesWith(folder: string, ...words: readonly string[]): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name !== "secrets-key" && !name.startsWith("local/"))
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile());
  return files.flatMap((name) => {
    // An engine that outlives the service may still remove what it needs no more.
    const text = readIfThere(join(folder, name));
    return words.filter((word) => text.includes(word)).map((word) => `${name} has ${word.slice(0, 60)}`);
  });
}

describe("secrets at rest", function () {
  this.timeout(240_000);

  it("are in no file of the data folder in clear, before and after the key was rotated while serving", async () => {
    await withFolder(async (outer) => {
      const folder = join(outer, "data");
      const planted = documents.flatMap((document) => document.planted).flatMap(linesOf);
      assert.ok(planted.length > 20);
      const local = { HEADROOM_LOCAL_ROOT: join(folder, "local") };
      const key = (): string => readFileSync(join(folder, "secrets-key"), "utf8").trim();
      let firstKey = "";
      await Served.run(serve(folder), local, async (served, endpoint) => {
        firstKey = key();
        const apiKey = readFileSync(join(folder, "admin-key"), "utf8").trim();
        const client = new HeadroomClient({ endpoint, apiKey, retries: 0 });
        await declareAll(client, new URL(endpoint).host);
        await until("every config has its node", async () => {
          const made = (await client.nodes()).filter(({ autoscaleConfig }) => autoscaleConfig !== undefined);
          return made.filter(({ address }) => address !== undefined).length === configs;
        });
        await served.end("SIGKILL");
      });
      const scripts = await scriptsOf(folder);
      assert.equal(scripts.filter((text) => text !== "").length, scripted);
      const words = [...planted, ...scripts.flatMap(linesOf).filter((line) => /eyJ|planted/.test(line))];
      assert.ok(
        words.some((word) => word.includes("eyJ")),
        "a node's token is among them",
      );
      const search = (): string[] => filesWith(folder, ...words);

      assert.notDeepEqual(filesWith(folder, inClear), [], "the search finds what stands in clear");
      assert.deepEqual(search(), []);

      await Served.run(serve(folder), local, async (served, endpoint) => {
        const access = { HEADROOM_ENDPOINT: endpoint, HEADROOM_DATA_FOLDER: folder };
        const dry = await headroom(["secrets", "rotate", "--dry-run"], access);
        assert.match(dry.stdout, /a rotation would seal \d+ rows .*; nothing was changed/);
        assert.equal(key(), firstKey);
        const rotated = await headroom(["secrets", "rotate"], access);
        assert.deepEqual([rotated.code, rotated.stderr], [0, ""]);
        assert.match(rotated.stdout, /^done: \d+ rows are sealed with key [0-9a-f]{16}, the old key is gone\n$/);
        assert.match((await headroom(["secrets"], access)).stdout, /^(\d+) of \1 rows are sealed with key/);
        await served.end("SIGKILL");
      });

      assert.ok(!key().includes(firstKey), "the old key is gone");
      assert.deepEqual(filesWith(folder, firstKey), []);
      assert.deepEqual(filesWith(folder, key()), [], "the new one is in its file alone");
      assert.deepEqual(search(), []);
      assert.deepEqual((await scriptsOf(folder)).sort(), scripts.sort(), "everything is opened with the new key");
    });
  });
});
