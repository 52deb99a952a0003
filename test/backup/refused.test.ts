/** What is not backed up or not restored, and that nothing of it is applied then. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { backUp } from "../../runtime/backup/back-up";
import { restore, type RestoreOptions } from "../../runtime/backup/restore";
import { packageVersion, startRuntime } from "../../runtime/main";
import { connect } from "../../runtime/store/postgres-connection";
import { sharedFiles, shareSecrets, withFolder } from "../cli/headroom";
import { newDatabase } from "../support/postgres";
import { keptInstallation, schemaOf, tablesOf } from "./kept-backup";
import { password, type Place } from "./site";

const version = packageVersion();

interface Made {
  readonly folder: string;
  readonly old: Place;
  readonly file: string;
  /** Of an empty place to restore into. */
  readonly options: RestoreOptions & { readonly databaseUrl: string };
}

function withBackup(use: (made: Made) => Promise<void>, isWithSecrets = true): Promise<void> {
  return withFolder(async (folder) => {
    const old = await keptInstallation(folder);
    const file = join(folder, "headroom.backup");
    await backUp({ ...old, file, ...(isWithSecrets ? { password } : {}), version, nowMs: Date.now() });
    const databaseUrl = await newDatabase();
    const target = { dataFolder: join(folder, "new"), databaseUrl };
    await use({ folder, old, file, options: { ...target, file, password, version, isDry: false } });
  });
}

async function assertUntouched({
  dataFolder,
  databaseUrl,
}: {
  dataFolder: string;
  databaseUrl: string;
}): Promise<void> {
  assert.equal(existsSync(dataFolder), false);
  assert.equal(await schemaOf(databaseUrl), undefined);
}

/** The lines of a backup, changed, with an end that fits them. */
function rewrite(file: string, change: (lines: Record<string, unknown>[]) => void): void {
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>).slice(0, -1);
  change(entries);
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  const end = { kind: "end", digest: createHash("sha256").update(text).digest("hex") };
  writeFileSync(file, gzipSync(`${text}${JSON.stringify(end)}\n`));
}

describe("a backup", function () {
  this.timeout(120_000);

  it("restored has the same rows to the letter, the same secrets and the same states", async () => {
    await withBackup(async ({ old, options }) => {
      await restore(options);

      assert.deepEqual(await tablesOf(options.databaseUrl), await tablesOf(old.databaseUrl));
      for (const name of sharedFiles) {
        assert.equal(
          readFileSync(join(options.dataFolder, name), "utf8"),
          readFileSync(join(old.dataFolder, name), "utf8"),
        );
      }
      const states = (folder: string): [string, string][] => {
        const stacks = join(folder, "state", ".pulumi", "stacks", "headroom-nodes");
        return readdirSync(stacks)
          .filter((name) => name.endsWith(".json"))
          .map((name) => [name, readFileSync(join(stacks, name), "utf8")]);
      };
      assert.equal(states(old.dataFolder).length > 0, true);
      assert.deepEqual(states(options.dataFolder), states(old.dataFolder));
    });
  });

  it("puts the epoch above that of the installation it was made of, so that whoever led there is not believed here", async () => {
    await withBackup(async ({ old, options }) => {
      const epochOf = async (url: string): Promise<number> => {
        const client = await connect(url);
        const { rows } = await client.query<{ epoch: number }>(
          "select coalesce(max(epoch), 0)::int as epoch from headroom.lease",
        );
        await client.end();
        return rows[0]!.epoch;
      };

      await restore(options);

      assert.equal(await epochOf(options.databaseUrl), (await epochOf(old.databaseUrl)) + 1);
    });
  });

  it("damaged anywhere, cut off anywhere, or followed by something is refused, and nothing is changed", async () => {
    await withBackup(async ({ file, options }) => {
      const whole = readFileSync(file);
      const places = Array.from({ length: 12 }, (_none, index) => Math.floor(((index + 0.5) * whole.length) / 12));
      const damages: [string, Buffer][] = [
        ...places.map((place): [string, Buffer] => [`byte ${place}`, flipped(whole, place)]),
        ...places.map((place): [string, Buffer] => [`only ${place} bytes`, whole.subarray(0, place)]),
        ["nothing", Buffer.alloc(0)],
        ["something behind it", Buffer.concat([whole, gzipSync("{}\n")])],
        ["another file", Buffer.from("this is no backup")],
        ["without its end", gzipSync(gunzipSync(whole).toString("utf8").split("\n").slice(0, -2).join("\n") + "\n")],
      ];
      for (const [what, bytes] of damages) {
        writeFileSync(file, bytes);
        await assert.rejects(restore(options), /is damaged|is no backup/, what);
        await assertUntouched(options);
      }
    });
  });

  it("of a newer version, of a newer schema, of a newer format, or that leads out of its folder is refused", async () => {
    type Lines = Record<string, unknown>[];
    const changes: [RegExp, (lines: Lines) => void][] = [
      [/made by headroom 99\.0\.0 and this is/, (lines) => Object.assign(lines[0]!, { version: "99.0.0" })],
      [/in format 99, and this version reads up to/, (lines) => Object.assign(lines[0]!, { formatVersion: 99 })],
      [
        /schema version 9999 and this version knows/,
        (lines) =>
          Object.assign(
            lines.find(({ kind }) => kind === "database")!,
            { schemaVersion: 9999 },
          ),
      ],
      ...["../../evil", "/etc/evil", ".pulumi/stacks/headroom-nodes/../../../evil"].map(
        (path): [RegExp, (lines: Lines) => void] => [
          /is damaged/,
          (lines) =>
            Object.assign(
              lines.find(({ kind }) => kind === "stateFile")!,
              { path },
            ),
        ],
      ),
      [
        /is damaged/,
        (lines) =>
          Object.assign(
            lines.find(({ kind }) => kind === "rows")!,
            { table: 'node"; drop schema headroom; --' },
          ),
      ],
    ];
    for (const [expected, change] of changes) {
      await withBackup(async ({ file, options }) => {
        rewrite(file, change);
        await assert.rejects(restore(options), expected);
        await assertUntouched(options);
      });
    }
  });

  it("opens with its own password alone, and not when somebody changed a row of it", async () => {
    await withBackup(async ({ file, options }) => {
      await assert.rejects(restore({ ...options, password: "another password" }), /does not open the secrets/);
      await assert.rejects(restore({ ...options, password: undefined }), /give its password with --password-file/);
      rewrite(file, (lines) => {
        const rows = lines.find(({ kind, table }) => kind === "rows" && table === "session")!["rows"] as string[][];
        rows[0]![2] = rows[0]![2]!.replace("ann", "eve");
      });
      await assert.rejects(restore(options), /somebody changed the file/);
      await assertUntouched(options);
    });
  });

  it("goes into no data folder, no database and no backend that hold anything", async () => {
    await withBackup(async ({ folder, old, options }) => {
      mkdirSync(join(folder, "used"));
      writeFileSync(join(folder, "used", "notes.txt"), "mine");
      await assert.rejects(restore({ ...options, dataFolder: join(folder, "used") }), /holds notes\.txt already/);
      await assert.rejects(restore({ ...options, databaseUrl: old.databaseUrl }), /holds installation \w+ already/);
      const backendUrl = `file://${join(old.dataFolder, "state")}`;
      await assert.rejects(restore({ ...options, backendUrl }), /holds the stacks of installation \w+ already/);
      await assert.rejects(restore({ ...options, backendUrl: "s3://bucket" }), /go into a folder: file:\/\/\//);
      await assertUntouched(options);
      assert.deepEqual(readdirSync(join(folder, "used")), ["notes.txt"]);
    });
  });

  it("without secrets has none of them, and is restored beside those that the operator kept", async () => {
    await withBackup(async ({ old, file, options }) => {
      assertNoSecrets(file, old);
      const withoutPassword = { ...options, password: undefined };
      await assert.rejects(restore(withoutPassword), /holds no secrets, and .* lacks passphrase, encryption-salt/);
      await assertUntouched(options);
      shareSecrets(old.dataFolder, options.dataFolder);

      await restore(withoutPassword);

      assert.deepEqual(await tablesOf(options.databaseUrl), await tablesOf(old.databaseUrl));
    }, false);
  });

  it("with secrets shows none of them", async () => {
    await withBackup(async ({ old, file }) => {
      assertNoSecrets(file, old);
    });
  });

  it("replaces no file, and one that can't be made leaves none", async () => {
    await withBackup(async ({ folder, old, file }) => {
      const before = readFileSync(file);
      const options = { ...old, file, password, version, nowMs: Date.now() };
      await assert.rejects(backUp(options), /is there already/);
      assert.deepEqual(readFileSync(file), before);
      const elsewhere = join(folder, "second.backup");
      const others = `file://${join(folder, "none")}`;
      await assert.rejects(
        backUp({ ...options, file: elsewhere, backendUrl: others }),
        /carries no installation's mark/,
      );
      await assert.rejects(backUp({ ...options, file: join(folder, "none", "x") }), /can't be written/);
      await assert.rejects(
        backUp({ ...options, file: elsewhere, databaseUrl: await newDatabase() }),
        /nothing to back up/,
      );
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes("backup") && name !== "headroom.backup"),
        [],
      );
    });
  });

  it("half-restored is served by nobody", async () => {
    await withBackup(async ({ options }) => {
      mkdirSync(options.dataFolder);
      writeFileSync(join(options.dataFolder, "restoring"), JSON.stringify({ restoreId: "r", digest: "d" }));
      const start = startRuntime({ dataFolder: options.dataFolder, port: 0, logLevel: "silent" });
      await assert.rejects(start, /was cut off; run the same headroom restore again/);
      await assert.rejects(restore(options), /a restore of another backup .* was cut off/);
    });
  });
});

/** States are packed once more; each has the salt, which alone opens nothing. */
function assertNoSecrets(file: string, { dataFolder }: Place): void {
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n");
  const states = lines.map((line) => (JSON.parse(line) as { base64?: string }).base64 ?? "");
  const texts = [...lines, ...states.map((state) => Buffer.from(state, "base64").toString("utf8"))];
  for (const name of ["passphrase", "node-token-secret", "secrets-key", "admin-key"]) {
    const secret = readFileSync(join(dataFolder, name), "utf8").trim();
    assert.ok(secret.length > 20, name);
    assert.equal(
      texts.some((text) => text.includes(secret)),
      false,
      name,
    );
  }
}

function flipped(bytes: Buffer, place: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[place]! ^= 0x55;
  return copy;
}
