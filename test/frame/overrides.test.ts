/** What users add to a cloud's request: every field arrives where its table says, or is a problem with its path. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { inputsAt, mergeInputs } from "../../provider/frame/inputs";
import {
  fields,
  flag,
  into,
  overrideSchema,
  ownNames,
  refuse,
  text,
  texts,
  to,
  whole,
  within,
} from "../../provider/frame/overrides";
import { problemsOf } from "../../runtime/model/config";

const schema = overrideSchema({
  Image: to("image", text),
  Count: to("options.count", whole),
  On: to("options.on", flag),
  Groups: to("groups", texts),
  Disk: to("disk", fields({ size: whole, type: text })),
  Place: within({ Zone: to("zone", text), Deep: within({ Host: to("host.id", text) }) }),
  Arn: into(text.transform((arn) => ({ image: arn.split("/").at(-1) }))),
  Disks: into(
    z
      .array(z.strictObject({ Size: whole }))
      .transform((disks) => ({ disks: disks.map(({ Size }) => ({ size: Size })) })),
  ),
  Script: refuse("not settable: use the script"),
});

const outcome = (override: unknown) => {
  const parsed = schema.safeParse(override);
  return parsed.success
    ? parsed.data
    : problemsOf(parsed.error, override)
        .map(({ path }) => path)
        .sort();
};

describe("overrides of users", () => {
  for (const [override, expected] of [
    [{}, {}],
    [
      { Image: "a", Count: 2, On: true },
      { image: "a", options: { count: 2, on: true } },
    ],
    [
      { Groups: ["a", "b"], Disk: { size: 5 } },
      { groups: ["a", "b"], disk: { size: 5 } },
    ],
    [{ Place: { Zone: "a", Deep: { Host: "h" } } }, { zone: "a", host: { id: "h" } }],
    [{ Arn: "x/y/z" }, { image: "z" }],
    [{ Disks: [{ Size: 1 }, { Size: 2 }] }, { disks: [{ size: 1 }, { size: 2 }] }],
    [{ Image: "z", Arn: "x/z" }, { image: "z" }],
  ] as const) {
    it(`go where they belong: ${JSON.stringify(override)}`, () => assert.deepEqual(outcome(override), expected));
  }

  for (const [override, paths] of [
    [{ Imag: "a" }, ["Imag"]],
    [{ Image: 1, Count: "2", On: "yes", Groups: "a", Disk: [] }, ["Count", "Disk", "Groups", "Image", "On"]],
    [{ Count: 1.5 }, ["Count"]],
    [{ Image: null }, ["Image"]],
    [{ Groups: ["a", 1] }, ["Groups[1]"]],
    [{ Disk: { siez: 5, type: 1 } }, ["Disk.siez", "Disk.type"]],
    [{ Place: { zone: "a", Deep: { Host: 1 } } }, ["Place.Deep.Host", "Place.zone"]],
    [{ Place: "a" }, ["Place"]],
    [{ Disks: [{ Size: 1 }, { Size: "2", Kind: "x" }] }, ["Disks[1].Kind", "Disks[1].Size"]],
    [{ Script: "x" }, ["Script"]],
    [{ Image: "a", Arn: "x/b" }, ["Arn"]],
    [{ constructor: 2, toString: 3 }, ["constructor", "toString"]],
    ["text", [""]],
  ] as const) {
    it(`are told with their paths: ${JSON.stringify(override)}`, () => assert.deepEqual(outcome(override), paths));
  }

  it("name the fields that there are, and why one is not settable", () => {
    const given = { Imag: "a", Script: "x" };
    const messages = problemsOf(schema.safeParse(given).error!, given).map(({ message }) => message);
    assert.match(messages[0]!, /unknown field; known here: Image, Count/);
    assert.match(messages[1]!, /not settable: use the script/);
  });

  it("lose nothing: each leaf of what is given is in what comes out, or is told (property)", () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string(), { maxLength: 2 }),
    );
    const shapes = { a: text, b: whole, c: flag, d: texts, e: fields({ f: text, g: whole }) };
    const own = overrideSchema(ownNames(shapes));
    const override = fc.dictionary(
      fc.constantFrom("a", "b", "c", "d", "e", "h"),
      fc.oneof(leaf, fc.dictionary(fc.constantFrom("f", "g", "i"), leaf, { noNullPrototype: true })),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(override, (given) => {
        const parsed = own.safeParse(given);
        if (parsed.success) return assert.deepEqual(parsed.data, given);
        const told = problemsOf(parsed.error, given).map(({ path }) => path.split(/[.[]/)[0]!);
        const wrong = Object.entries(given).filter(([field, value]) => {
          const shape = Object.hasOwn(shapes, field) ? shapes[field as keyof typeof shapes] : undefined;
          return !shape?.safeParse(value).success;
        });
        assert.deepEqual([...new Set(told)].sort(), wrong.map(([field]) => field).sort());
      }),
    );
  });
});

describe("inputs", () => {
  it("are merged field by field, and everything else is replaced", () => {
    const base = { a: { b: 1, c: [1, 2] }, d: 1 };
    assert.deepEqual(mergeInputs(base, { a: { c: [3] }, e: 2 }), { a: { b: 1, c: [3] }, d: 1, e: 2 });
    assert.deepEqual(base, { a: { b: 1, c: [1, 2] }, d: 1 }, "the base stays as it was");
    assert.deepEqual(inputsAt("a.b.c", 1), { a: { b: { c: 1 } } });
  });

  it("have every leaf of what is merged over them, once or twice (property)", () => {
    const json = fc.dictionary(fc.oneof(fc.string(), fc.constant("__proto__")), fc.jsonValue());
    const isInside = (part: unknown, whole: unknown): boolean => {
      if (typeof part !== "object" || part === null || Array.isArray(part)) {
        return JSON.stringify(part) === JSON.stringify(whole);
      }
      return (
        typeof whole === "object" &&
        whole !== null &&
        Object.entries(part).every(
          ([key, value]) => Object.hasOwn(whole, key) && isInside(value, (whole as Record<string, unknown>)[key]),
        )
      );
    };
    fc.assert(
      fc.property(json, json, (base, over) => {
        const once = mergeInputs(base, over);
        assert.ok(isInside(over, once));
        assert.deepEqual(mergeInputs(once, over), once);
      }),
    );
  });
});
