/** Computer records that nobody has: which of those that a directory lists are told, and which are asked to be deleted. */
import assert from "node:assert/strict";
import type { AccountAnswer, AskRequest } from "../../runtime/model/account-questions";
import type { LdapConfig } from "../../runtime/model/config";
import { OrphanRemoval } from "../../runtime/reconciler/orphan-removal";
import { Sweep } from "../../runtime/reconciler/sweep";
import { catalog, ldapDoc, serverConfigDoc } from "../support/builders";
import { World } from "./world";

const minute = 60_000;
const ou = { adComputerOu: "OU=Desktops,DC=example,DC=org", ldapConfig: "corp", createAdComputerRecord: true };

class Directory {
  private constructor(
    readonly world: World,
    private readonly sweep: Sweep,
    private readonly removal: OrphanRemoval,
  ) {}

  /** Node ids of the stacks that are known; a lane that is not here is not known. */
  private static readonly log = { warn: () => undefined };

  static async open(
    orphans: LdapConfig["orphans"],
    stacks: (laneId: string) => ReadonlyMap<string, object> | undefined,
  ) {
    const script = { text: "{ad_join_credential} {domain}" };
    const config = serverConfigDoc({ ...ou, startupScript: script, minNodes: 1 });
    const world = await World.start({ ldapConfigs: [ldapDoc({ orphans })], configs: [config] });
    const row = { installationId: "inst-1", backend: "", passphrase: "", tokenSecret: "" };
    await world.ledger.commit([{ kind: "put", table: "installation", row }]);
    const { ledger, clock, rng } = world;
    const shared = { ledger, clock, rng, catalog, stackOf: stacks };
    const sweep = new Sweep({ ...shared, log: Directory.log, wakeReconciler: () => undefined });
    // From here on each place has its rhythm.
    assert.equal(sweep.nextQuestion(clock.now()), undefined);
    return new Directory(world, sweep, new OrphanRemoval({ ...shared, epoch: 1 }));
  }

  /** One round of the sweep in which the directory lists records of these nodes; it asks nothing else of it. */
  async lists(...nodeIds: string[]): Promise<void> {
    await this.world.clock.advance(6 * minute);
    const vms = nodeIds.map((nodeId) => ({ vmId: nodeId, nodeId, installation: "inst-1" }));
    for (;;) {
      const due = this.sweep.nextQuestion(this.world.clock.now());
      if (due === undefined) return;
      const isDirectory = due.request.account.service === "directory";
      const answer: AccountAnswer = isDirectory ? { kind: "list", vms } : { kind: "failed", failed: "not asked" };
      await due.conclude(answer);
    }
  }

  told(): string[] {
    return [...this.world.state.orphans.values()]
      .filter(({ reportedAtMs }) => reportedAtMs !== undefined)
      .map(({ vmId, vmProvider, isComputerRecord }) => `${vmProvider} ${vmId} ${isComputerRecord ? "record" : "VM"}`);
  }

  asked(): AskRequest | undefined {
    return this.removal.nextQuestion(this.world.clock.now())?.request;
  }
}

describe("computer records of this installation that a directory lists", () => {
  it("are told after the second time when no node and no stack has them, and forgotten when they are gone", async () => {
    const directory = await Directory.open("report", () => new Map());
    const [owned] = directory.world.state.nodes.keys();

    await directory.lists(owned!, "nlost001");
    assert.deepEqual(directory.told(), []);
    await directory.lists(owned!, "nlost001");
    assert.deepEqual(directory.told(), ["corp nlost001 record"]);
    assert.equal(directory.asked(), undefined, "they stay where nobody wants them deleted");
    await directory.lists(owned!);
    assert.deepEqual(directory.told(), []);
    await directory.world.stop();
  });

  it("of a node that runs, whose VM has an id of its own, are its own", async () => {
    const directory = await Directory.open("delete", () => new Map());
    const [node] = directory.world.state.nodes.values();
    await directory.world.ledger.commit([{ kind: "put", table: "node", row: { ...node!, vmId: "i-1" } }]);

    for (let round = 0; round < 3; round += 1) await directory.lists(node!.nodeId);
    assert.deepEqual([...directory.world.state.orphans.keys()], []);
    await directory.world.stop();
  });

  it("of a node that only a stack has, or that a stack may have of which nothing is known, are not judged", async () => {
    for (const stack of [new Map([["nstack01", { vmId: "i-9" }]]), undefined]) {
      const directory = await Directory.open("delete", () => stack);
      for (let round = 0; round < 3; round += 1) await directory.lists("nstack01");
      assert.deepEqual(directory.told(), []);
      await directory.world.stop();
    }
  });

  it("are asked to be deleted where the LDAP config wants it, and the store permits no other", async () => {
    const directory = await Directory.open("delete", () => new Map());
    const [owned] = directory.world.state.nodes.keys();
    for (let round = 0; round < 2; round += 1) await directory.lists(owned!, "nlost001");

    const { account, question } = directory.asked()!;
    assert.equal(account.service, "directory");
    assert.ok(question.kind === "deleteOrphan" && question.nodeId === "nlost001");
    const { orphanId, vmId } = question;
    const permit = (nodeId: string, epoch = 1) =>
      directory.world.store.permit({ step: "deleteOrphan", epoch, orphanId, vmId, nodeId });
    const { epoch } = directory.world.store;
    assert.deepEqual(await permit("nlost001", epoch), { isAllowed: true });
    assert.equal((await permit(owned!, epoch)).isAllowed, false);
    await directory.world.declare({ ldapConfigs: [ldapDoc({ orphans: "report" })] });
    const refused = await permit("nlost001", epoch);
    assert.ok(!refused.isAllowed && /LDAP config "corp" does not say orphans: "delete"/.test(refused.reason));
    await directory.world.stop();
  });
});
