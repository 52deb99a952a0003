/** What everyday operations do to a lane's state: lost volumes, hands that delete, databases from a backup. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../../runtime/executor/engine-choice";
import type { PresentNode } from "../../runtime/executor/node-updater";
import { aNode, aRequest, enginesHere, openBench, type Bench } from "./bench";
import { thingsOf } from "./toy-cloud";

for (const kind of ["embedded", "official"] as const) {
  describe(`a lane whose state is lost with the ${kind} engine`, () => {
    let engine: Engine;
    let bench: Bench;

    before(async function () {
      const found = (await enginesHere()).find((candidate) => candidate.kind === kind);
      if (found === undefined) return this.skip();
      engine = found;
      bench = await openBench(engine, { slots: 1, warmSpares: 1 });
    });
    after(async () => {
      await bench?.close();
    });

    const nodes = (...ids: string[]) => ids.map((id) => aNode(id, bench.world));
    const stateFile = (lane: string) =>
      join(bench.installation.dataFolder, "state", ".pulumi", "stacks", "headroom-nodes", `${lane}.json`);
    const editState = (lane: string, keep: (urn: string) => boolean) => {
      const state = JSON.parse(readFileSync(stateFile(lane), "utf8")) as StateFile;
      const { latest } = state.checkpoint;
      latest.resources = latest.resources.filter(({ urn }) => keep(urn));
      writeFileSync(stateFile(lane), JSON.stringify(state));
    };
    const vmsOf = (...nodeIds: string[]) =>
      thingsOf(bench.world.folder)
        .filter(({ nodeId }) => nodeIds.includes(nodeId))
        .map(({ id, nodeId }) => `${nodeId} ${id}`)
        .sort();
    const byNode = (present: readonly PresentNode[] = []) =>
      [...present].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));

    const cut = (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 400));
    const losses: Readonly<Record<string, (lane: string) => void>> = {
      "the state is lost": (lane) => rmSync(stateFile(lane)),
      "everything is deleted from the state by hand": (lane) => editState(lane, () => false),
      "one node is deleted from the state by hand": (lane) => editState(lane, (urn) => !urn.endsWith("::a2")),
    };
    for (const [loss, lose] of Object.entries(losses)) {
      const lane = loss.replaceAll(" ", "-").slice(0, 20).replace(/-$/, "");
      it(`makes nothing anew when ${loss}, and finds every VM with its id and address`, async () => {
        const all = nodes("a1", "a2", "a3");
        const made = await bench.pool.update(aRequest(all, lane), () => undefined);
        const vms = vmsOf("a1", "a2", "a3");
        lose(lane);

        const more = nodes("a4");
        const request = { ...aRequest([...more, ...all], lane, 2), creates: ["a4"] };
        const refused = await bench.pool.update(request, () => undefined);

        assert.equal(refused.present, undefined);
        assert.match(refused.message ?? "", /the state of stack .* lacks .*a2/);
        assert.deepEqual(vmsOf("a1", "a2", "a3", "a4"), vms);

        const recovered = await bench.pool.recover(aRequest([...more, ...all], lane, 2), undefined);
        assert.deepEqual(recovered.absent, ["a4"]);
        const whole = await bench.pool.update(request, () => undefined);
        assert.deepEqual(byNode(whole.present).slice(0, 3), byNode(made.present));
        assert.deepEqual(vmsOf("a1", "a2", "a3"), vms);

        const ids = ["a1", "a2", "a3", "a4"];
        assert.deepEqual((await bench.pool.update(aRequest([], lane, 3, ids), () => undefined)).present, []);
        assert.deepEqual(vmsOf(...ids), []);
      });
    }

    const damages: Readonly<Record<string, { damage: (file: string) => void; said: RegExp }>> = {
      "empty, as after a power loss": { damage: (file) => writeFileSync(file, ""), said: /is empty/ },
      cut: { damage: cut, said: /is cut or no JSON/ },
      "that of another stack": {
        damage: (file) =>
          writeFileSync(file, readFileSync(file, "utf8").replaceAll("urn:pulumi:", "urn:pulumi:other-")),
        said: /is the state of another stack/,
      },
    };
    for (const [what, { damage, said }] of Object.entries(damages)) {
      for (const backup of ["without a backup", "with an older backup"]) {
        it(`keeps a state file aside that is ${what}, ${backup}, and finds its VMs`, async () => {
          const lane = `m${Object.keys(damages).indexOf(what)}${backup.slice(0, 5).trim()}`;
          const all = nodes(`${lane}-1`, `${lane}-2`);
          await bench.pool.update(aRequest(all, lane), () => undefined);
          const vms = vmsOf(`${lane}-1`, `${lane}-2`);
          const gone = vmsOf(`${lane}-1`)[0]!.split(" ")[1]!;
          const file = stateFile(lane);
          // A VM that the older state still has may have ended since.
          if (backup.startsWith("with an")) {
            writeFileSync(`${file}.bak`, readFileSync(file));
            bench.world.remove(gone);
          } else rmSync(`${file}.bak`, { force: true });
          damage(file);

          const refused = await bench.pool.update({ ...aRequest(all, lane, 2), creates: [] }, () => undefined);
          assert.equal(refused.present, undefined);
          const recovered = await bench.pool.recover(aRequest(all, lane, 2), undefined);

          assert.match(recovered.message ?? "", said);
          assert.ok(recovered.message?.includes(file), recovered.message);
          const aside = readdirSync(join(file, "..")).filter((name) => name.startsWith(`${lane}.json.damaged-`));
          assert.equal(aside.length, 1);
          const expected = backup.startsWith("with an") ? vms.slice(1) : vms;
          assert.deepEqual(
            byNode(recovered.present).map(({ nodeId, vmId }) => `${nodeId} ${vmId}`),
            expected,
          );
          assert.deepEqual(recovered.absent, backup.startsWith("with an") ? [`${lane}-1`] : []);
          assert.deepEqual(vmsOf(`${lane}-1`, `${lane}-2`), expected);
        });
      }
    }

    it("tells which VMs neither the state nor the cloud has", async () => {
      const all = nodes("b1", "b2");
      await bench.pool.update(aRequest(all, "b"), () => undefined);
      rmSync(stateFile("b"));
      bench.world.remove(thingsOf(bench.world.folder).find(({ nodeId }) => nodeId === "b2")!.id);

      const recovered = await bench.pool.recover(aRequest(all, "b", 2), undefined);

      assert.deepEqual(recovered.absent, ["b2"]);
      assert.deepEqual(
        recovered.present?.map(({ nodeId }) => nodeId),
        ["b1"],
      );
    });

    it("keeps what no row tells of through creates, deletes and recoveries", async () => {
      await bench.pool.update(aRequest(nodes("c1", "c2", "x1"), "c"), () => undefined);
      const stranger = vmsOf("x1");

      const request = { ...aRequest(nodes("c3", "c1", "c2"), "c", 2), creates: ["c3"] };
      await bench.pool.update(request, () => undefined);
      await bench.pool.update({ ...aRequest(nodes("c2", "c3"), "c", 3, ["c1"]), creates: [] }, () => undefined);
      editState("c", (urn) => !urn.endsWith("::c2"));
      const recovered = await bench.pool.recover(aRequest(nodes("c2", "c3"), "c", 4), undefined);

      assert.deepEqual(
        byNode(recovered.present).map(({ nodeId }) => nodeId),
        ["c2", "c3", "x1"],
      );
      const emptied = await bench.pool.update(aRequest([], "c", 5, ["c2", "c3"]), () => undefined);
      assert.deepEqual(
        emptied.present?.map(({ nodeId }) => nodeId),
        ["x1"],
      );
      assert.deepEqual(vmsOf("c1", "c2", "c3", "x1"), stranger);
      await assert.rejects(bench.pool.removeStack("c", "c", 1), /is not empty: x1/);
    });

    it("refuses to delete what the state lacks before the cloud was asked for it", async () => {
      await bench.pool.update(aRequest(nodes("d1", "d2"), "d"), () => undefined);
      const vms = vmsOf("d1", "d2");
      editState("d", (urn) => !urn.endsWith("::d2"));

      const refused = await bench.pool.update(
        { ...aRequest(nodes("d1"), "d", 2, ["d2"]), creates: [] },
        () => undefined,
      );

      assert.equal(refused.present, undefined);
      assert.deepEqual(vmsOf("d1", "d2"), vms);
    });
  });
}

interface StateFile {
  readonly checkpoint: { readonly latest: { resources: { readonly urn: string }[] } };
}
