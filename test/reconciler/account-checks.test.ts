/** When a cloud is asked about an account, what is kept of its answer, and what follows from it. */
import assert from "node:assert/strict";
import { cloudCatalog } from "../../provider/registry";
import { checkOf, troublesOf } from "../../runtime/broker/account-checks";
import { Broker } from "../../runtime/broker/broker";
import { Requesters } from "../../runtime/broker/requesters";
import { checkIdOf, type AccountCheck, type AccountFinding } from "../../runtime/model/account-check";
import type { AccountAnswer, AskRequest } from "../../runtime/model/account-questions";
import { AccountChecks } from "../../runtime/reconciler/account-checks";
import { AccountQuestions } from "../../runtime/reconciler/account-questions";
import { PlainTokens } from "../../runtime/sim/tokens";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { aConfigState, agentConfigDoc, gib, someFailures } from "../support/builders";
import { SeededRng, VirtualClock } from "../support/virtual-clock";

const second = 1_000;
const minute = 60_000;
const hour = 60 * minute;

const settings = {
  region: "us-east-1",
  accessKeyId: "K1",
  secretAccessKey: "hush",
  amiId: "ami-00000000",
  instanceType: "m7i.large",
  securityGroupIds: ["sg-1"],
  subnetId: "subnet-1",
};
const fine: AccountCheck = {
  identity: { owner: "111111111111", name: "arn:aws:iam::111111111111:user/u" },
  findings: [],
  size: { name: "m7i.large", shape: { cores: 2, memoryBytes: 8 * gib, gpus: 0 } },
};
const found = (kind: AccountFinding["kind"], text = "amiId: gone"): AccountCheck => ({
  ...fine,
  findings: [{ kind, field: "amiId", text }],
});

/** A leader's part that asks; clouds answer as told. */
class Service {
  readonly asked: AskRequest[] = [];
  readonly errors: unknown[] = [];
  answer: (request: AskRequest) => AccountAnswer | Promise<AccountAnswer> = () => ({ kind: "check", check: fine });
  isBusy = false;
  readonly state = new HotState();
  readonly broker: Broker;
  readonly ledger: GroupCommitLedger;
  readonly store: MemoryStore;
  private readonly questions: AccountQuestions;

  constructor(
    readonly clock = new VirtualClock(),
    readonly disk = new MemoryDisk(),
  ) {
    const rng = new SeededRng(1);
    const { state } = this;
    this.store = new MemoryStore({ disk });
    const onLost = (error: Error) => void this.errors.push(error);
    this.ledger = new GroupCommitLedger({ state, store: this.store, onLost });
    const shared = { ledger: this.ledger, clock, rng, catalog: cloudCatalog() };
    this.broker = new Broker({
      ...shared,
      tokens: new PlainTokens(),
      requesters: new Requesters(),
      wake: () => undefined,
    });
    const checks = new AccountChecks({ ...shared, wakeReconciler: () => undefined });
    this.questions = new AccountQuestions({
      clock,
      inquirers: [checks],
      isBusy: () => this.isBusy,
      log: { error: (fields) => void this.errors.push(fields) },
      ask: async (asked) => {
        this.asked.push(asked);
        return this.answer(asked);
      },
    });
  }

  async start(): Promise<this> {
    this.state.apply(await this.store.load());
    this.questions.start();
    return this;
  }

  stop(): void {
    this.questions.stop();
    assert.deepEqual(this.errors, []);
  }

  declare(changes: Partial<typeof settings> = {}, name = "main"): Promise<unknown> {
    const doc = { name, kind: "aws", maxInstances: 5, settings: { ...settings, ...changes } };
    return this.broker.putDefinition({ kind: "vmProviderConfig", name, doc, owner: "t" });
  }

  /** Questions asked within this time. */
  async askedIn(ms: number): Promise<number> {
    const before = this.asked.length;
    await this.clock.advance(ms);
    return this.asked.length - before;
  }

  row(name = "main") {
    return checkOf({ kind: "vmProviderConfig", name }, { snapshot: this.state, catalog: cloudCatalog() });
  }

  troubles(): string[] {
    return troublesOf({ kind: "vmProviderConfig", name: "main" }, { snapshot: this.state, catalog: cloudCatalog() });
  }
}

describe("checks of accounts", () => {
  let service: Service;
  beforeEach(async () => (service = await new Service().start()));
  afterEach(() => service.stop());

  it("are asked soon after a declaration, with what nodes would be made from, then daily", async () => {
    await service.declare();

    assert.equal(await service.askedIn(20 * second), 1);
    const { accessKeyId, secretAccessKey, ...template } = settings;
    assert.deepEqual(service.asked[0]!.question, { kind: "check", template });
    assert.deepEqual(service.asked[0]!.account.settings, { accessKeyId, secretAccessKey });
    assert.equal(service.row()?.checkedAtMs !== undefined, true);
    assert.equal(await service.askedIn(23 * hour), 0);
    assert.equal(await service.askedIn(2 * hour), 1);
    assert.equal(await service.askedIn(24 * hour), 1);
  });

  it("are asked of directories too: after an edit of how to get in, hourly while something is wrong, else daily", async () => {
    const corp = {
      name: "corp",
      urls: ["ldaps://dc1.example.org"],
      searchBase: "DC=example,DC=org",
      serviceAccountDn: "headroom@example.org",
      serviceAccountPassword: "hush",
    };
    const declare = (over: Partial<typeof corp> = {}) =>
      service.broker.putDefinition({ kind: "ldapConfig", name: "corp", doc: { ...corp, ...over }, owner: "t" });
    const about = { kind: "ldapConfig", name: "corp" } as const;
    const context = { snapshot: service.state, catalog: cloudCatalog() };
    const refused: AccountFinding = { kind: "wrong", field: "serviceAccountDn", text: "AdLogin: refused (52e)" };
    service.answer = () => ({ kind: "check", check: { findings: [refused] } });

    await declare();
    assert.equal(await service.askedIn(20 * second), 1);
    assert.deepEqual(service.asked[0]!.question, { kind: "check", template: {} });
    assert.equal(service.asked[0]!.account.service, "directory");
    assert.deepEqual(troublesOf(about, context), [refused.text]);
    assert.equal(await service.askedIn(hour + minute), 1);

    service.answer = () => ({ kind: "check", check: { findings: [] } });
    await declare({ serviceAccountPassword: "right" });
    assert.deepEqual(troublesOf(about, context), [], "the answer to the old password says nothing of the new one");
    assert.equal(await service.askedIn(20 * second), 1);
    assert.equal(checkOf(about, context)?.checkedAtMs !== undefined, true);
    assert.equal(await service.askedIn(23 * hour), 0);
    assert.equal(await service.askedIn(2 * hour), 1);

    await service.broker.deleteDefinition({ kind: "ldapConfig", name: "corp", owner: "t" });
    assert.equal(service.state.accountChecks.size, 0);
  });

  it("are of a VM provider config and a directory of the same name apart", () => {
    assert.notEqual(
      checkIdOf({ kind: "vmProviderConfig", name: "main" }),
      checkIdOf({ kind: "ldapConfig", name: "main" }),
    );
  });

  const edits: readonly (readonly [string, Partial<typeof settings>])[] = [
    ["a template", { amiId: "ami-11111111" }],
    ["a type", { instanceType: "m7i.xlarge" }],
    ["a place", { region: "eu-central-1" }],
    ["a secret alone", { secretAccessKey: "other" }],
    ["a key", { accessKeyId: "K2" }],
  ];
  for (const [what, edit] of edits) {
    it(`are asked again after an edit of ${what}, and until then the old answer says nothing`, async () => {
      service.answer = () => ({ kind: "check", check: found("wrong") });
      await service.declare();
      await service.clock.advance(minute);
      assert.equal(service.troubles().length, 1);

      await service.declare(edit);
      assert.deepEqual(service.troubles(), []);
      service.answer = () => ({ kind: "check", check: fine });

      assert.equal(await service.askedIn(30 * second), 1);
      assert.deepEqual(service.row()?.findings, []);
    });
  }

  it("are not asked for what changes neither account nor template", async () => {
    await service.declare();
    await service.clock.advance(minute);
    const doc = { name: "main", kind: "aws", maxInstances: 99, settings };
    await service.broker.putDefinition({ kind: "vmProviderConfig", name: "main", doc, owner: "t" });

    assert.equal(await service.askedIn(hour), 0);
  });

  it("of twenty edits in a burst are few, and the last edit is among them", async () => {
    await service.declare();
    await service.clock.advance(minute);
    const before = service.asked.length;
    for (let edit = 0; edit < 20; edit += 1) {
      await service.declare({ amiId: `ami-000000${edit + 10}` });
      await service.clock.advance(second);
    }
    await service.clock.advance(minute);

    assert.ok(service.asked.length - before <= 3, `${service.asked.length - before} questions`);
    const last = service.asked.at(-1)!.question;
    assert.equal(last.kind === "check" && last.template["amiId"], "ami-00000029");
    assert.equal(await service.askedIn(hour), 0);
  });

  it("wait behind lanes that wait for a slot, but not for ever", async () => {
    service.isBusy = true;
    await service.declare();
    assert.equal(await service.askedIn(4 * minute), 0);
    service.isBusy = false;
    assert.equal(await service.askedIn(15 * second), 1);

    service.isBusy = true;
    await service.declare({ amiId: "ami-22222222" });
    assert.equal(await service.askedIn(10 * minute), 1);
  });

  it("block nothing: a question that is not answered keeps no declaration waiting", async () => {
    service.answer = () => new Promise<AccountAnswer>(() => undefined);
    await service.declare();
    await service.clock.advance(minute);

    await service.declare({ amiId: "ami-33333333" });
    assert.equal(service.state.definitions.size, 1);
    assert.equal(service.row(), undefined);
  });

  it("survive a restart: nothing is asked anew, and what was found is still known", async () => {
    service.answer = () => ({ kind: "check", check: found("wrong") });
    await service.declare();
    await service.clock.advance(minute);
    service.stop();

    service = await new Service(service.clock, service.disk).start();

    assert.deepEqual(service.troubles(), ["amiId: gone"]);
    assert.equal(await service.askedIn(30 * minute), 0);
  });

  it("are repeated within the hour while something is wrong, and the end of it is noticed", async () => {
    service.answer = () => ({ kind: "check", check: found("wrong") });
    await service.declare();
    await service.clock.advance(minute);
    service.answer = () => ({ kind: "check", check: fine });

    assert.equal(await service.askedIn(70 * minute), 1);
    assert.deepEqual(service.troubles(), []);
    assert.equal(await service.askedIn(20 * hour), 0);
  });

  const passing: readonly (readonly [string, AccountAnswer])[] = [
    ["a time-out", { kind: "failed", failed: "took longer than 2 minutes" }],
    ["a throttled look-up", { kind: "check", check: found("passing", "amiId: throttled") }],
  ];
  for (const [what, answer] of passing) {
    it(`raise no alarm for ${what} before it comes again, and back off`, async () => {
      service.answer = () => answer;
      await service.declare();
      await service.clock.advance(20 * second);
      assert.deepEqual(service.troubles(), []);

      await service.clock.advance(2 * minute);
      assert.match(service.troubles().join(), /could not be checked \d times in a row, last: /);
      assert.ok((await service.askedIn(12 * hour)) <= 18, "backed off to one an hour");

      service.answer = () => ({ kind: "check", check: fine });
      await service.clock.advance(hour + minute);
      assert.deepEqual(service.troubles(), []);
    });
  }

  it("keep what was known when the next one comes to nothing", async () => {
    await service.declare();
    await service.clock.advance(minute);
    service.answer = () => ({ kind: "failed", failed: "no answer" });
    await service.clock.advance(25 * hour);

    const row = service.row()!;
    assert.deepEqual([row.size, row.identity], [fine.size, fine.identity]);
    assert.equal(row.trouble!.tries > 1, true);
  });

  it("are no fault where the credentials may not look", async () => {
    service.answer = () => ({ kind: "check", check: found("unchecked") });
    await service.declare();
    await service.clock.advance(minute);

    assert.deepEqual(service.troubles(), []);
    assert.equal(service.row()!.findings.length, 1);
    assert.equal(await service.askedIn(20 * hour), 0);
  });

  it("are asked after the cloud refused nodes, at most every ten minutes, and not for want of capacity", async () => {
    await service.declare();
    await service.clock.advance(minute);
    const fail = (failureClass: "CONFIG" | "CAPACITY") =>
      service.ledger.commit([
        {
          kind: "put",
          table: "configState",
          row: aConfigState({
            main: someFailures({ last: { class: failureClass, message: "refused", atMs: service.clock.now() } }),
          }),
        },
      ]);

    await fail("CAPACITY");
    assert.equal(await service.askedIn(hour), 0);
    await fail("CONFIG");
    assert.equal(await service.askedIn(11 * second), 1);
    for (let index = 0; index < 30; index += 1) {
      await fail("CONFIG");
      await service.clock.advance(minute);
    }
    assert.ok(service.asked.length <= 5, `${service.asked.length} questions`);
    await service.clock.advance(11 * minute);
    assert.equal(await service.askedIn(hour), 0, "nothing was refused since");
  });

  it("tell whose the credentials are: another account's get an account of their own", async () => {
    await service.declare();
    await service.clock.advance(minute);
    const home = service.state.accountOf("vm", "main")!;
    assert.equal(home.identity["owner"], "111111111111");

    service.answer = () => ({ kind: "check", check: { ...fine, identity: { owner: "222222222222", name: "arn" } } });
    await service.declare({ accessKeyId: "K9" });
    await service.clock.advance(minute);

    const now = service.state.accountOf("vm", "main")!;
    assert.equal(now.identity["owner"], "222222222222");
    assert.notEqual(now.accountId, home.accountId);
    assert.equal(service.asked.at(-1)!.account.identity["owner"], undefined, "whose they are was the question");
    assert.equal(await service.askedIn(hour), 0, "and it is answered");
  });

  it("go with their definition", async () => {
    await service.declare();
    await service.declare({}, "second");
    await service.clock.advance(minute);
    assert.equal(service.state.accountChecks.size, 2);
    let answer: (answer: AccountAnswer) => void = () => undefined;
    service.answer = () => new Promise((resolve) => (answer = resolve));
    await service.declare({ amiId: "ami-44444444" });
    await service.clock.advance(minute);

    await service.broker.deleteDefinition({ kind: "vmProviderConfig", name: "main", owner: "t" });
    answer({ kind: "check", check: fine });
    await service.clock.advance(minute);

    assert.deepEqual([...service.state.accountChecks.keys()], ["second"]);
  });

  it("say in the journal of the configs that use it what is wrong, once, and when it is well again", async () => {
    await service.ledger.commit([
      {
        kind: "put",
        table: "definition",
        row: {
          ...{ kind: "autoscaleConfig", name: "agents", owner: "t", updatedAtMs: 1 },
          doc: agentConfigDoc({ vmProvider: "main" }) as never,
        } as const,
      },
    ]);
    const told = async () =>
      (await service.store.decisions({ subject: "config", subjectId: "agents", limit: 100 }))
        .reverse()
        .map(({ event, reason }) => `${event}: ${reason.text}`);
    service.answer = () => ({ kind: "check", check: found("wrong") });
    await service.declare();
    await service.clock.advance(3 * hour);
    assert.deepEqual(await told(), ['accountTrouble: VM provider config "main": amiId: gone']);

    service.answer = () => ({ kind: "check", check: fine });
    await service.clock.advance(2 * hour);
    assert.match((await told()).at(-1)!, /^accountFine/);
  });
});
