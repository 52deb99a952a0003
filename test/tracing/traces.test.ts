/** Traces from the request of a session to its node, as a collector gets them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { resolve } from "node:path";
import { startTracing } from "../../runtime/tracing/start-tracing";
import type { FinishedSpan } from "../../runtime/tracing/span";
import { SessionTraces } from "../../runtime/tracing/session-traces";
import { vmProviderDoc } from "../support/builders";
import { agents, only, request } from "../reconciler/questions";
import { goodCloud, World } from "../reconciler/world";
import { Collector, type ReceivedSpan } from "./collector";

const second = 1_000;

/** A world whose traces go to `sink`. */
async function tracedWorld(traces: SessionTraces, behaviour = goodCloud): Promise<World> {
  const secret = "hunter2-secret";
  const startupScript = { text: `{checkin_jwt} {manager_token} # ${secret}` };
  const vmProviders = [vmProviderDoc({ settings: { cores: 4, size: secret } })];
  const world = await World.start({ vmProviders, configs: [agents({ startupScript })] });
  world.behaviour = behaviour;
  world.watch = { see: (changes, before) => traces.see(changes, before), beginWrite: () => () => undefined };
  world.laneWatch = {
    jobEnded: () => undefined,
    // The world's engine is scripted: it tells no steps of its own.
    heard: (event) => {
      if (event.kind !== "nodeCreated") return traces.heard(event);
      const endedAtMs = world.clock.now();
      const step = (type: string, seconds: number) => ({ type, startedAtMs: endedAtMs - seconds * second, endedAtMs });
      traces.heard({ ...event, steps: [step("aws:ec2/instance:Instance", 4), step("aws:route53/record:Record", 1)] });
    },
  };
  return world;
}

/** Keeps what it is sent. */
class Kept {
  readonly roots: FinishedSpan[] = [];
  send(root: FinishedSpan): void {
    this.roots.push(root);
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

function lengths(spans: readonly FinishedSpan[]): Record<string, number> {
  return Object.fromEntries(spans.map(({ name, startMs, endMs }) => [name, (endMs - startMs) / second]));
}

describe("the trace of a session", () => {
  it("that had to wait for its node tells each part of the wait, one after the other, without a gap", async () => {
    const kept = new Kept();
    const world = await tracedWorld(new SessionTraces(kept));
    const askedAtMs = world.clock.now();
    const sessionId = await request(world);
    await world.clock.advance(60 * second);
    await world.stop();

    const [root, ...others] = kept.roots;
    assert.deepEqual(others, []);
    assert.equal(root!.name, "session");
    assert.equal(root!.startMs, askedAtMs);
    assert.equal(root!.endMs, world.state.sessions.get(sessionId)!.assignedAtMs);
    assert.deepEqual(root!.attributes, {
      "headroom.session": sessionId,
      "headroom.workspace": "office",
      "headroom.node": only(world).nodeId,
    });
    const { children = [] } = root!;
    const parts = lengths(children);
    assert.equal(parts["engine update"], goodCloud.createMs / second);
    assert.equal(parts["boot"], goodCloud.bootMs / second);
    for (const [index, child] of children.entries()) {
      assert.equal(
        child.startMs,
        children[index - 1]?.endMs ?? root!.startMs,
        `${child.name} begins where the one before ends`,
      );
    }
    assert.equal(children.at(-1)!.endMs, root!.endMs);
    const update = children.find(({ name }) => name === "engine update")!;
    assert.deepEqual(lengths(update.children ?? []), {
      "create aws:ec2/instance:Instance": 4,
      "create aws:route53/record:Record": 1,
    });
  });

  it("that came while its node was on its way begins in the middle, and one that is placed at once has none", async () => {
    const kept = new Kept();
    const world = await tracedWorld(new SessionTraces(kept));
    await request(world, "office", "first");
    await world.clock.advance(15 * second);
    const lateAtMs = world.clock.now();
    const late = await request(world, "office", "second");
    await world.clock.advance(60 * second);
    await request(world, "office", "third");
    await world.stop();

    const root = kept.roots.find(({ attributes }) => attributes["headroom.session"] === late)!;
    assert.equal(root.children![0]!.startMs, lateAtMs);
    assert.deepEqual(Object.keys(lengths(root.children!)), ["boot"]);
    // The third found room on a node that ran, or waits for another.
    assert.ok(kept.roots.every(({ startMs, endMs }) => endMs > startMs));
  });

  it("is also told of a node that failed, with the class of its failure", async () => {
    const kept = new Kept();
    const world = await tracedWorld(new SessionTraces(kept), { ...goodCloud, failCreate: () => "QUOTA" });
    await request(world);
    await world.clock.advance(20 * second);
    await world.stop();

    const [root] = kept.roots;
    assert.deepEqual([root!.name, root!.error, root!.attributes["headroom.config"]], ["node", "QUOTA", "agents"]);
  });

  it("reaches a collector as one trace, by OTLP, without a user, an address, a script or a setting in it", async function () {
    this.timeout(20_000);
    const collector = await Collector.start();
    const tracing = startTracing(collector.endpoint, "1.2.3")!;
    const world = await tracedWorld(tracing.traces);
    await request(world, "office", "ada-lovelace");
    await world.clock.advance(60 * second);
    await world.stop();
    await tracing.stop();

    const roots = collector.spans.filter(({ parentSpanId }) => !parentSpanId);
    assert.deepEqual(
      roots.map(({ name }) => name),
      ["session"],
    );
    assert.equal(new Set(collector.spans.map(({ traceId }) => traceId)).size, 1);
    const parentOf = (span: ReceivedSpan) => collector.spans.find(({ spanId }) => spanId === span.parentSpanId)?.name;
    const tree = Object.fromEntries(collector.spans.map((span) => [span.name, parentOf(span)]));
    assert.equal(tree["engine update"], "session");
    assert.equal(tree["create aws:ec2/instance:Instance"], "engine update");
    assert.equal(tree["boot"], "session");
    assert.deepEqual([...collector.services], ["headroom"]);
    assert.doesNotMatch(collector.text, /ada-lovelace|hunter2|10\.1\.0\.|jwt|eyJ/);
    await collector.stop();
  });

  for (const kind of ["is not there", "never answers"]) {
    it(`holds up nothing when the collector ${kind}`, async function () {
      this.timeout(30_000);
      const sockets = new Set<Socket>();
      const silent = createServer((socket) => sockets.add(socket));
      await new Promise<void>((ready) => silent.listen(0, "127.0.0.1", ready));
      const { port } = silent.address() as { port: number };
      if (kind === "is not there") await new Promise((closed) => silent.close(closed));
      const tracing = startTracing(`http://127.0.0.1:${port}`, "1.2.3")!;
      const world = await tracedWorld(tracing.traces);
      for (let user = 0; user < 40; user += 1) await request(world, "office", `user ${user}`);
      await world.clock.advance(300 * second);

      assert.deepEqual(world.errors, []);
      assert.equal(world.state.queue().length, 0);
      await world.stop();
      await tracing.stop();
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
  }

  it("is not made, and nothing of it loaded, where nobody wants it; what is no URL is refused", () => {
    assert.equal(startTracing(undefined, "1"), undefined);
    assert.equal(startTracing("", "1"), undefined);
    assert.throws(() => startTracing("ftp://user:secret@host", "1"), /--otlp-endpoint (?!.*secret).* is no URL/);
    const main = resolve(__dirname, "..", "..", "runtime", "main.js");
    const list = `require(${JSON.stringify(main)}); console.log(Object.keys(require.cache).join("\\n"))`;
    const { stdout, status } = spawnSync(process.execPath, ["-e", list], { encoding: "utf8" });
    assert.equal(status, 0);
    assert.match(stdout, /start-tracing\.js/);
    assert.doesNotMatch(stdout, /@opentelemetry\/(sdk-trace|exporter)|tracing\/exporter/);
  });
});
