/** What the plugin's schema promises beside types: defaults that change nothing, examples that work, and names. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import type { z } from "zod";
import { definitionTexts } from "../../provider/kernel/definition-texts";
import { packageSchema } from "../../provider/kernel/schema";
import { type Field, fieldsOf } from "../../provider/kernel/setting-fields";
import { typedProviders } from "../../provider/kernel/typed-provider";
import { clouds } from "../../provider/registry";
import { definitionKinds, definitionSchemas } from "../../runtime/model/config";
import { cloudUnderTest } from "../clouds/cloud-under-test";

type Json = Record<string, unknown>;

/** The document as a generated SDK sends it: with the defaults of what is absent, also inside of what is given. */
function withDefaults(fields: readonly Field[], given: Json): Json {
  const filled: Json = { ...given };
  for (const { name, type, default: value } of fields) {
    if (filled[name] === undefined && value !== undefined) filled[name] = value;
    else if (type.is === "object" && filled[name] !== undefined) {
      filled[name] = withDefaults(type.fields, filled[name] as Json);
    }
  }
  return filled;
}

function assertSame(what: string, schema: z.ZodType, fields: readonly Field[], doc: Json): void {
  const plain = schema.safeParse(doc);
  assert.ok(plain.success, `${what}: ${plain.error?.message}`);
  const filled = withDefaults(fields, doc);
  const parsed = schema.safeParse(filled);
  assert.ok(parsed.success, `${what} with defaults: ${parsed.error?.message}`);
  assert.deepEqual(parsed.data, plain.data, what);
}

describe("defaults of the package schema", () => {
  for (const kind of definitionKinds) {
    const example = { name: "example", ...(parse(definitionTexts[kind].example) as Json) };
    const others = kind === "autoscaleConfig" ? [withoutAgent(example)] : [];
    it(`say what holds without them, and the example is right: ${kind}`, () => {
      const fields = fieldsOf(kind, definitionSchemas[kind]);
      for (const doc of [example, ...others]) assertSame(kind, definitionSchemas[kind], fields, doc);
    });
  }

  for (const { type, kind, definition, service } of typedProviders(clouds)) {
    it(`say what holds without them: ${type}`, () => {
      const known = cloudUnderTest(kind);
      const own = definition === "vmProviderConfig" ? known.template("/srv/vms") : known.dns!.settings("/srv/vms");
      const fields = fieldsOf(type, service.settings);
      const all = { ...known.credentials("key-of-a-test"), ...own };
      // Account and template share no field, but a DNS service may lack one of the VMs' account.
      // What only an emulation that runs can say is no part of the documents.
      const isTold = (name: string) => name !== "caCertificate" && fields.some((field) => field.name === name);
      const settings = Object.fromEntries(Object.entries(all).filter(([name]) => isTold(name)));
      assertSame(type, service.settings, fields, settings);
    });
  }
});

/** A server's config, of which docker agents have other fields. */
function withoutAgent({ standbyCores: _cores, startupScript: _script, ...doc }: Json): Json {
  return { ...doc, type: "server", requireCheckin: false };
}

describe("names in the package schema", () => {
  const peers = { "@pulumi/pulumi": "^3.220.0" };

  it("are none of Pulumi's own scope, and no address that somebody else could have", () => {
    const { language, ...schema } = JSON.parse(packageSchema({ version: "1.2.3", peerDependencies: peers })) as {
      readonly language: { readonly nodejs: Json; readonly python: Json; readonly go: Json };
    } & Json;

    assert.equal(schema["version"], "1.2.3");
    assert.equal(language.nodejs["packageName"], "pulumi-headroom-sdk");
    assert.equal(language.python["packageName"], "pulumi_headroom");
    assert.deepEqual(language.python["requires"], { pulumi: ">=3.220.0,<4.0.0" });
    assert.match(String(language.go["importBasePath"]), /^[a-z-]+\.local\//);
    for (const name of ["homepage", "repository", "pluginDownloadURL", "publisher"]) assert.ok(!(name in schema), name);
  });

  it("are those of whoever publishes the package, who says so in package.json", () => {
    const published = {
      version: "1.2.3",
      author: "Example Ltd.",
      license: "Apache-2.0",
      homepage: "https://headroom.example.org",
      repository: { url: "https://git.example.org/headroom" },
      pulumi: { pluginDownloadURL: "https://downloads.example.org/headroom" },
    };

    const schema = JSON.parse(packageSchema(published)) as Json;

    assert.deepEqual(
      ["publisher", "license", "homepage", "repository", "pluginDownloadURL"].map((name) => schema[name]),
      [
        "Example Ltd.",
        "Apache-2.0",
        "https://headroom.example.org",
        "https://git.example.org/headroom",
        "https://downloads.example.org/headroom",
      ],
    );
  });
});
