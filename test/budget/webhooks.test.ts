/** Who is told that a budget is nearly spent: once in a period, whatever crashes, and by calls that only the right one could have made. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { webhookUrlProblem } from "../../runtime/model/budget";
import type { Change } from "../../runtime/model/changes";
import { Journal } from "../../runtime/model/journal";
import { spendIdOf } from "../../runtime/model/spend";
import { BudgetBook } from "../../runtime/planner/budget/position";
import { budgetEvents } from "../../runtime/reconciler/budget-events";
import { BudgetWebhooks } from "../../runtime/reconciler/budget-webhooks";
import { callWebhook, type SignedCall, type Webhook } from "../../runtime/reconciler/webhook-call";
import { HotState } from "../../runtime/store/hot-state";
import { GroupCommitLedger } from "../../runtime/store/ledger";
import { MemoryDisk, MemoryStore } from "../../runtime/store/memory";
import { agentConfigDoc, budgetDoc, definitionChanges, vmProviderDoc } from "../support/builders";
import { SeededRng, startMs, VirtualClock } from "../support/virtual-clock";

const dayMs = 86_400_000;
const webhook = { url: "https://hooks.example.org/x", secret: "a secret of some length" };

function spentOn(atMs: number, amount: number): Change {
  const where = { autoscaleConfig: "agents", pool: "agents", zone: "eu", vmProvider: "vms", currency: "" };
  const key = { day: Math.floor(atMs / dayMs), ...where };
  const row = { spendId: spendIdOf(key), ...key, amounts: { 20: amount }, unpricedSeconds: {} };
  return { kind: "put", table: "spendDay", row };
}

/** One runtime after the other on one disk. */
class Installation {
  readonly calls: SignedCall[] = [];
  readonly clock = new VirtualClock();
  readonly warnings: string[] = [];
  /** What the webhook answers; undefined = it takes the call. */
  answer: string | undefined;
  ledger!: GroupCommitLedger;
  readonly disk = new MemoryDisk();
  private webhooks: BudgetWebhooks | undefined;
  private readonly journal = new Journal(this.clock, new SeededRng(1));

  static async start(budget: Parameters<typeof budgetDoc>[0] = { webhook }): Promise<Installation> {
    const installation = new Installation();
    await installation.restart();
    await installation.declare(budget);
    return installation;
  }

  /** As after `kill -9`: nothing but what is durable is left. */
  async restart(): Promise<void> {
    this.webhooks?.stop();
    const store = new MemoryStore({ disk: this.disk });
    const state = new HotState();
    state.apply(await store.load());
    this.ledger = new GroupCommitLedger({ state, store, onLost: assert.fail });
    const { ledger, clock } = this;
    const log = { warn: (fields: object) => void this.warnings.push(JSON.stringify(fields)) };
    const call: Webhook = (signed) => {
      this.calls.push(signed);
      return Promise.resolve(this.answer);
    };
    this.webhooks = new BudgetWebhooks({ ledger, clock, rng: new SeededRng(2), log, call });
    this.webhooks.start();
  }

  async declare(budget: Parameters<typeof budgetDoc>[0]): Promise<void> {
    const docs = { vmProviders: [vmProviderDoc({ hourlyCost: 1 })], configs: [agentConfigDoc()] };
    await this.ledger.commit(definitionChanges({ ...docs, budgets: [budgetDoc(budget)] }));
  }

  /** As each pass of the reconciler; answers which thresholds were told. */
  async pass(spent: number): Promise<number[]> {
    await this.ledger.commit([spentOn(this.clock.now(), spent)]);
    const { journal } = this;
    const nowMs = this.clock.now();
    const changes = budgetEvents(this.ledger.state, { nowMs, journal, book: new BudgetBook() });
    await this.ledger.commit(changes);
    return changes.flatMap((change) =>
      change.kind === "decision" ? [Number(change.decision.reason.numbers["threshold"])] : [],
    );
  }

  get told(): string[] {
    return this.calls.map(({ eventId }) => eventId);
  }
  get waiting(): number {
    return this.ledger.state.budgetStates.get("money")?.calls?.length ?? 0;
  }
}

describe("thresholds of a budget", () => {
  it("are told once each in a period, of several at once the highest", async () => {
    const installation = await Installation.start({});

    assert.deepEqual(await installation.pass(49.9), []);
    assert.deepEqual(await installation.pass(50), [50]);
    assert.deepEqual(await installation.pass(79), []);
    await installation.restart();
    assert.deepEqual(await installation.pass(79), []);
    assert.deepEqual(await installation.pass(200), [100]);
    assert.deepEqual(await installation.pass(300), []);
    installation.clock.jump(dayMs);
    assert.deepEqual(await installation.pass(85), [80]);
  });

  it("are told again of another amount, and not when the clock goes back into a period that was told", async () => {
    const installation = await Installation.start({});
    assert.deepEqual(await installation.pass(100), [100]);
    await installation.declare({ amount: 125 });
    assert.deepEqual(await installation.pass(100), [80]);

    installation.clock.jump(-dayMs);
    assert.deepEqual(await installation.pass(500), []);
    installation.clock.jump(dayMs);
    assert.deepEqual(await installation.pass(110), []);
  });
});

describe("the webhook of a budget", () => {
  it("is called once for each threshold, with the numbers, and nothing is left to do then", async () => {
    const installation = await Installation.start();
    await installation.pass(60);
    await installation.clock.advance(60_000);

    assert.equal(installation.calls.length, 1);
    const { url, secret, body } = installation.calls[0]!;
    assert.deepEqual({ url, secret }, webhook);
    const event = JSON.parse(body) as { id: string; threshold: number; spent: number; budget: object };
    assert.deepEqual([event.id, event.threshold, event.spent], [installation.told[0], 50, 60]);
    assert.ok(!body.includes(webhook.secret) && !body.includes(webhook.url), body);
    assert.equal(installation.waiting, 0);
  });

  it("is called again with ever longer pauses, also after a crash, under the same id, until it takes the call", async () => {
    const installation = await Installation.start();
    installation.answer = "it answered with status 500";
    await installation.pass(60);
    await installation.clock.advance(60_000);
    const before = installation.calls.length;
    assert.ok(before >= 3 && before <= 4, `${before} calls in a minute`);
    await installation.restart();
    await installation.clock.advance(600_000);
    assert.ok(installation.calls.length < before + 6, `${installation.calls.length} calls in eleven minutes`);
    installation.answer = undefined;
    await installation.clock.advance(3_700_000);

    assert.equal(new Set(installation.told).size, 1);
    assert.equal(installation.waiting, 0);
    assert.ok(installation.warnings.every((text) => !text.includes(webhook.secret) && !text.includes(webhook.url)));
  });

  it("that never takes a call is given up after twenty tries, and the journal says so", async () => {
    const installation = await Installation.start();
    installation.answer = "no connection (ECONNREFUSED)";
    await installation.pass(60);
    for (let hours = 0; hours < 24; hours += 1) await installation.clock.advance(3_600_000);

    assert.deepEqual([installation.calls.length, installation.waiting], [20, 0]);
    assert.deepEqual(
      installation.disk.decisions.map(({ event }) => event),
      ["threshold", "webhookFailed"],
    );
  });

  it("that is not declared any more is not called", async () => {
    const installation = await Installation.start();
    installation.answer = "it answered with status 500";
    await installation.pass(60);
    await installation.clock.advance(6_000);
    await installation.declare({});
    const before = installation.calls.length;
    await installation.clock.advance(7_200_000);

    assert.deepEqual([installation.calls.length, installation.waiting], [before, 0]);
  });
});

describe("a call of a webhook", () => {
  let server: Server;
  let seen: { headers: IncomingHttpHeaders; body: string; path: string | undefined }[] = [];
  let status = 204;
  before((done) => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        seen.push({ headers: request.headers, body, path: request.url });
        response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("an answer");
      });
    }).listen(0, "127.0.0.1", done);
  });
  after((done) => void server.close(done));
  beforeEach(() => (seen = []));
  const call = (): SignedCall => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/hook`;
    return { url, secret: webhook.secret, eventId: "budget/money/1", body: '{"id":"budget/money/1"}', nowMs: startMs };
  };

  it("is signed over its time and its body", async () => {
    status = 204;
    assert.equal(await callWebhook(call()), undefined);

    const [{ headers, body }] = seen as [(typeof seen)[0]];
    const seconds = startMs / 1000;
    const expected = createHmac("sha256", webhook.secret).update(`${seconds}.${body}`).digest("hex");
    assert.equal(headers["headroom-signature"], `t=${seconds},v1=${expected}`);
    assert.deepEqual([headers["headroom-event"], body], ["budget/money/1", call().body]);
  });

  it("follows no redirection, and takes nothing but 2xx for an answer", async () => {
    for (const each of [302, 404, 500]) {
      status = each;
      assert.equal(await callWebhook(call()), `it answered with status ${each}`);
    }
    assert.deepEqual([...new Set(seen.map(({ path }) => path))], ["/hook"]);
  });

  for (const url of [
    "http://hooks.example.org/",
    "https://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
    "https://[::ffff:169.254.169.254]/",
    "ftp://hooks.example.org/",
    "https://user:password@hooks.example.org/",
    "hooks.example.org",
  ]) {
    it(`to ${url} is refused when it is declared, and not made`, async () => {
      assert.notEqual(webhookUrlProblem(url), undefined);
      assert.match((await callWebhook({ ...call(), url })) ?? "", /can't be called/);
    });
  }

  it("may go to other machines by https, and to this one", () => {
    const good = [
      "https://hooks.example.org/x?y=1",
      "https://10.0.0.7:8443/",
      "http://localhost:9000/",
      "http://[::1]:9/",
    ];
    assert.deepEqual(
      good.map(webhookUrlProblem),
      good.map(() => undefined),
    );
  });
});
