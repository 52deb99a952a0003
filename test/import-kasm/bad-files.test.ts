/** Files that can't be imported are refused in a sentence that says where, and nothing is written. */
import assert from "node:assert/strict";
import { ConfigError } from "../../runtime/model/errors";
import { importKasm } from "../../runtime/import-kasm/import-kasm";
import { textOf } from "./imported";

const bomb = `a: &a ["x", "x", "x", "x", "x", "x", "x", "x", "x"]
${"bcdefghi"
  .split("")
  .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[index]}`).join(", ")}]`)
  .join("\n")}
zones: *i
`;
const zones = (row: string) => `zones:\n  - zone_name: main\n    ${row}\n`;

const refusals: Readonly<Record<string, [string | Uint8Array, RegExp]>> = {
  "a ZIP archive": [Buffer.from([0x50, 0x4b, 3, 4, 20]), /is a ZIP archive, .*: 7z x "export_data\.yaml"; then import/],
  "a compressed file": [Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed: unpack it first: gunzip/],
  "bytes that are no text": [Buffer.from([0xff, 0xfe, 0x41, 0x00]), /is no text in UTF-8/],
  "zero bytes": ["zones: \0", /holds zero bytes/],
  nothing: ["", /is empty|has no tables/],
  "a list": ["- a\n- b\n", /has no tables/],
  "a text": ["just words", /has no tables/],
  "no table that is known": ["users:\n  - name: a\n", /there is nothing to import: none of the tables zones, /],
  "YAML that ends too early": ["zones: [\n  {zone_name: a\n", /is no YAML that can be read: line \d+, column \d+: /],
  "a key twice": ["zones: []\nzones: []\n", /line 2, column 1: Map keys must be unique/],
  "a tag that is not known": ["zones: !!python/object:uuid.UUID {int: 1}\n", /line 1, column \d+: Unresolved tag/],
  "an alias that is not there": ["zones: *nowhere\n", /Unresolved alias/],
  "an alias bomb": [bomb, /aliases \(\*name\) stand for more than 100 values/],
  "several documents": ["zones: []\n---\nzones: []\n", /holds several documents, the second from line/],
  "endless nesting": [`zones: ${"[".repeat(50_000)}${"]".repeat(50_000)}\n`, /nested/],
  "deep nesting": [`zones: ${"[".repeat(300)}${"]".repeat(300)}\n`, /nested deeper than 100 levels/],
  "a table that is no list": ["zones: 7\n", /^zones: line 1: got 7; use a list of rows$/],
  "a row that is no map": ["zones:\n  - 1\n", /^zones\[0\]: line 2: got 1; use a row: a map/],
  "a text for a flag": [
    zones("search_alternate_zones: maybe"),
    /^zones\[0\]\.search_alternate_zones: line 3: got "maybe"; use true or false$/,
  ],
  "a map for a text": [
    zones("upstream_auth_address: {a: 1}"),
    /^zones\[0\]\.upstream_auth_address: line 3: got \{"a":1\}; use a text$/,
  ],
  "a type that is none": [
    "autoscale_configs:\n  - autoscale_config_name: a\n    autoscale_type: Cluster\n",
    /^autoscale_configs\[0\]\.autoscale_type: line 3: got "Cluster"; use "Docker Agent" or "Server Pool"$/,
  ],
  "a word for a number": [
    textOf("school").replace("standby_cores: 2", "standby_cores: two"),
    /^autoscale_configs\[0\]\.standby_cores: line \d+: got "two"; use a number, not below 0$/,
  ],
  "a number below zero": [
    textOf("school").replace("downscale_backoff: 900", "downscale_backoff: -1"),
    /^autoscale_configs\[0\]\.downscale_backoff: line \d+: got -1; use a number of seconds, not below 0$/,
  ],
  "a time that is none": [
    textOf("school").replace('active_end_time: "18:00:00"', "active_end_time: evening"),
    /^schedules\[0\]\.active_end_time: line \d+: got "evening"; use a time/,
  ],
  "a secret of a wrong type, without its value": [
    textOf("school").replace(
      "aws_secret_access_key: very-secret-of-the-school-0001",
      "aws_secret_access_key: {a: hidden-value}",
    ),
    /^aws_configs\[0\]\.aws_secret_access_key: line \d+: got a secret; use a text$/,
  ],
};

describe("files that can't be imported", () => {
  for (const [what, [content, message]] of Object.entries(refusals)) {
    it(`are refused: ${what}`, () => {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      assert.throws(
        () => importKasm(bytes, { file: "export_data.yaml" }),
        (error) => {
          assert.ok(error instanceof ConfigError, String(error instanceof Error ? error.stack : error));
          assert.match(error.message, message);
          assert.ok(!error.message.includes("hidden-value"));
          return true;
        },
      );
    });
  }

  it("are refused when they are huge, without being parsed", () => {
    const bytes = Buffer.alloc(64 * 2 ** 20 + 1, "a");
    assert.throws(() => importKasm(bytes, { file: "big.yaml" }), /has 67108865 bytes, and at most 67108864 are read/);
  });
});
