/** The tables, as steps that are only ever added to. Each runs once, in order, under an advisory lock. */
import type { Client } from "pg";
import { SetupError } from "../model/errors";

/** Any fixed number of our own: two runtimes that start together migrate one after the other. */
const migrationLock = 4_729_001;

/** A table of documents. `changed` orders rows by their last change: epoch × 2^40 + a counter within that epoch. */
function documentTable(name: string): string {
  return `
  create table headroom.${name} (
    id text collate "C" primary key,
    changed bigint not null,
    doc jsonb not null
  );`;
}

const firstTables = ["definition", "node", "session", "lane", "config_state", "api_key", "idempotent_answer"];

/** Never edit a step that was released; add one. */
const steps: readonly string[] = [
  `
  create table headroom.lease (
    name text collate "C" primary key,
    holder text not null,
    epoch bigint not null,
    expires_at timestamptz not null
  );
  ${firstTables.map(documentTable).join("")}
  alter table headroom.session add column status text not null generated always as (doc ->> 'status') stored;
  alter table headroom.session add column ended_at bigint generated always as ((doc ->> 'endedAtMs')::numeric::bigint) stored;
  create index session_open on headroom.session (changed) where status <> 'ended';
  create index session_ended on headroom.session (ended_at) where status = 'ended';

  create table headroom.decision (
    id text collate "C" primary key,
    at bigint not null,
    subject text not null,
    subject_id text collate "C" not null,
    doc jsonb not null
  );
  create index decision_subject on headroom.decision (subject, subject_id, id);
  create index decision_at on headroom.decision (at);
  `,
  documentTable("installation"),
  documentTable("account"),
  documentTable("account_check"),
  documentTable("orphan"),
  // Whose a VM is that nobody seems to know is asked right before it is deleted.
  "create index node_vm on headroom.node ((doc ->> 'vmId'))",
  documentTable("node_secrets"),
  documentTable("session_account"),
  documentTable("user_key"),
  // Nothing for the tables to change: older versions, which would take what stands for a sealed secret for the secret, open
  // no database of this version.
  "comment on schema headroom is 'What is secret in the rows is sealed.'",
  documentTable("revoked_key"),
  "create table headroom.sample (at bigint primary key, is_whole boolean not null, doc jsonb not null)",
  // Workers on other machines, and what they tell of their jobs. No rows of the hot state: only their own clock is in them.
  `create table headroom.worker (
    id text collate "C" primary key,
    doc jsonb not null,
    seen_at timestamptz not null,
    has_ended boolean not null default false
  );
  create table headroom.worker_event (
    seq bigint generated always as identity primary key,
    epoch bigint not null,
    job text collate "C" not null,
    content text not null
  );
  create index worker_event_epoch on headroom.worker_event (epoch, seq);`,
  // What VMs cost, and what was told of budgets.
  ["vm_life", "spend_mark", "spend_day", "budget_state"].map(documentTable).join(""),
  documentTable("config_demand"),
];

/** What this version brings a database to. */
export const newestSchemaVersion = steps.length;

/**
 * Brings the schema up to date. A database made by a newer version is refused rather than guessed at.
 * @param version What to bring it to at least; default: the newest. A test makes the database of an older version so.
 */
export async function migrate(client: Client, version = steps.length): Promise<void> {
  await client.query("begin");
  try {
    await lockSchema(client);
    await migrateLocked(client, version);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

/** Until the transaction's end nobody else makes or changes the tables. */
export async function lockSchema(client: Client): Promise<void> {
  await client.query("select pg_advisory_xact_lock($1)", [migrationLock]);
}

/** As {@link migrate}, in a transaction of the caller that has called {@link lockSchema}. */
export async function migrateLocked(client: Client, version: number): Promise<void> {
  await client.query("create schema if not exists headroom");
  await client.query(
    "create table if not exists headroom.migration (version int primary key, applied_at timestamptz not null)",
  );
  const { rows } = await client.query<{ version: number | null }>(
    "select max(version) as version from headroom.migration",
  );
  const present = rows[0]?.version ?? 0;
  if (present > steps.length) {
    throw new SetupError(
      `the database has schema version ${present} and this runtime knows ${steps.length}; start the newer version of headroom that wrote it`,
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < present || index >= version) continue;
    await client.query(step);
    await client.query("insert into headroom.migration values ($1, now())", [index + 1]);
  }
}
