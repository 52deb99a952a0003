import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "../../runtime/model/errors";
import { findBinaries } from "../../runtime/store/embedded-binaries";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../runtime/store/embedded-postgres";
import { itAsRoot, withDatabaseFolder } from "./database-folder";
import { withFolder } from "./temporary-folder";

describe("a data folder that can't be used", () => {
  const refused = async (start: Promise<EmbeddedPostgres>, message: RegExp): Promise<void> => {
    await assert.rejects(start, (error: unknown) => {
      assert.ok(error instanceof SetupError, String(error));
      assert.match(error.message, message);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  };

  it("because it is a file is named", async () => {
    await withFolder(async (folder) => {
      writeFileSync(join(folder, "file"), "");

      await refused(
        startEmbeddedPostgres({ folder: join(folder, "file", "x") }),
        /data folder .*can't be written \(ENOTDIR/,
      );
    });
  });

  it("because another version made it is refused with what to do", async () => {
    await withFolder(async (folder) => {
      mkdirSync(join(folder, "data"));
      writeFileSync(join(folder, "data", "PG_VERSION"), "16\n");

      await refused(
        startEmbeddedPostgres({ folder }),
        /was made by PostgreSQL 16 and .* brings 18; move it with pg_dump/,
      );
    });
  });

  it("because it is damaged shows the server's last log lines", async () => {
    await withDatabaseFolder(async (folder) => {
      rmSync(join(folder, "data", "global", "pg_control"));

      await refused(
        startEmbeddedPostgres({ folder }),
        /did not start: it ended with code \d; last lines of .*pg_control/,
      );
    });
  });

  it("because its password was removed is refused", async () => {
    await withDatabaseFolder(async (folder) => {
      rmSync(join(folder, "password"));

      await refused(
        startEmbeddedPostgres({ folder }),
        /password of the embedded database, can't be read; restore that file/,
      );
    });
  });

  it("because there are no programs for this platform is refused", () => {
    assert.throws(() => findBinaries("sunos-sparc"), /no PostgreSQL programs for sunos-sparc are installed; reinstall/);
  });

  it("because the programs can't run here is refused", async () => {
    await withFolder(async (folder) => {
      mkdirSync(join(folder, "native", "bin"), { recursive: true });
      const binaries = { ...findBinaries(), folder: join(folder, "native") };

      await refused(
        startEmbeddedPostgres({ folder: join(folder, "pg"), binaries }),
        /initdb can't be run on this system/,
      );
    });
  });

  itAsRoot("because its disk is full is refused", async () => {
    await withFolder(async (folder) => {
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=755", "headroom-test", folder]);
      assert.equal(mounted.status, 0, String(mounted.stderr));
      try {
        await refused(startEmbeddedPostgres({ folder: join(folder, "pg") }), /the disk of .* is full/);
      } finally {
        spawnSync("umount", [folder]);
      }
    });
  });
});
