/** Backups made and restored with VMs alive and people in sessions. */
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { findLocalLeftovers } from "../../provider/local-vm/find-local-vms";
import { backUp } from "../../runtime/backup/back-up";
import { restore } from "../../runtime/backup/restore";
import { packageVersion } from "../../runtime/main";
import { newDatabase } from "../support/postgres";
import { until } from "../support/until";
import { withFolder } from "../cli/headroom";
import { growTo, password, removeAll, serve, sessionsOf, vmsOf, type Place } from "./site";

const version = packageVersion();

async function newPlace(folder: string, name: string): Promise<Place> {
  return { dataFolder: join(folder, name), databaseUrl: await newDatabase() };
}

describe("a backup with nodes alive", function () {
  this.timeout(240_000);

  it("restored elsewhere keeps every VM and session, makes none twice, and goes on from there", async () => {
    await withFolder(async (folder) => {
      const [old, moved] = [await newPlace(folder, "old"), await newPlace(folder, "moved")];
      const file = join(folder, "headroom.backup");
      const { vms, sessions } = await serve(folder, old, async (client, runtime) => {
        await growTo(client, runtime, 2);
        await client.requestSession({ workspace: "desktop", userId: "ann" });
        await client.requestSession({ workspace: "desktop", userId: "ben" });
        return { vms: vmsOf(folder), sessions: await sessionsOf(client) };
      });
      assert.equal(vms.length, 2);

      const made = await backUp({ ...old, file, password, version, nowMs: Date.now() });
      const looked = await restore({ ...moved, file, password, version, isDry: true });
      assert.equal(existsSync(moved.dataFolder), false, "a dry run makes nothing");
      const restored = await restore({ ...moved, file, password, version, isDry: false });

      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.deepEqual([made.stacks, made.rows["node"], made.rows["session"]], [1, 2, 2]);
      assert.deepEqual([looked.rows, restored.rows], [made.rows, made.rows]);
      await serve(folder, moved, async (client, runtime) => {
        assert.equal(runtime.standbyReason, undefined);
        assert.deepEqual(await sessionsOf(client), sessions);
        assert.deepEqual(vmsOf(folder), vms);
        await growTo(client, runtime, 3);
        const all = vmsOf(folder);
        assert.deepEqual([all.length, vms.filter((vm) => !all.includes(vm))], [3, []]);
        assert.deepEqual(await sessionsOf(client), sessions);
        await removeAll(client);
      });
      assert.deepEqual(findLocalLeftovers(join(folder, "vms")), []);
    });
  });

  it("made while nodes come and go and people arrive has all that was answered before, and nothing is left over in the end", async () => {
    await withFolder(async (folder) => {
      const [old, moved] = [await newPlace(folder, "old"), await newPlace(folder, "moved")];
      const file = join(folder, "headroom.backup");
      const before = await serve(folder, old, async (client, runtime) => {
        await growTo(client, runtime, 1);
        await client.requestSession({ workspace: "desktop", userId: "ann" });
        const known = await sessionsOf(client);
        const growing = growTo(client, runtime, 3);
        await until("a VM is on its way", async () => (await client.nodes()).length > 1);
        await backUp({ ...old, file, password, version, nowMs: Date.now() });
        await growing;
        return known;
      });
      const vms = vmsOf(folder);

      await restore({ ...moved, file, password, version, isDry: false });

      assert.equal(vms.length, 3);
      await serve(folder, moved, async (client, runtime) => {
        assert.deepEqual(await sessionsOf(client), before);
        await growTo(client, runtime, 3);
        assert.deepEqual(vmsOf(folder), vms, "what was on its way is adopted");
        await removeAll(client);
      });
      assert.deepEqual(findLocalLeftovers(join(folder, "vms")), []);
    });
  });

  it("that is older than the fleet asks the clouds first: what is gone is replaced, and no session is on it", async () => {
    await withFolder(async (folder) => {
      const [old, moved] = [await newPlace(folder, "old"), await newPlace(folder, "moved")];
      const file = join(folder, "headroom.backup");
      await serve(folder, old, async (client, runtime) => {
        await growTo(client, runtime, 1);
        await backUp({ ...old, file, password, version, nowMs: Date.now() });
        await removeAll(client);
      });
      assert.deepEqual(vmsOf(folder), []);

      await restore({ ...moved, file, password, version, isDry: false });

      await serve(folder, moved, async (client, runtime) => {
        await growTo(client, runtime, 2);
        await until("both nodes have a VM", async () => {
          const vms = vmsOf(folder);
          const nodes = await client.nodes();
          return nodes.length === 2 && nodes.every(({ nodeId }) => vms.some((vm) => vm.startsWith(`${nodeId} `)));
        });
        await removeAll(client);
      });
      assert.deepEqual(findLocalLeftovers(join(folder, "vms")), []);
    });
  });
});
