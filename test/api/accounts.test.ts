/** Where an operator reads what clouds said of accounts: status, doctor, and explanations of what can't come. */
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng } from "../../runtime/main/chance";
import { realClock } from "../../runtime/model/real-clock";
import type { AccountCheck } from "../../runtime/model/account-check";
import type { DefinitionKind } from "../../runtime/model/config";
import { AccountChecks } from "../../runtime/reconciler/account-checks";
import { headroom } from "../cli/headroom";
import { removeFolder } from "../support/remove-folder";
import { aNode, Api } from "./harness";

const text = 'amiId "ami-1": AWS says InvalidAMIID.NotFound: account 111111111111 has no such image; name another one';
const wrong: AccountCheck = {
  identity: { owner: "111111111111", name: "arn:aws:iam::111111111111:user/u" },
  findings: [
    { kind: "wrong", field: "amiId", text },
    { kind: "unchecked", field: "keyName", text: 'keyName "k": could not be checked: AWS says UnauthorizedOperation' },
  ],
};
const fine: AccountCheck = { findings: [] };

describe("accounts, as operators see them", () => {
  let api: Api;
  beforeEach(async () => {
    api = await Api.start();
    await api.furnish();
  });
  afterEach(() => api.close());

  const answer = async (check: AccountCheck): Promise<void> => {
    const { ledger, catalog } = api.leader;
    const wakeReconciler = () => undefined;
    const checks = new AccountChecks({ ledger, catalog, clock: realClock, rng: createRng(), wakeReconciler });
    await checks.nextQuestion(realClock.now())!.conclude({ kind: "check", check });
  };
  const accounts = async () => (await api.client("viewer").status()).accounts;
  const explain = async (subject: "node" | "session" | "config", id: string) => {
    const { sentences, wouldChange } = await api.client("viewer").explain(subject, id);
    return { sentences: sentences.join("\n"), advice: wouldChange.join("\n") };
  };

  it("status has each VM provider config: not asked yet, in order, or what is wrong and who we are", async () => {
    const named = { vmProvider: "here", kind: "local" };
    assert.deepEqual(await accounts(), [{ ...named, state: "unknown", troubles: [], unchecked: [] }]);

    await answer(wrong);

    const [{ checkedAtMs, ...view } = assert.fail()] = await accounts();
    assert.ok(Math.abs(realClock.now() - checkedAtMs!) < 60_000);
    assert.deepEqual(view, {
      ...{ ...named, state: "trouble", owner: "111111111111", principal: "arn:aws:iam::111111111111:user/u" },
      ...{ troubles: [text], unchecked: ['keyName "k": could not be checked: AWS says UnauthorizedOperation'] },
    });
  });

  it("an edit makes what was said worthless until it is asked again", async () => {
    await answer(wrong);
    const doc = { name: "here", kind: "local", maxInstances: 9, settings: { region: "r2" } };
    await api.client("operator").putDefinition({ kind: "vmProviderConfig", name: "here", doc, owner: "test" });

    assert.deepEqual(
      (await accounts()).map(({ state, troubles }) => [state, troubles]),
      [["unknown", []]],
    );
    assert.match((await explain("config", "agents-eu")).sentences, /has not been checked since it was declared/);
  });

  it("explain says of a config, of a waiting session and of a node that can't come what the cloud said and what to do", async () => {
    await answer(wrong);
    const session = await api.client("broker").requestSession({ workspace: "office", userId: "ada" });
    await api.leader.ledger.commit([
      { kind: "put", table: "node", row: aNode({ nodeId: "node-2", status: "requested" }) },
      { kind: "put", table: "node", row: aNode({ nodeId: "node-3", status: "failed" }) },
    ]);
    const { sessions } = api.leader.ledger.state;
    const waiting = { ...sessions.get(session.sessionId)!, nodeId: undefined, status: "queued" } as const;
    await api.leader.ledger.commit([{ kind: "put", table: "session", row: waiting as never }]);

    const subjects = [
      ["config", "agents-eu"],
      ["session", session.sessionId],
      ["node", "node-2"],
      ["node", "node-3"],
    ] as const;
    for (const [subject, id] of subjects) {
      const { sentences, advice } = await explain(subject, id);
      assert.match(sentences, /VM provider config "here": amiId "ami-1": AWS says InvalidAMIID.NotFound/, id);
      assert.match(advice, /put right what the cloud said of VM provider config "here"/, id);
    }
    assert.match((await explain("config", "agents-eu")).sentences, /is not in order .*account 111111111111 as arn:/);
    assert.doesNotMatch((await explain("node", "node-1")).sentences, /ami-1/, "a node that runs is not in question");
  });

  it("tells what a directory said, in status and at the configs that make records there", async () => {
    const told = "AdLogin: dc1.example.org refuses headroom@example.org (52e)";
    const { ledger } = api.leader;
    const declare = (kind: DefinitionKind, name: string, doc: Record<string, unknown>) =>
      api.client("operator").putDefinition({ kind, name, doc, owner: "test" });
    assert.deepEqual((await api.client("viewer").status()).directories, []);
    const corp = {
      ...{ name: "corp", urls: ["ldaps://dc1.example.org"], searchBase: "DC=example,DC=org" },
      ...{ serviceAccountDn: "headroom@example.org", serviceAccountPassword: "hush" },
    };
    await declare("ldapConfig", "corp", corp);
    await declare("pool", "desks", { name: "desks", type: "server" });
    const [agents] = [...ledger.state.autoscaleConfigs.values()];
    const desks = {
      ...{ name: "desks", type: "server", zone: agents!.zone, pool: "desks", vmProvider: agents!.vmProvider },
      ...{ createAdComputerRecord: true, ldapConfig: "corp" },
      adComputerOu: "OU=Desktops,DC=example,DC=org",
    };
    await declare("autoscaleConfig", "desks", desks);
    // The VM provider config is asked first: it was there before.
    await answer(fine);
    await answer({ findings: [{ kind: "wrong", field: "serviceAccountDn", text: told }] });

    const { directories } = await api.client("viewer").status();
    assert.deepEqual(
      directories!.map(({ ldapConfig, state, troubles }) => [ldapConfig, state, troubles]),
      [["corp", "trouble", [told]]],
    );
    const { sentences, advice } = await explain("config", "desks");
    assert.match(sentences, /The account of LDAP config "corp" is not in order[^]*LDAP config "corp": AdLogin: dc1/);
    assert.match(advice, /put right what the directory said of LDAP config "corp"/);
    assert.doesNotMatch((await explain("config", "agents-eu")).sentences, /corp/, "which makes no records");
  });

  it("says nothing of trouble where all is in order", async () => {
    await answer(fine);

    assert.deepEqual(
      (await accounts()).map(({ state }) => state),
      ["fine"],
    );
    const { sentences, advice } = await explain("config", "agents-eu");
    assert.match(sentences, /The account of VM provider config "here" is in order \(asked \d+ s ago\)\./);
    assert.doesNotMatch(advice, /put right/);
  });

  it("the command line shows it in status, and doctor ends with 3 for what must be put right", async () => {
    const folder = mkdtempSync(join(tmpdir(), "headroom-accounts-cli-"));
    try {
      writeFileSync(join(folder, "admin-key"), api.keys.admin, { mode: 0o600 });
      const run = (...args: string[]) => headroom([...args, "--endpoint", api.url, "--data-folder", folder]);
      assert.match((await run("status")).stdout, /^account +here: not checked yet$/m);
      const before = await run("doctor");
      assert.match(before.stdout, /^ok +accounts +0 of 1 in order; not asked yet: here$/m);

      await answer(wrong);

      assert.match(
        (await run("status")).stdout,
        /^account +here: not in order \(account 111111111111\)\n +amiId "ami-1": AWS/m,
      );
      const { stdout, code } = await run("doctor");
      assert.match(stdout, /^fail +accounts +VM provider config "here": amiId "ami-1"/m);
      assert.equal(code, 3);
    } finally {
      removeFolder(folder);
    }
  });
});
