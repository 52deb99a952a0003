/**
 * What is sent may be as large as a request body; judging it must take time in proportion to its size. Each case is
 * judged in three sizes, each twice the one before: what goes over all pairs of something takes four times as long with
 * each doubling.
 */
import assert from "node:assert/strict";
import { cloudCatalog } from "../../provider/registry";
import { bodyBytesMax, heartbeatSchema, requestSessionSchema, serverStatusSchema } from "../../runtime/api/contracts";
import { checkDefinition } from "../../runtime/broker/definitions";
import { problemsOf, type DefinitionKind } from "../../runtime/model/config";
import { ConfigError, problemsMax, type Problem } from "../../runtime/model/errors";
import {
  agentConfigDoc,
  aState,
  poolDoc,
  scheduleDoc,
  serverConfigDoc,
  tester,
  vmProviderDoc,
  workspaceDoc,
  zoneDoc,
} from "../support/builders";

interface Sent {
  readonly kind: DefinitionKind;
  readonly doc: Record<string, unknown>;
  readonly pending?: readonly { readonly kind: DefinitionKind; readonly doc: Record<string, unknown> }[];
}

const catalog = cloudCatalog();
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const withKeys = (count: number) => Object.fromEntries(many(count, (index) => [`k${index}`, index]));
const script = (text: string): Sent => ({ kind: "autoscaleConfig", doc: agentConfigDoc({ startupScript: { text } }) });
const member = (index: number) => ({ name: `m${index}`, zone: "eu", address: "10.0.0.1", cores: 4, memory: "8GiB" });
const date = (index: number) => new Date(Date.UTC(2026, 0, 1) + index * 86_400_000).toISOString().slice(0, 10);
const text = (length: number, piece: string) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
const fallbacks = many(10, (index) => `vms${index}`);

/** Of the largest size; the others are a half and a quarter of it. */
const cases: Readonly<Record<string, readonly [sizeMax: number, make: (size: number) => Sent]>> = {
  "a script of opening braces": [900_000, (size) => script(text(size, "{ "))],
  "a script of closing braces": [600_000, (size) => script(text(size, "}\n"))],
  "a script of unknown variables": [800_000, (size) => script(text(size, "{x}\n"))],
  "a script of doubled braces": [900_000, (size) => script(`{manager_token}${text(size, "{{")}`)],
  "a script of variables": [900_000, (size) => script(text(size, "{server_id}"))],
  "a script of braces that never close": [900_000, (size) => script(text(size, "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))],
  "a raw script of braces": [
    900_000,
    (size) => ({
      kind: "autoscaleConfig",
      doc: serverConfigDoc({ startupScript: { text: text(size, "{a"), raw: true } }),
    }),
  ],
  "a script that repeats a long value": [
    640_000,
    (size) => ({
      kind: "autoscaleConfig",
      doc: agentConfigDoc({ nginxCert: text(99_000, "c"), startupScript: { text: text(size, "{nginx_cert_in}") } }),
    }),
  ],
  "a script for eleven VM providers": [
    800_000,
    (size) => ({
      kind: "autoscaleConfig",
      doc: agentConfigDoc({ fallbackVmProviders: fallbacks, startupScript: { text: text(size, "{server_id}{{ }}") } }),
      pending: fallbacks.map((name) => ({ kind: "vmProviderConfig", doc: vmProviderDoc({ name }) })),
    }),
  ],
  "unknown fields": [50_000, (size) => ({ kind: "workspace", doc: { ...workspaceDoc(), ...withKeys(size) } })],
  "unknown settings": [
    50_000,
    (size) => ({ kind: "vmProviderConfig", doc: { ...vmProviderDoc(), settings: withKeys(size) } }),
  ],
  "labels of a cloud": [
    40_000,
    (size) => ({
      kind: "vmProviderConfig",
      doc: vmProviderDoc({ kind: "aws", settings: { region: "us-east-1", amiId: "ami-1", tags: withKeys(size) } }),
    }),
  ],
  "pools that are none": [
    50_000,
    (size) => ({ kind: "workspace", doc: workspaceDoc({ pools: many(size, (index) => `pool-${index}`) }) }),
  ],
  "static members in zones that are none": [
    1000,
    (size) => ({
      kind: "pool",
      doc: poolDoc({
        staticMembers: many(size, (index) => ({ ...member(index), zone: `z${index}` })),
      }),
      pending: many(size, (index) => ({ kind: "zone", doc: zoneDoc({ name: `other-${index}` }) })),
    }),
  ],
  "static members of one name": [
    1000,
    (size) => ({ kind: "pool", doc: poolDoc({ staticMembers: many(size, () => member(1)) }) }),
  ],
  "dates that are exceptions too": [
    1000,
    (size) => ({
      kind: "schedule",
      doc: scheduleDoc({ days: [], dates: many(size, date), exceptDates: many(size, date) }),
    }),
  ],
  "names, hosts and times of great length": [
    200_000,
    (size) => ({
      kind: "schedule",
      doc: scheduleDoc({ name: text(size, "a-"), timezone: text(size, "a/"), start: text(size, "1") }),
    }),
  ],
  "a host of great length": [
    900_000,
    (size) => ({ kind: "pool", doc: poolDoc({ staticMembers: [{ ...member(1), address: text(size, "a.") }] }) }),
  ],
  "a great value under a wrong field": [
    900_000,
    (size) => ({ kind: "zone", doc: { ...zoneDoc(), loadStrategy: many(size / 4, () => "x") } }),
  ],
  "documents of one update": [
    1000,
    (size) => ({
      kind: "zone",
      doc: zoneDoc(),
      pending: many(size, (index) => ({ kind: "workspace", doc: workspaceDoc({ name: `w${index}` }) })),
    }),
  ],
};

/** Where the judgement is of pairs, as whether each workspace fits each config, more documents cost more than their share. */
const growthMax = 9;
/** What takes less than this is measured too coarsely to be compared. Unit: ms of processor time. */
const measurableMs = 4;

describe("large documents", function () {
  this.timeout(120_000);
  const world = aState({ configs: [agentConfigDoc(), serverConfigDoc()] });
  const judge = ({ kind, doc, pending = [] }: Sent): Problem[] => {
    const owned = pending.map((each) => ({ ...each, owner: tester }));
    return checkDefinition({ kind, doc, owner: tester, pending: owned }, world, catalog).problems;
  };

  for (const [what, [sizeMax, make]] of Object.entries(cases)) {
    it(`are judged in time proportional to their size: ${what}`, () => {
      const [quarter, half, whole] = [sizeMax / 4, sizeMax / 2, sizeMax].map(make) as [Sent, Sent, Sent];
      assert.ok(Buffer.byteLength(JSON.stringify(whole)) <= bodyBytesMax * 1.1, "no larger than a body may be");

      judge(quarter);
      const [small, middle, large] = [quarter, half, whole].map((sent) => processorMs(() => judge(sent)));

      const told = `${small!.toFixed(1)} ms, ${middle!.toFixed(1)} ms, ${large!.toFixed(1)} ms`;
      assert.ok(large! <= growthMax * Math.max(small!, measurableMs), `quarter, half and whole took ${told}`);
    });
  }

  it("answer with the first problems and the number of the others, whatever is wrong and how often", () => {
    for (const [what, [sizeMax, make]] of Object.entries(cases)) {
      const problems = judge(make(sizeMax));
      assert.ok(problems.length <= 2 * (problemsMax + 1), `${what}: ${problems.length} problems`);
      assert.ok(ConfigError.of(problems).message.length < 40_000, what);
    }
    const braces = judge(script("{ ".repeat(40_000)));
    assert.equal(braces.length, problemsMax + 1);
    assert.match(braces[0]!.message, /^line 1, column 1: a single "\{"/);
    assert.match(braces[problemsMax - 1]!.message, /^line 1, column 39: /);
    assert.deepEqual(braces.at(-1), { path: "startupScript.text", message: "and 39980 more like these" });
  });

  for (const [name, schema] of Object.entries({ requestSessionSchema, heartbeatSchema, serverStatusSchema })) {
    it(`are judged in time proportional to their size: a body for ${name}`, () => {
      const bodyOf = (size: number) => ({
        workspace: text(size, "a-"),
        userId: text(size, "u"),
        ...withKeys(size / 8),
      });
      const read = (body: object) => {
        const parsed = schema.safeParse(body);
        assert.ok(!parsed.success);
        return problemsOf(parsed.error, body);
      };
      const [small, large] = [100_000, 400_000].map((size) => {
        const body = bodyOf(size);
        assert.ok(read(body).length <= 2 * (problemsMax + 1));
        return processorMs(() => read(body));
      });
      assert.ok(large! <= growthMax * Math.max(small!, measurableMs), `${small} ms, then ${large} ms`);
    });
  }
});

/** The least processor time of several runs: other processes of the machine don't count, a collection of garbage rarely. */
function processorMs(run: () => void): number {
  const times = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}
