/** A runtime that belongs to another installation than its database does not lead, and says why. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HeadroomClient } from "../../runtime/api/client";
import { BackendIdentity } from "../../runtime/executor/backend-identity";
import { startRuntime, type Runtime, type RuntimeOptions } from "../../runtime/main";
import type { InstallationRecord } from "../../runtime/model/installation-record";
import { connect } from "../../runtime/store/postgres-connection";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { sharedFiles, shareSecrets, withFolder } from "./headroom";

/** One database and folders for runtimes that want to lead on it. */
class Site {
  private constructor(
    readonly folder: string,
    readonly databaseUrl: string,
  ) {}

  static async make(folder: string): Promise<Site> {
    return new Site(folder, await newDatabase());
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  backendUrl(name: string): string {
    return `file://${this.path(name)}`;
  }

  /** Runs one runtime, by default with the backend `state` that all share. */
  async run<Result>(
    data: string,
    use: (runtime: Runtime) => Promise<Result>,
    options: RuntimeOptions = {},
  ): Promise<Result> {
    const runtime = await startRuntime({
      ...{ dataFolder: this.path(data), databaseUrl: this.databaseUrl, backendUrl: this.backendUrl("state") },
      ...{ port: 0, engine: "embedded", logLevel: "silent", ...options },
    });
    try {
      return await use(runtime);
    } finally {
      await runtime.stop();
    }
  }

  /** Runs a runtime once; the installation as it stands then, undefined when the runtime did not lead. */
  lead(data: string, options: RuntimeOptions = {}): Promise<InstallationRecord | undefined> {
    return this.run(data, async ({ isLeader }) => (isLeader ? this.record() : undefined), options);
  }

  async record(): Promise<InstallationRecord | undefined> {
    const [row] = await this.query<{ doc: InstallationRecord }>("select doc from headroom.installation");
    return row?.doc;
  }

  async epoch(): Promise<number> {
    const [row] = await this.query<{ epoch: number }>("select epoch from headroom.lease");
    return row!.epoch;
  }

  async query<Row extends object>(text: string): Promise<Row[]> {
    const client = await connect(this.databaseUrl);
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }
}

function withSite(use: (site: Site) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => use(await Site.make(folder)));
}

/** Why it does not lead, as an operator without a key sees it. */
async function reasonOf(runtime: Runtime): Promise<string> {
  const health = await new HeadroomClient({ endpoint: runtime.url, apiKey: "none", retries: 0 }).health();
  assert.equal(health.status, "standby");
  assert.equal(health.message, runtime.standbyReason);
  return health.message ?? "";
}

describe("the installation", function () {
  this.timeout(180_000);

  for (const [named, file, other] of [
    ["token secret", "node-token-secret", "passphrase"],
    ["passphrase", "passphrase", "token secret"],
    ["passphrase", "encryption-salt", "token secret"],
    ["secrets key", "secrets-key", "token secret"],
  ] as const) {
    it(`is not led by a runtime whose ${file} is another one, until it has the right one`, async () => {
      await withSite(async (site) => {
        const made = await site.lead("one");
        assert.ok(made);
        const epoch = await site.epoch();
        const shared = sharedFiles.filter((name) => name !== file);
        // A salt is made for its passphrase.
        shareSecrets(
          site.path("one"),
          site.path("two"),
          file === "passphrase" ? ["node-token-secret", "secrets-key"] : shared,
        );

        await site.run("two", async (runtime) => {
          const reason = await reasonOf(runtime);
          assert.match(
            reason,
            new RegExp(`does not lead installation ${made.installationId}: its ${named} is another`),
          );
          assert.ok(!reason.includes(other), reason);
          assert.match(reason, /copy the files? .* from the data folder of the runtime that led/);
          const admin = new HeadroomClient({ endpoint: runtime.url, apiKey: runtime.adminKey, retries: 0 });
          await assert.rejects(admin.status(), /does not lead installation/);
        });
        assert.equal(await site.epoch(), epoch, "the lease was never taken");

        shareSecrets(site.path("one"), site.path("two"));
        assert.deepEqual(await site.lead("two"), made);
      });
    });
  }

  it("is refused while another one leads, too, with all that differs named", async () => {
    await withSite(async (site) => {
      await site.run("one", async () => {
        await site.run("stranger", async (runtime) => {
          assert.match(await reasonOf(runtime), /its passphrase is another one and its token secret is another one/);
        });
      });
    });
  });

  it("is not led with a backend of another installation, and is as soon as the right one is back", async () => {
    await withSite(async (site) => {
      const made = await site.lead("one");
      const elsewhere = await Site.make(site.path("elsewhere"));
      const others = await elsewhere.run("one", () => elsewhere.record(), { backendUrl: site.backendUrl("others") });
      assert.ok(made && others && made.installationId !== others.installationId);
      renameSync(site.path("state"), site.path("kept"));
      renameSync(site.path("others"), site.path("state"));

      await site.run("one", async (runtime) => {
        assert.match(await reasonOf(runtime), new RegExp(`holds the stacks of installation ${others.installationId}`));
        renameSync(site.path("state"), site.path("others"));
        renameSync(site.path("kept"), site.path("state"));
        await until("it leads", () => runtime.isLeader);
      });
      assert.deepEqual(await site.record(), made);
    });
  });

  it("keeps its backend when the folder moves with its content", async () => {
    await withSite(async (site) => {
      const made = await site.lead("one");
      renameSync(site.path("state"), site.path("moved"));

      const moved = await site.lead("one", { backendUrl: site.backendUrl("moved") });

      assert.deepEqual(moved, { ...made, backend: site.backendUrl("moved") });
      assert.equal(await site.lead("one", { backendUrl: site.backendUrl("new") }), undefined, "an empty one elsewhere");
    });
  });

  it("is led with an emptied backend, which the journal tells", async () => {
    await withSite(async (site) => {
      const made = await site.lead("one");
      rmSync(site.path("state"), { recursive: true });

      await site.run("one", async (runtime) => {
        assert.ok(runtime.isLeader);
        const told = await site.query<{ event: string }>(
          "select doc ->> 'event' as event from headroom.decision where subject = 'runtime'",
        );
        assert.deepEqual(told, [{ event: "backendEmpty" }]);
      });

      assert.deepEqual(await site.record(), made);
      assert.equal(await new BackendIdentity(site.backendUrl("state")).mark(), made?.installationId);
    });
  });

  it("is kept by a new database only when the operator says so: the stacks of the old one may have VMs", async () => {
    await withSite(async (site) => {
      const made = await site.lead("one");
      const lost = await Site.make(site.folder);

      await lost.run("one", async (runtime) => {
        const reason = await reasonOf(runtime);
        assert.match(reason, new RegExp(`a new installation: .* the stacks of installation ${made!.installationId}`));
        assert.match(reason, /--accept backend$/);
      });

      assert.deepEqual(await lost.lead("one", { accept: ["backend"] }), made);
    });
  });

  it("takes what is new of a runtime only when the operator says so, for good", async () => {
    await withSite(async (site) => {
      const made = await site.lead("one");
      rmSync(join(site.path("one"), "node-token-secret"));

      assert.equal(await site.lead("one"), undefined);
      assert.equal(await site.lead("one", { accept: ["backend", "passphrase"] }), undefined);
      const changed = await site.lead("one", { accept: ["token-secret"] });

      assert.deepEqual(changed, { ...made, tokenSecret: changed?.tokenSecret });
      assert.notEqual(changed?.tokenSecret, made?.tokenSecret);
      assert.deepEqual(await site.lead("one"), changed);
    });
  });

  it("is made in a database of an older version that has none", async () => {
    await withSite(async (site) => {
      const made = await site.lead("one");
      const later = [
        "installation",
        "account",
        "account_check",
        "orphan",
        "node_secrets",
        "session_account",
        "user_key",
        "sample",
        "worker",
        "worker_event",
        ...["vm_life", "spend_mark", "spend_day", "budget_state", "config_demand"],
      ];
      await site.query(`drop table ${[...later, "revoked_key"].map((name) => `headroom.${name}`).join(", ")}`);
      await site.query("drop index headroom.node_vm");
      await site.query("delete from headroom.migration where version > 1");
      rmSync(site.path("state"), { recursive: true });

      const again = await site.lead("one");

      assert.ok(again && again.installationId !== made?.installationId);
    });
  });

  it("stands in the database without any of its secrets", async () => {
    await withSite(async (site) => {
      const record = await site.lead("one");
      const text = JSON.stringify(record);
      // The salt is there for workers on other machines; Pulumi's own files show it, too, and without the passphrase it opens nothing.
      for (const file of sharedFiles.filter((name) => name !== "encryption-salt")) {
        const secret = readFileSync(join(site.path("one"), file), "utf8").trim();
        assert.ok(!text.includes(secret), file);
      }
      assert.ok(existsSync(join(site.path("state"), ".headroom-installation")));
    });
  });
});

describe("BackendIdentity", () => {
  for (const [url, expected] of [
    ["s3://bucket/lab/?region=eu-central-1&profile=lab", "s3://bucket/lab"],
    ["s3://bucket?endpoint=minio.lab:9000&awssdk=v2", "s3://bucket?endpoint=minio.lab:9000"],
    ["s3://bucket?endpoint=https://key:secret@minio.lab", "s3://bucket?endpoint=https://minio.lab"],
    ["azblob://state?storage_account=lab", "azblob://state?storage_account=lab"],
    ["postgres://user:pw-secret@db.lab:5432/state?sslmode=require", "postgres://db.lab:5432/state"],
    ["https://pul-token@api.pulumi.com/", "https://api.pulumi.com"],
    ["file:///srv/state/", "file:///srv/state"],
    ["file:///srv/state?no_tmp_dir=true", "file:///srv/state"],
    ["file:///srv/a@b", "file:///srv/a@b"],
    ["file:///", "file:///"],
  ] as const) {
    it(`knows ${url} as ${expected}`, () => {
      assert.equal(new BackendIdentity(url).url, expected);
    });
  }
});
