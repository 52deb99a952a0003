/** The password that a cloud makes for a Windows server: for which servers it is asked for, when, and who is told. */
import assert from "node:assert/strict";
import { cloudCatalog } from "../../provider/registry";
import { connectionOfSession } from "../../runtime/broker/session-connection";
import type { AccountAnswer } from "../../runtime/model/account-questions";
import type { Node } from "../../runtime/model/state";
import { Draft } from "../../runtime/model/draft";
import { WindowCache } from "../../runtime/planner/config/windows";
import { createNodeRow } from "../../runtime/reconciler/new-node";
import { WindowsPasswords } from "../../runtime/reconciler/windows-passwords";
import { PlainTokens } from "../../runtime/sim/tokens";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { aServer, aState, serverConfigDoc, vmProviderDoc, type ServerConfigDoc } from "../support/builders";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";

const minute = 60_000;
const settings = {
  ...{ region: "us-east-1", amiId: "ami-00000000", instanceType: "m7i.large", securityGroupIds: ["sg-1"] },
  ...{ subnetId: "subnet-1", keyName: "k", retrieveWindowsPassword: true, keyPairPrivateKey: "a key" },
};
const windows = { text: "dir", osType: "windows" } as const;

/** The row of a node that such a config makes now. */
function bornOf(config: Partial<ServerConfigDoc>, cloudSettings: object = settings): Node {
  const vmProviders = [vmProviderDoc({ kind: "aws", settings: { ...cloudSettings } })];
  const state = aState({ vmProviders, configs: [serverConfigDoc({ startupScript: windows, ...config })] });
  const catalog = cloudCatalog();
  const context = { draft: new Draft(state), windows: new WindowCache(), catalog, nowMs: startMs };
  const reason = { code: "test", text: "test", numbers: {} };
  const wanted = { autoscaleConfig: "servers", vmProvider: "vms", laneId: "l1", reason };
  return createNodeRow(wanted, context, { rng: new SeededRng(1), tokens: new PlainTokens() });
}

describe("the Windows password of a cloud", () => {
  it("is awaited for Windows servers with RDP and without a password of their own, where the settings say so", () => {
    assert.equal(bornOf({}).connection?.awaitsPassword, true);
    assert.equal(bornOf({ connectionUsername: "ann" }).connection?.awaitsPassword, true);
    const others: readonly (readonly [string, Partial<ServerConfigDoc>, object?])[] = [
      ["a password of its own", { connectionUsername: "ann", connectionPassword: "x" }],
      ["Linux", { startupScript: { text: "true", osType: "linux" } }],
      ["VNC", { connectionType: "vnc" }],
      ["the users' own names", { connectionCredentialType: "sso" }],
      ["smartcards", { connectionCredentialType: "smartcard" }],
      ["settings that do not say so", {}, { ...settings, retrieveWindowsPassword: false }],
    ];
    for (const [what, config, cloudSettings] of others) {
      assert.equal(bornOf(config, cloudSettings).connection?.awaitsPassword, undefined, what);
    }
  });

  /** Asks at every minute for so long; answers the minutes at which the cloud was asked. */
  async function ask(answer: (count: number) => AccountAnswer, minutes = 10) {
    const disk = new MemoryDisk();
    const clock = new VirtualClock();
    const node = aServer({
      ...{ createdAtMs: clock.now(), vmId: "i-1", status: "starting" },
      spec: { ...bornOf({}).spec!, account: "vm-vms-1" },
      connection: { type: "rdp", port: 3389, credentialType: "static", awaitsPassword: true },
    });
    const state = aState({ nodes: [node] });
    const account = { accountId: "vm-vms-1", service: "vm", kind: "aws", definition: "vms", identity: {} } as const;
    state.apply([
      { kind: "put", table: "account", row: { ...account, settings: {}, isCurrent: true, updatedAtMs: 1 } },
    ]);
    const ledger = new GroupCommitLedger({ state, store: new MemoryStore({ disk }), onLost: assert.fail });
    const passwords = new WindowsPasswords({ ledger, clock, rng: new SeededRng(1) });
    const askedAt: number[] = [];
    for (let at = 0; at < minutes; at += 1) {
      for (let due = passwords.nextQuestion(clock.now()); due; due = passwords.nextQuestion(clock.now())) {
        askedAt.push(at);
        assert.deepEqual(due.request.question, { kind: "windowsPassword", vmId: "i-1", template: node.spec!.settings });
        await due.conclude(answer(askedAt.length));
      }
      await clock.advance(minute);
    }
    return { state, disk, askedAt, node: state.nodes.get("n1")! };
  }

  it("is asked for after four minutes and every minute until it is there, then told with its name, and no more asked for", async () => {
    const none: AccountAnswer = { kind: "windowsPassword" };
    const { state, disk, askedAt, node } = await ask((count) =>
      count < 3 ? none : { kind: "windowsPassword", password: "hunter2-secret" },
    );

    assert.deepEqual(askedAt, [4, 5, 6]);
    const outcome = connectionOfSession({ userId: "ann" }, node, state, undefined);
    assert.ok(outcome.kind === "ready");
    assert.deepEqual([outcome.connection.userName, outcome.connection.password], ["Administrator", "hunter2-secret"]);
    assert.ok(!JSON.stringify([node, disk.decisions]).includes("hunter2"));
  });

  it("keeps users waiting while it is not there, and says once why", async () => {
    const { state, disk, askedAt, node } = await ask(() => ({ kind: "failed", failed: "it took too long" }), 90);

    assert.equal(connectionOfSession({ userId: "ann" }, node, state, undefined).kind, "notReady");
    assert.ok(askedAt.length > 50 && askedAt.filter((at) => at >= 60).length <= 4, "less often after an hour");
    assert.equal(disk.decisions.filter(({ event }) => event === "windowsPasswordAwaited").length, 1);
  });
});
