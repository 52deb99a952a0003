/** What workspaces are called, who may have their sessions, and how many sessions of a user may wait. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Broker, type SessionRequest } from "../../runtime/broker/broker";
import { ConfigError, NotFoundError } from "../../runtime/model/errors";
import { PlainTokens } from "../../runtime/sim/tokens";
import {
  agentConfigDoc,
  aNode,
  aSession,
  catalog,
  poolDoc,
  rowChanges,
  stagingDoc,
  tester,
  workspaceDoc,
  type WorldRows,
} from "../support/builders";
import { World } from "../reconciler/world";
import { assertRefused } from "./refused";

const member = { name: "big", zone: "eu", address: "10.0.0.9", cores: 64, memory: "256GiB" };

async function aWorld(rows: WorldRows): Promise<World> {
  const world = new World();
  await world.declare({ pools: [poolDoc({ staticMembers: [member] })], ...rows, workspaces: rows.workspaces ?? [] });
  await world.ledger.commit(rowChanges(rows));
  return world;
}

async function ask(world: World, request: Partial<SessionRequest>) {
  const outcome = await world.broker.requestSession({ workspace: "office", userId: "ann", ...request });
  const reason = outcome.kind === "refused" ? outcome.reason : outcome.session.reason;
  return { kind: outcome.kind, ...reason };
}

describe("workspaces, display names", () => {
  const student = "Ubuntu 22.04 Student Edition";
  const docs = { workspaces: [workspaceDoc({ displayName: student }), workspaceDoc({ name: "plain" })] };

  it("are never taken for the name: whoever uses one is told the name", async () => {
    const world = await aWorld(docs);

    for (const workspace of [student, student.toLowerCase(), ` ${student} `]) {
      await assert.rejects(ask(world, { workspace }), (error: ConfigError) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.problems[0]?.path, "workspace");
        assert.match(error.message, /the display name of workspace "office"; use "office"$/);
        return true;
      });
    }
    await assert.rejects(ask(world, { workspace: "nope" }), NotFoundError);
    await assert.rejects(ask(world, { workspace: "No such" }), /workspace: got "No such"; use 1 to 40 lower-case/);
    assert.equal((await ask(world, {})).kind, "assigned");
  });

  it("of several workspaces lead to all their names", async () => {
    const world = await aWorld({
      workspaces: [...docs.workspaces, workspaceDoc({ name: "other", displayName: student })],
    });

    await assert.rejects(ask(world, { workspace: student }), /of workspaces "office", "other"; use one of these names/);
  });

  it("give way to a name that is the same text", async () => {
    const world = await aWorld({
      workspaces: [workspaceDoc(), workspaceDoc({ name: "other", displayName: "office" })],
    });

    assert.equal((await ask(world, {})).kind, "assigned");
  });

  it("stand beside the name in what a requester is told", async () => {
    const world = await aWorld({ workspaces: [workspaceDoc({ displayName: student, enabled: false })] });

    assert.equal((await ask(world, {})).text, `workspace "office" (${student}) is disabled`);
  });

  for (const displayName of ["", " ", " x", "x ", "a\nb", "a\u0000b", "x".repeat(101)]) {
    it(`are one line of 1 to 100 characters: not ${JSON.stringify(displayName).slice(0, 20)}`, async () => {
      const world = await aWorld({ workspaces: [] });
      const doc = workspaceDoc({ displayName });

      await assertRefused(world, { kind: "workspace", doc, path: "displayName", message: /^got / });
    });
  }

  it("are any other text", async () => {
    const texts = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }).filter((text) => {
      return text.length <= 100 && text === text.trim() && !/[\p{Cc}\u2028\u2029\s]/u.test(text);
    });
    await fc.assert(
      fc.asyncProperty(texts, async (displayName) => {
        const world = await aWorld({ workspaces: [] });
        await world.declare({
          pools: [poolDoc({ staticMembers: [member] })],
          workspaces: [workspaceDoc({ displayName })],
        });
        assert.equal(world.state.workspaces.get("office")?.displayName, displayName);
      }),
      { numRuns: 30 },
    );
  });
});

describe("workspaces, allowed users and groups", () => {
  const names = fc.constantFrom("ann", "bob", "cid");
  const groups = fc.constantFrom("staff", "students", "guests");
  const restrictions = fc.record({
    allowedUsers: fc.uniqueArray(names),
    allowedGroups: fc.uniqueArray(groups),
    userId: names,
    own: fc.uniqueArray(groups),
    isStaged: fc.boolean(),
  });

  it("let in whom they name, and everybody where nobody is named, also to a staged session (property)", async () => {
    await fc.assert(
      fc.asyncProperty(restrictions, async ({ allowedUsers, allowedGroups, userId, own, isStaged }) => {
        const world = await aWorld({
          workspaces: [workspaceDoc({ allowedUsers, allowedGroups })],
          staging: isStaged ? [stagingDoc({ sessions: 1 })] : [],
        });
        await world.reconciler.tickNow();
        const isOpen = allowedUsers.length + allowedGroups.length === 0;
        const isNamed = allowedUsers.includes(userId) || own.some((group) => allowedGroups.includes(group));
        const outcome = await ask(world, { userId, groups: own });

        if (isOpen || isNamed)
          assert.deepEqual([outcome.kind, outcome.code], ["assigned", isStaged ? "staged" : "placed"]);
        else {
          assert.deepEqual([outcome.kind, outcome.code], ["refused", "notAllowed"]);
          const { allowedUsers: users, allowedGroups: groupCount, groups: ofUser } = outcome.numbers;
          assert.deepEqual([users, groupCount, ofUser], [allowedUsers.length, allowedGroups.length, own.length]);
          for (const other of allowedUsers) assert.equal(outcome.text.includes(`"${other}"`), false, "names who may");
        }
        await world.stop();
      }),
      { numRuns: 60 },
    );
  });

  it("come before what is staged: it stays for those who may have it", async () => {
    const world = await aWorld({ workspaces: [workspaceDoc({ allowedUsers: ["bob"] })], staging: [stagingDoc()] });
    await world.reconciler.tickNow();

    assert.deepEqual(
      [(await ask(world, {})).code, (await ask(world, { userId: "bob" })).code],
      ["notAllowed", "staged"],
    );
    await world.stop();
  });

  it("come before what is free: nobody else is told whether there is room", async () => {
    const full = [aSession({ nodeId: "static:agents:big", needs: { cores: 64, memoryBytes: 1, gpus: 0 } })];
    const world = await aWorld({ workspaces: [workspaceDoc({ allowedUsers: ["bob"] })], sessions: full });

    assert.deepEqual([(await ask(world, {})).code, (await ask(world, { userId: "bob" })).code], ["notAllowed", "full"]);
  });

  it("end the wait of those who may no more, with the reason, and make no node for them", async () => {
    const world = await World.start({ configs: [agentConfigDoc({ maxNodes: 1 })], workspaces: [workspaceDoc()] });
    world.behaviour = { ...world.behaviour, guest: () => "staysSilent" };
    const waiting = await Promise.all(
      ["ann", "bob", "cid"].map((userId) =>
        world.broker.requestSession({ workspace: "office", userId, groups: userId === "cid" ? ["staff"] : [] }),
      ),
    );
    const ids = waiting.map((outcome) => (outcome.kind === "queued" ? outcome.session.sessionId : assert.fail()));
    const doc = workspaceDoc({ allowedUsers: ["bob"], allowedGroups: ["staff"] });
    await world.broker.putDefinition({ kind: "workspace", name: "office", doc, owner: tester });
    await world.reconciler.tickNow();

    assert.deepEqual(
      world.state.queue().map(({ userId }) => userId),
      ["bob", "cid"],
    );
    const ended = await world.store.session(ids[0]!);
    assert.deepEqual([ended?.status, ended?.endReason, ended?.reason.code], ["ended", "neverServable", "notAllowed"]);
    await world.stop();
  });
});

describe("workspaces, labels", () => {
  const gpuPool = poolDoc({ name: "gpu", labels: ["gpu"] });
  const gpuConfig = agentConfigDoc({ name: "gpu", pool: "gpu" });

  it("refuses a workspace that labels let run nowhere, and the labels of a pool that would make it so", async () => {
    const world = await aWorld({ pools: [poolDoc(), gpuPool], configs: [agentConfigDoc(), gpuConfig] });
    const pools = ["agents", "gpu"];
    const misfits: [object, string, RegExp][] = [
      [
        { pools, includeLabels: ["cad"] },
        "includeLabels",
        /pool "agents" has none of the labels .*"cad"; pool "gpu" has none/,
      ],
      [
        { pools: ["gpu"], excludeLabels: ["gpu"] },
        "excludeLabels",
        /pool "gpu" has the label "gpu", which the workspace excludes/,
      ],
      [{ pools: ["agents"], includeLabels: ["gpu"] }, "includeLabels", /pool "agents" has none of the labels .*"gpu"/],
    ];
    for (const [labels, path, message] of misfits) {
      await assertRefused(world, { kind: "workspace", doc: workspaceDoc(labels), path, message });
    }
    await world.declare({
      pools: [],
      vmProviders: [],
      zones: [],
      workspaces: [workspaceDoc({ pools, includeLabels: ["gpu"] })],
    });

    const doc = { ...gpuPool, labels: ["GPU"] };
    await assertRefused(world, {
      kind: "pool",
      doc,
      path: "labels",
      message: /workspace "office".* in none of its pools/,
    });
  });

  it("let a static member with labels of its own stand in for its pool", async () => {
    const labelled = { ...member, labels: ["gpu"] };
    const world = await aWorld({
      pools: [poolDoc({ staticMembers: [labelled] })],
      workspaces: [workspaceDoc({ includeLabels: ["gpu"] })],
    });

    assert.equal((await ask(world, {})).kind, "assigned");
    const doc = poolDoc({ staticMembers: [member] });
    await assertRefused(world, { kind: "pool", doc, path: "labels", message: /in none of its pools/ });
  });

  it("hold for staging configs and standby slots too, at preview and when declared, whichever is declared last", async () => {
    const world = await aWorld({
      pools: [poolDoc(), gpuPool],
      configs: [agentConfigDoc(), gpuConfig],
      workspaces: [workspaceDoc({ pools: ["agents", "gpu"], includeLabels: ["gpu"] })],
    });
    const slots = { standbySlots: { workspace: "office", count: 1 } };
    const message = /pool "agents", which has none of the labels|got "agents", which has none of the labels/;

    await assertRefused(world, { kind: "stagingConfig", doc: stagingDoc({ pool: "agents" }), path: "pool", message });
    const staged = stagingDoc({ autoscaleConfig: "agents" });
    await assertRefused(world, { kind: "stagingConfig", doc: staged, path: "autoscaleConfig", message });
    const path = "standbySlots.workspace";
    await assertRefused(world, { kind: "autoscaleConfig", doc: agentConfigDoc(slots), path, message });
    await world.declare({
      ...{ zones: [], pools: [], vmProviders: [], workspaces: [] },
      configs: [agentConfigDoc({ ...gpuConfig, ...slots })],
      staging: [stagingDoc({ pool: "gpu" })],
    });

    const unlabelled = { ...gpuPool, labels: [] };
    await assertRefused(world, { kind: "pool", doc: unlabelled, path: "labels", message: /staging config "offices"/ });
    await assertRefused(world, {
      kind: "pool",
      doc: unlabelled,
      path: "labels",
      message: /autoscale config "gpu" has slots/,
    });
    const other = workspaceDoc({ pools: ["agents", "gpu"], excludeLabels: ["gpu"] });
    await assertRefused(world, {
      kind: "workspace",
      doc: other,
      path: "excludeLabels",
      message: /stages it: got "gpu"/,
    });
  });

  it("end staged sessions that nobody has where they stand no more, and stage them where they may", async () => {
    const members = ["a", "b"].map((name) => ({ ...member, name, labels: [name] }));
    const pools = [poolDoc({ staticMembers: members })];
    const world = await aWorld({
      pools,
      workspaces: [workspaceDoc({ includeLabels: ["a"] })],
      staging: [stagingDoc({ sessions: 3 })],
    });
    const stagedOn = () => new Set([...world.state.sessions.values()].map(({ nodeId }) => nodeId));
    await world.reconciler.tickNow();
    assert.deepEqual([...stagedOn()], ["static:agents:a"]);

    const doc = workspaceDoc({ includeLabels: ["b"] });
    await world.broker.putDefinition({ kind: "workspace", name: "office", doc, owner: tester });
    assert.notEqual((await ask(world, {})).code, "staged");
    await world.reconciler.tickNow();
    assert.deepEqual([...stagedOn()], ["static:agents:b"]);
  });
});

describe("queue, share of a user", () => {
  function aBroker(world: World, queuePerUser: number): Broker {
    const { ledger, clock, rng, requesters } = world;
    return new Broker({
      ledger,
      clock,
      rng,
      catalog,
      requesters,
      tokens: new PlainTokens(),
      queuePerUser,
      wake: () => undefined,
    });
  }

  /** A full node, so that everybody waits. */
  async function aFullWorld(): Promise<World> {
    const world = new World();
    await world.declare({ configs: [agentConfigDoc({ maxNodes: 1 })], workspaces: [workspaceDoc()] });
    const sessions = [aSession({ nodeId: "n1", needs: { cores: 4, memoryBytes: 1, gpus: 0 } })];
    await world.ledger.commit(rowChanges({ nodes: [aNode()], sessions }));
    return world;
  }

  it("refuses one more with user, count and limit, and lets others in, whatever the limit (property)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.constantFrom("ann", "bob", "cid"), { maxLength: 25 }),
        async (limit, users) => {
          const world = await aFullWorld();
          const broker = aBroker(world, limit);
          const waiting = new Map<string, number>();
          for (const userId of users) {
            const own = waiting.get(userId) ?? 0;
            const outcome = await broker.requestSession({ workspace: "office", userId });
            if (own < limit) {
              assert.equal(outcome.kind, "queued");
              waiting.set(userId, own + 1);
              continue;
            }
            assert.ok(outcome.kind === "refused");
            const { code, text, numbers } = outcome.reason;
            assert.deepEqual([code, numbers["waitingOfUser"], numbers["queuePerUser"]], ["userQueueFull", own, limit]);
            assert.ok(text.includes(`"${userId}"`) && text.includes(`may have ${limit} there`), text);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("counts only those that wait: one that is placed, cancelled or ended makes room for another", async () => {
    const world = await aFullWorld();
    const broker = aBroker(world, 1);
    const first = await broker.requestSession({ workspace: "office", userId: "ann" });
    assert.equal((await broker.requestSession({ workspace: "office", userId: "ann" })).kind, "refused");
    await broker.releaseSession(first.kind === "queued" ? first.session.sessionId : "");

    assert.equal((await broker.requestSession({ workspace: "office", userId: "ann" })).kind, "queued");
  });

  it("is no limit with 0", async () => {
    const world = await aFullWorld();
    const broker = aBroker(world, 0);

    for (let index = 0; index < 30; index += 1) {
      assert.equal((await broker.requestSession({ workspace: "office", userId: "ann" })).kind, "queued");
    }
  });
});
