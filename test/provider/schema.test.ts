/** The package schema, by the rules of Pulumi's documentation for package authors. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { definitionTypes } from "../../provider/kernel/definition-types";
import { packageSchema } from "../../provider/kernel/schema";
import { fieldsOf } from "../../provider/kernel/setting-fields";
import { typedProviders, typeNameOf } from "../../provider/kernel/typed-provider";
import { clouds } from "../../provider/registry";
import { officialEngine } from "../engine/engines";
import { newOpenFolder } from "../support/open-folder";
import { removeFolder } from "../support/remove-folder";

interface TypeSpec {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
  readonly oneOf?: readonly TypeSpec[];
}
interface PropertySpec extends TypeSpec {
  readonly description: string;
  readonly secret?: boolean;
}
interface ObjectSpec {
  readonly type?: string;
  readonly properties: Readonly<Record<string, PropertySpec>>;
  readonly required: readonly string[];
}
interface EnumSpec {
  readonly type: string;
  readonly enum: readonly { readonly name: string; readonly value: string }[];
}
interface ResourceSpec extends ObjectSpec {
  readonly description: string;
  readonly inputProperties: Readonly<Record<string, PropertySpec>>;
  readonly requiredInputs: readonly string[];
}
interface PackageSpec {
  readonly name: string;
  readonly version: string;
  readonly provider: { readonly inputProperties: Readonly<Record<string, PropertySpec>> };
  readonly resources: Readonly<Record<string, ResourceSpec>>;
  readonly types: Readonly<Record<string, ObjectSpec | EnumSpec>>;
}

const schema = JSON.parse(packageSchema({ version: "1.2.3" })) as PackageSpec;
const aws = schema.resources["headroom:index:AwsVmProvider"]!;
const token = /^headroom:index:[A-Z][A-Za-z0-9]*$/;

describe("package schema", () => {
  it("has a resource for every definition, for every VM and DNS service and for the nodes of every cloud", () => {
    const types = [
      ...Object.values(definitionTypes),
      ...typedProviders(clouds).map(({ type }) => type),
      ...clouds.flatMap((cloud) => (cloud.vm === undefined ? [] : [`headroom:index:${typeNameOf(cloud)}Node`])),
    ];

    assert.deepEqual(Object.keys(schema.resources).sort(), types.sort());
    for (const type of [...types, ...Object.keys(schema.types)]) assert.match(type, token);
  });

  it("refers only to types that it has, has no type that nobody refers to, and each type reference is of one kind", () => {
    const used = new Set<string>();
    const visit = (spec: TypeSpec, path: string): void => {
      const kinds = [spec.$ref !== undefined, spec.type !== undefined, spec.oneOf !== undefined].filter(Boolean);
      assert.equal(kinds.length, 1, path);
      assert.equal(spec.type === "array", spec.items !== undefined, path);
      assert.equal(spec.type === "object", spec.additionalProperties !== undefined, path);
      if (spec.type !== undefined) assert.match(spec.type, /^(string|number|integer|boolean|array|object)$/, path);
      for (const inner of [spec.items, spec.additionalProperties, ...(spec.oneOf ?? [])]) {
        if (inner !== undefined) visit(inner, `${path}[]`);
      }
      if (spec.$ref === undefined || spec.$ref === "pulumi.json#/Any") return;
      const name = spec.$ref.replace("#/types/", "");
      assert.ok(name in schema.types, `${path} refers to ${spec.$ref}`);
      used.add(name);
    };
    for (const [path, property] of allProperties()) visit(property, path);

    assert.deepEqual([...used].sort(), Object.keys(schema.types).sort());
  });

  it("says of every property what it means, and requires only what is there", () => {
    for (const [path, { description }] of allProperties()) assert.match(description, /^\S.*\.$/s, path);
    for (const [type, { inputProperties, requiredInputs, properties, required }] of Object.entries(schema.resources)) {
      assert.deepEqual(
        requiredInputs.filter((name) => !(name in inputProperties)),
        [],
        type,
      );
      assert.deepEqual(
        required.filter((name) => !(name in properties)),
        [],
        type,
      );
    }
  });

  it("has enums as enums, with names that every language takes", () => {
    const enums = Object.entries(schema.types).filter(([, spec]) => "enum" in spec) as [string, EnumSpec][];

    assert.ok(enums.length > 10);
    for (const [type, { enum: values }] of enums) {
      for (const { name } of values) assert.match(name, /^[A-Za-z][A-Za-z0-9]*$/, type);
      assert.equal(new Set(values.map(({ name }) => name.toLowerCase())).size, values.length, type);
    }
    assert.deepEqual(aws.inputProperties["ebsVolumeType"]!.$ref, "#/types/headroom:index:AwsEbsVolumeType");
    const strategy = schema.types["headroom:index:ZoneLoadStrategy"] as EnumSpec;
    assert.deepEqual(strategy.enum.at(-1), { name: "MostSessions", value: "mostSessions" });
  });

  it("has the settings of a cloud typed, documented and nested, its secrets marked", () => {
    assert.deepEqual(
      [...aws.requiredInputs].sort(),
      ["amiId", "instanceType", "maxInstances", "region", "securityGroupIds", "subnetId"].sort(),
    );
    assert.equal(aws.inputProperties["ebsIops"]!.type, "integer");
    assert.match(aws.inputProperties["ebsIops"]!.description, /100 to 256,000\. Default: the volume type's own\.$/);
    const metadata = schema.types["headroom:index:AwsMetadataOptions"] as ObjectSpec;
    assert.match(metadata.properties["httpPutResponseHopLimit"]!.description, /1 to 64\. Default 1\.$/);
    for (const { type, service } of typedProviders(clouds)) {
      const { inputProperties, properties } = schema.resources[type]!;
      for (const { name, isSecret } of fieldsOf(type, service.settings, service.secretFields)) {
        assert.equal(inputProperties[name]!.secret === true, isSecret, `${type} ${name}`);
        assert.equal(properties[name]!.secret === true, isSecret, `${type} ${name}`);
      }
    }
    const config = schema.resources["headroom:index:AutoscaleConfig"]!;
    assert.deepEqual([...config.requiredInputs].sort(), ["pool", "type", "vmProvider", "zone"]);
    assert.ok("connectionPort" in config.inputProperties && "standbyCores" in config.inputProperties);
    assert.equal(config.inputProperties["connectionPassword"]!.secret, true);
    assert.equal(schema.provider.inputProperties["apiKey"]!.secret, true);
  });
});

const official = officialEngine();
if (official !== undefined) {
  describe("package schema, official engine", () => {
    let folder: string;
    beforeEach(() => {
      folder = newOpenFolder("headroom-schema-");
    });
    afterEach(() => removeFolder(folder));

    const plugin = join(__dirname, "..", "..", "..", "provider", "bin", "pulumi-resource-headroom");
    const pulumi = (...args: string[]): string =>
      execFileSync(official.command, ["package", ...args], {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          PATH: `${dirname(official.command)}:${process.env["PATH"]}`,
          PULUMI_HOME: join(folder, "home"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        },
      });

    it("is read by it as it is, and an SDK with every resource comes of it", () => {
      const read = JSON.parse(pulumi("get-schema", plugin)) as PackageSpec;
      pulumi("gen-sdk", plugin, "--language", "nodejs", "--out", "sdk");

      assert.deepEqual(Object.keys(read.resources).sort(), Object.keys(schema.resources).sort());
      const sdk = readFileSync(join(folder, "sdk/nodejs/index.ts"), "utf8");
      for (const type of Object.keys(schema.resources)) assert.ok(sdk.includes(`case "${type}":`), type);
    });
  });
}

/** Every property of resources, types and the provider, with the way to it. */
function allProperties(): [string, PropertySpec][] {
  const objects = [
    ...Object.entries(schema.resources).flatMap(([type, { inputProperties, properties }]) => [
      [`${type} in`, inputProperties] as const,
      [`${type} out`, properties] as const,
    ]),
    ...Object.entries(schema.types).flatMap(([type, spec]) =>
      "properties" in spec ? [[type, spec.properties] as const] : [],
    ),
    ["provider", schema.provider.inputProperties] as const,
  ];
  return objects.flatMap(([path, properties]) =>
    Object.entries(properties).map(([name, spec]): [string, PropertySpec] => [`${path}.${name}`, spec]),
  );
}
