/** Text from outside on its way to a terminal. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { visible, visibleIn, visibleJson, visibleLines } from "../../runtime/model/visible-text";

/** What a terminal acts on, or what turns letters round, written down by range and not by the names of classes. */
function acts(character: string): boolean {
  const code = character.codePointAt(0)!;
  const ranges: readonly (readonly [number, number])[] = [
    ...[[0x00, 0x1f] as const, [0x7f, 0x9f] as const, [0x200e, 0x200f] as const, [0x2028, 0x202e] as const],
    ...[[0x2066, 0x2069] as const, [0x061c, 0x061c] as const, [0xd800, 0xdfff] as const, [0xe0000, 0xe007f] as const],
  ];
  return ranges.some(([from, to]) => code >= from && code <= to);
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\x1b]52;c;aGk=\x07",
        "\x1b[2J",
        "\r",
        "\n",
        "\u009b31m",
        "\u202e",
        "\u2066",
        "\ud800",
        "\x7f",
        "\u{e0041}",
      ),
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }),
    ),
  )
  .map((parts) => parts.join(""));

describe("text from outside", () => {
  it("has nothing that acts in a terminal once it is made visible, and is one line (property)", () => {
    fc.assert(fc.property(hostile, (text) => assert.ok(![...visible(text)].some(acts), JSON.stringify(visible(text)))));
  });

  it("keeps every character that does nothing, also of other scripts, and joined emoji", () => {
    for (const text of [
      "Zoë Müller",
      "東京 サーバー",
      "שלום",
      "مرحبا بالعالم",
      "👩‍👩‍👧 🏳️‍🌈",
      "a\u00a0b",
      'C:\\x "q"',
      "می‌خواهم",
    ]) {
      assert.equal(visible(text), text);
    }
  });

  for (const [text, shown] of [
    ["a\x1b[31mb", "a\\u001b[31mb"],
    ["a\r\nb\tc", "a\\r\\nb\\tc"],
    ["\u009b31m", "\\u009b31m"],
    ["user\u202egpj.exe", "user\\u202egpj.exe"],
    ["half \ud83d", "half \\ud83d"],
    ["\u{e0041}", "\\udb40\\udc41"],
  ] as const) {
    it(`shows ${JSON.stringify(shown)} as it would be written in a program`, () => assert.equal(visible(text), shown));
  }

  it("is made visible wherever it stands in an answer, names of fields included, and lines of our own stay lines", () => {
    const answer = { "na\x1bme": ["a\nb", { deep: "\u202e" }], count: 3, nothing: null, none: undefined };

    assert.deepEqual(visibleIn(answer), {
      "na\\u001bme": ["a\\nb", { deep: "\\u202e" }],
      count: 3,
      nothing: null,
      none: undefined,
    } as never);
    assert.equal(visibleLines("one\ntwo\x1b"), "one\ntwo\\u001b");
  });

  it("says the same to a program as JSON, and nothing of it acts (property)", () => {
    fc.assert(
      fc.property(hostile, hostile, (name, text) => {
        const value = { [`-${name}`]: [text] };
        const json = visibleJson(JSON.stringify(value, undefined, 2));
        assert.deepEqual(JSON.parse(json), value);
        assert.ok(![...json].some((character) => character !== "\n" && acts(character)), JSON.stringify(json));
      }),
    );
  });
});
