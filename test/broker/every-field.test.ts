/**
 * Every field that takes a text, a list or an object of any size, of every kind of definition, every cloud and every request,
 * filled with what is awkward to judge. The fields are found in the schemas, so a new one is judged too. What is judged in a
 * moment is fine; what takes longer is judged at a sixteenth of its size too, and must not take the square of that longer.
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { instanceInputs, runInstancesFields } from "../../provider/clouds/aws/overrides";
import { dropletInputs } from "../../provider/clouds/digitalocean/settings";
import {
  instanceInputs as gcpInstanceInputs,
  requestFields as gcpRequestFields,
} from "../../provider/clouds/gcp/overrides";
import { instanceInputs as ociInputs } from "../../provider/clouds/oci/instance-inputs";
import { launchFields } from "../../provider/clouds/oci/launch-override";
import { vmInputs } from "../../provider/clouds/proxmox/overrides";
import { cloudCatalog } from "../../provider/registry";
import { createRoutes } from "../../runtime/api/routes";
import { SessionFeed } from "../../runtime/api/session-feed";
import {
  definitionKinds,
  definitionSchemas,
  findRefusals,
  problemsOf,
  type DefinitionKind,
} from "../../runtime/model/config";
import { problemsMax, type Problem } from "../../runtime/model/errors";

type Path = readonly (string | number)[];
type Json = { readonly [key: string]: unknown };

const catalog = cloudCatalog();

/** Characters and entries of the larger size. */
const textLength = 40_000;
const entries = 4_000;
/** The smaller size is such a part of it. */
const part = 16;
/** Between the part (proportional) and its square (all pairs), as far from each. */
const growthMax = part * 4;
/** The least of so many counts: a busy machine and collected garbage only add. Ended as soon as it is within the limit. */
const samples = 12;
/** Less than this is fine, whatever it is of; less than the other is measured too coarsely. Unit: ms of processor time. */
const fineMs = 40;
const measurableMs = 0.7;

const pieces = ["a", "a-", "a.", "1", " ", "\n", "{", "}", ":", "/", ",", "é", "a@", "=", "\\", "[", "2026-12-24"];
const text = (piece: string, length: number) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

/** Of a size from 0 to 1. */
type Make = (size: number) => unknown;
const texts: readonly Make[] = pieces.map((piece) => (size) => text(piece, textLength * size));
const lists: readonly Make[] = [
  (size) => many(entries * size, () => "a"),
  (size) => many(entries * size, (index) => `a${index}`),
  (size) => many(entries * size, (index) => ({ name: `a${index}`, DeviceName: `a${index}`, deviceName: "a" })),
];
const objects: readonly Make[] = [(size) => Object.fromEntries(many(entries * size, (index) => [`k${index}`, "v"]))];

/** Places of a schema that hold something of any size. */
function* placesIn(schema: Json, path: Path = []): Generator<{ readonly path: Path; readonly makes: readonly Make[] }> {
  for (const choice of [schema["anyOf"], schema["oneOf"], schema["allOf"]]) {
    for (const each of (choice ?? []) as Json[]) yield* placesIn(each, path);
  }
  if (schema["type"] === "string") yield { path, makes: texts };
  if (schema["type"] === "array") {
    yield { path, makes: lists };
    yield* placesIn(schema["items"] as Json, [...path, 0]);
  }
  if (schema["type"] !== "object") return;
  yield { path, makes: objects };
  for (const [name, inner] of Object.entries((schema["properties"] ?? {}) as Record<string, Json>)) {
    yield* placesIn(inner, [...path, name]);
  }
}

function withValueAt(base: unknown, [first, ...rest]: Path, value: unknown): unknown {
  if (first === undefined) return value;
  if (typeof first === "number") return [withValueAt({}, rest, value)];
  const record = (typeof base === "object" && base !== null ? base : {}) as Json;
  return { ...record, [first]: withValueAt(record[first], rest, value) };
}

function processorMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
const least = (run: () => void, times: number) => Math.min(...many(times, () => processorMs(run)));

function judgeEvery(
  places: Iterable<{ readonly path: Path; readonly makes: readonly Make[] }>,
  judge: (path: Path, value: unknown) => Problem[],
): number {
  let judged = 0;
  for (const { path, makes } of places) {
    for (const [index, make] of makes.entries()) {
      const whole = make(1);
      let problems: Problem[] = [];
      const first = processorMs(() => (problems = judge(path, whole)));
      const where = `${path.join(".")}, value ${index}`;
      assert.ok(problems.length <= 2 * (problemsMax + 1), `${where}: ${problems.length} problems`);
      assert.ok(JSON.stringify(problems).length < 60_000, `${where}: its problems are too long to tell`);
      judged += 1;
      if (first <= fineMs) continue;
      const small = Math.max(
        measurableMs,
        least(() => judge(path, make(1 / part)), 3),
      );
      let large = first;
      for (let sample = 1; large > growthMax * small && sample < samples; sample++) {
        large = Math.min(
          large,
          processorMs(() => judge(path, whole)),
        );
      }
      assert.ok(large <= growthMax * small, `${where}: ${small.toFixed(1)} ms, then ${large.toFixed(1)} ms`);
    }
  }
  return judged;
}

const jsonOf = (schema: z.ZodType): Json => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Json;

const bases: Readonly<Record<DefinitionKind, Json>> = {
  zone: { name: "z", upstreamAuthAddress: "a.example.org" },
  pool: { name: "p", type: "dockerAgent" },
  workspace: { name: "w", pools: ["p"], cores: 1, memory: "1GiB" },
  vmProviderConfig: { name: "v", kind: "local", maxInstances: 1 },
  dnsProviderConfig: { name: "d", kind: "local" },
  ldapConfig: {
    ...{ name: "l", urls: ["ldaps://dc.example.org"], searchBase: "DC=example,DC=org" },
    ...{ serviceAccountDn: "a@example.org", serviceAccountPassword: "b" },
  },
  budget: { name: "b", amount: 100, per: "month" },
  autoscaleConfig: { name: "c", type: "server", pool: "p", zone: "z", vmProvider: "v" },
  schedule: { name: "s", autoscaleConfig: "c", days: ["mon"], start: "08:00", end: "09:00", timezone: "UTC" },
  stagingConfig: { name: "g", zone: "z", workspace: "w", sessions: 1 },
};

/** Fields of overrides take what their tables say, which no schema tells. */
const overrides: Readonly<Record<string, readonly (readonly [at: Path, names: readonly string[]])[]>> = {
  aws: [
    [["inputOverride"], Object.keys(instanceInputs)],
    [["configOverride", "instance_config"], Object.keys(runInstancesFields)],
  ],
  digitalocean: [[["inputOverride"], Object.keys(dropletInputs)]],
  gcp: [
    [["inputOverride"], Object.keys(gcpInstanceInputs)],
    [["configOverride"], Object.keys(gcpRequestFields)],
  ],
  oci: [
    [["inputOverride"], Object.keys(ociInputs)],
    [["configOverride"], Object.keys(launchFields)],
  ],
  proxmox: [[["inputOverride"], Object.keys(vmInputs)]],
};

describe("every field", function () {
  this.timeout(120_000);

  it("of every kind of definition is judged in time proportional to its size", () => {
    for (const kind of definitionKinds) {
      const judged = judgeEvery(placesIn(jsonOf(definitionSchemas[kind])), (path, value) =>
        findRefusals(kind, withValueAt(bases[kind], path, value), catalog),
      );
      assert.ok(judged > 20, `${kind}: ${judged}`);
    }
  });

  for (const [cloud, { settings }] of Object.entries(catalog.vm)) {
    it(`of the settings of ${cloud} is judged in time proportional to its size`, () => {
      const judge = (path: Path, value: unknown) =>
        findRefusals(
          "vmProviderConfig",
          { ...bases.vmProviderConfig, kind: cloud, settings: withValueAt({}, path, value) },
          catalog,
        );
      judgeEvery(placesIn(jsonOf(settings)), judge);
      for (const [at, names] of overrides[cloud] ?? []) {
        judgeEvery(
          names.map((name) => ({ path: [...at, name], makes: [texts[0]!, lists[2]!, objects[0]!] })),
          judge,
        );
      }
    });
  }

  for (const [service, { settings }] of Object.entries(catalog.dns)) {
    it(`of the settings of records at ${service} is judged in time proportional to its size`, () => {
      judgeEvery(placesIn(jsonOf(settings)), (path, value) =>
        findRefusals(
          "dnsProviderConfig",
          { ...bases.dnsProviderConfig, kind: service, settings: withValueAt({}, path, value) },
          catalog,
        ),
      );
    });
  }

  it("of the body of every route is judged in time proportional to its size", () => {
    for (const { body } of createRoutes(new SessionFeed({ streamsMax: 1, heartbeatMs: 1000 }))) {
      if (body === undefined) continue;
      judgeEvery(placesIn(jsonOf(body)), (path, value) => {
        const sent = withValueAt({}, path, value);
        const parsed = body.safeParse(sent);
        return parsed.success ? [] : problemsOf(parsed.error, sent);
      });
    }
  });
});
