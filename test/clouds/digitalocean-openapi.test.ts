/**
 * DigitalOcean's own description of its API (github.com/digitalocean/openapi) judges what the emulation takes for its names
 * and limits. Where a checkout of it is, `HEADROOM_DIGITALOCEAN_OPENAPI` says; without one this is skipped.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { dropletRequestSchema, tagSchema, userDataBytesMax } from "./digitalocean-api";

interface Described {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly oneOf?: readonly Described[];
  readonly anyOf?: readonly Described[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly required?: readonly string[];
  readonly description?: string;
}

describe("DigitalOcean's OpenAPI description", () => {
  const folder = process.env["HEADROOM_DIGITALOCEAN_OPENAPI"];
  before(function () {
    if (folder === undefined) this.skip();
  });

  /** What stands in the file itself, of a schema that is put together also in the parts of it that do. */
  const read = (file: string): Described => {
    const path = join(folder!, "specification", "resources", file);
    const whole = parse(readFileSync(path, "utf8")) as Described & { readonly allOf?: readonly Described[] };
    return whole.allOf?.find(({ properties }) => properties !== undefined) ?? whole;
  };
  const ours = z.toJSONSchema(dropletRequestSchema, { io: "input" }) as Described;

  it("has the same fields in a request for a Droplet, of the same types", () => {
    const theirs = {
      ...read("droplets/models/droplet_create.yml").properties,
      ...read("droplets/models/droplet_single_create.yml").properties,
    };
    assert.deepEqual(Object.keys(ours.properties!).sort(), Object.keys(theirs).sort());
    for (const [name, field] of Object.entries(ours.properties!)) {
      if (name !== "backup_policy") assert.deepEqual(typesOf(field), typesOf(theirs[name]!), name);
    }
    const required = ["droplet_create", "droplet_single_create"].flatMap((file) =>
      readRequired(join(folder!, "specification/resources/droplets/models", `${file}.yml`)),
    );
    assert.deepEqual([...ours.required!].sort(), required.sort());
  });

  it("has the same rules for names, tags, backups and user data", () => {
    const { name } = read("droplets/models/droplet_single_create.yml").properties!;
    assert.deepEqual(rulesOf(ours.properties!["name"]!), rulesOf(name!));
    const tag = read("tags/models/tags.yml").properties!["name"]!;
    const ourTag = (z.toJSONSchema(tagSchema) as Described).properties!["name"]!;
    assert.equal(ourTag.maxLength, tag.maxLength);
    assert.deepEqual(charactersOf(ourTag.pattern!), charactersOf(tag.pattern!));
    const policy = read("droplets/models/droplet_backup_policy.yml").properties!;
    const ourPolicy = ours.properties!["backup_policy"]!.properties!;
    for (const field of ["plan", "weekday", "hour"])
      assert.deepEqual(ourPolicy[field]!.enum, policy[field]!.enum, field);
    const userData = read("droplets/models/droplet_create.yml").properties!["user_data"]!;
    assert.match(userData.description!, /plain text and may not exceed 64 KiB/);
    assert.equal(userDataBytesMax, 64 * 1024);
  });
});

const rulesOf = ({ pattern, maxLength }: Described) => ({ pattern, maxLength });

/** Which of all ASCII characters a pattern takes alone, so that order and escapes do not matter. */
function charactersOf(pattern: string): string {
  const all = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  return all.filter((character) => new RegExp(pattern).test(character)).join("");
}

function typesOf({ type, oneOf, anyOf, items }: Described): unknown {
  const options = oneOf ?? anyOf;
  if (options !== undefined) return options.map(({ type: one }) => one).sort();
  return items === undefined ? type : { listOf: typesOf(items) };
}

function readRequired(path: string): string[] {
  const whole = parse(readFileSync(path, "utf8")) as Described & { readonly allOf?: readonly Described[] };
  return [whole, ...(whole.allOf ?? [])].flatMap(({ required = [] }) => [...required]);
}
