/** Nodes with computer records through the engines: record, VM, script and what crashes leave. Skipped by name without Samba. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change } from "ldapts";
import { findLocalVms } from "../../provider/local-vm/find-local-vms";
import type { Engine } from "../../runtime/executor/engine-choice";
import { prepareInstallation, type Installation } from "../../runtime/executor/installation";
import { LaneFolder } from "../../runtime/executor/lane-folder";
import { WorkerPool } from "../../runtime/executor/worker-pool";
import type { AccountSpec } from "../../runtime/model/accounts";
import { realClock } from "../../runtime/model/real-clock";
import type { DesiredNode } from "../../runtime/model/state";
import { allowAll, aRequest, enginesHere, Heard, packageRoot } from "../executor/bench";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";
import { closedOu, computerOu, DomainController, domainRoot, service, whyNoController } from "./domain-controller";

const accountId = "directory-corp-12345678";

for (const kind of ["embedded", "official"] as const) {
  describe(`nodes with computer records, ${kind} engine`, function () {
    this.timeout(180_000);
    let controller: DomainController;
    let folder: string;
    let installation: Installation;
    let pool: WorkerPool;
    before(async function () {
      const engine: Engine | undefined = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (engine === undefined || whyNoController() !== undefined) return this.skip();
      folder = newOpenFolder("headroom-ad-");
      controller = await DomainController.start();
      installation = await prepareInstallation({ dataFolder: join(folder, "data"), packageRoot, engine });
      const limits = { settleMs: 200, orphanWaitMs: 10_000 };
      pool = new WorkerPool({ installation, clock: realClock, permit: allowAll, slots: 2, limits });
    });
    after(async () => {
      await pool?.stop();
      await controller?.stop();
      if (folder !== undefined) removeFolder(folder);
    });

    afterEach(() => controller?.empty());

    const vms = () =>
      findLocalVms(join(folder, "local"))
        .map(({ nodeId }) => nodeId)
        .sort();
    const node = (nodeId: string, over: Partial<NonNullable<DesiredNode["computerRecord"]>> = {}): DesiredNode => ({
      ...{ nodeId, zone: "z", pool: "p", autoscaleConfig: "c", vmProvider: "v", kind: "local", osType: "linux" },
      settings: { root: join(folder, "local"), bootTime: "0s" },
      startupScript: `echo join-${nodeId}-Password`,
      installation: "inst-1",
      computerRecord: {
        ...{ account: accountId, computerOu, deletesChildren: false, joinPassword: `Join1-${nodeId}-Password` },
        ...over,
      },
    });
    const accounts = (password = service.password): Record<string, AccountSpec> => ({
      [accountId]: {
        ...{ service: "directory", kind: "activeDirectory", definition: "corp", identity: { domain: "headroom.test" } },
        settings: { ...controller.access({ serviceAccountPassword: password }) },
      },
    });
    const request = (
      nodes: readonly DesiredNode[],
      lane: string,
      revision = 1,
      leaving: readonly DesiredNode[] = [],
    ) => ({
      ...aRequest(
        nodes,
        lane,
        revision,
        leaving.map(({ nodeId }) => nodeId),
      ),
      accounts: accounts(),
      leaving,
    });
    const ignore = () => undefined;

    it("get the record with the password of their script, VM and record go, and no state has the password", async () => {
      const made = await pool.update(request([node("n-made1")], "a"), ignore);

      assert.equal(made.outcome, "succeeded", made.message ?? "");
      assert.deepEqual([vms(), await controller.computers()], [["n-made1"], ["n-made1"]]);
      const joined = await controller.as(
        () => Promise.resolve(true),
        "N-MADE1$@headroom.test",
        "Join1-n-made1-Password",
      );
      assert.ok(joined);
      for (const file of filesBelow(join(folder, "data"))) {
        const text = readFileSync(file, "utf8");
        for (const secret of ["Join1-n-made1-Password", service.password]) assert.ok(!text.includes(secret), file);
      }

      const gone = await pool.update(request([], "a", 2, [node("n-made1")]), ignore);
      assert.equal(gone.outcome, "succeeded", gone.message ?? "");
      assert.deepEqual([gone.present, vms(), await controller.computers()], [[], [], []]);
    });

    it("have no VM when the directory refuses the record, and fail with its class", async () => {
      const heard = new Heard();
      await pool.update(request([node("n-no1", { computerOu: closedOu })], "b"), heard.hear);

      const failed = heard.events.find((event) => event.kind === "nodeFailed");
      assert.ok(failed?.kind === "nodeFailed" && failed.class === "CONFIG", JSON.stringify(heard.events));
      assert.match(failed.message, /AdNoRight: .*create computer objects in "OU=Closed/);
      assert.deepEqual(vms(), []);
      await pool.update(request([], "b", 2, [node("n-no1")]), ignore);
    });

    it("go with the login of now, when the one of their birth does not count any more", async () => {
      await pool.update(request([node("n-rot1"), node("n-rot2")], "c"), ignore);
      const password = "Another1Password";
      await controller.as((client) =>
        client.modify(
          `CN=headroom,CN=Users,${domainRoot}`,
          new Change({
            operation: "replace",
            modification: new Attribute({ type: "unicodePwd", values: [Buffer.from(`"${password}"`, "utf16le")] }),
          }),
        ),
      );
      const without = { ...request([node("n-rot1")], "c", 2, [node("n-rot2")]), accounts: accounts(password) };
      const result = await pool.update({ ...without, creates: [] }, ignore);

      assert.equal(result.outcome, "succeeded", result.message ?? "");
      assert.deepEqual(await controller.computers(), ["n-rot1"]);
      const all = await pool.update({ ...request([], "c", 3, [node("n-rot1")]), accounts: accounts(password) }, ignore);
      assert.equal(all.outcome, "succeeded", all.message ?? "");
      assert.deepEqual(await controller.computers(), []);
      await controller.as((client) =>
        client.modify(
          `CN=headroom,CN=Users,${domainRoot}`,
          new Change({
            operation: "replace",
            modification: new Attribute({
              type: "unicodePwd",
              values: [Buffer.from(`"${service.password}"`, "utf16le")],
            }),
          }),
        ),
      );
    });

    for (const [what, isWanted] of [
      ["stays wanted: it is there once, with its VM", true],
      ["is not wanted any more: nothing is left", false],
    ] as const) {
      it(`whose engine and plugin are killed while the record is made, and that ${what}`, async () => {
        const nodeId = isWanted ? "n-kill1" : "n-kill2";
        const lane = `kill-${nodeId}`;
        const heard = new Heard();
        controller.relay.holdAnswers();
        const update = pool.update(request([node(nodeId)], lane), heard.hear).catch((error: unknown) => error);
        await controller.untilMade(nodeId);
        for (const pid of new LaneFolder(installation, lane, lane).processes()) process.kill(pid, "SIGKILL");
        controller.relay.cut();
        controller.relay.release();
        await update;
        await pool.recover(request([node(nodeId)], lane, 2), heard.enginePid());
        if (isWanted) {
          const again = await pool.update(request([node(nodeId)], lane, 3), ignore);
          assert.equal(again.outcome, "succeeded", again.message ?? "");
          assert.deepEqual([vms(), await controller.computers()], [[nodeId], [nodeId]]);
        }
        await pool.update(request([], lane, 4, [node(nodeId)]), ignore);
        assert.deepEqual([vms(), await controller.computers()], [[], []]);
      });
    }
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
