/**
 * KubeVirt's own schema of a VirtualMachine, from its source (Go module kubevirt.io/kubevirt, Apache-2.0), as its operator
 * installs it into clusters. It is never copied here: `HEADROOM_KUBEVIRT` names a folder with the source, else the module cache of
 * Go is looked into (`go mod download kubevirt.io/kubevirt@v1.6.0`).
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";

export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maxLength?: number;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
}

const version = "v1.6.0";
const file = "pkg/virt-operator/resource/generate/components/validations_generated.go";

/** Undefined = the source is not on this machine. */
export function kubevirtSchema(kind: "virtualmachine" | "virtualmachineinstance"): Schema | undefined {
  const cache = process.env["GOMODCACHE"] ?? join(process.env["GOPATH"] ?? join(homedir(), "go"), "pkg", "mod");
  const folder = process.env["HEADROOM_KUBEVIRT"] ?? join(cache, "kubevirt.io", `kubevirt@${version}`);
  const path = join(folder, file);
  if (!existsSync(path)) return undefined;
  const source = readFileSync(path, "utf8");
  const text = new RegExp(`^\\s*"${kind}": \`([^\`]*(?:\` \\+ "\`" \\+ \`[^\`]*)*)\`,?$`, "m").exec(source)?.[1];
  if (text === undefined) throw new Error(`${path} has no schema of ${kind}`);
  const whole = parse(text.replaceAll('` + "`" + `', "`")) as { readonly openAPIV3Schema: Schema };
  return whole.openAPIV3Schema;
}

/** One sentence for each place where the API server would refuse the value, or lose a part of it. */
export function schemaProblems(schema: Schema, value: unknown, path = ""): string[] {
  const problem = (why: string) => [`${path}: ${JSON.stringify(value)} ${why}`];
  if (schema["x-kubernetes-int-or-string"]) {
    const isPattern = schema.pattern === undefined || new RegExp(schema.pattern).test(String(value));
    return ["number", "string"].includes(typeof value) && isPattern ? [] : problem("is no quantity");
  }
  if (schema.enum && !schema.enum.includes(value)) return problem(`is none of ${schema.enum.join(", ")}`);
  switch (schema.type) {
    case "string":
      return typeof value === "string" ? [] : problem("is no string");
    case "boolean":
      return typeof value === "boolean" ? [] : problem("is no boolean");
    case "integer":
      return Number.isInteger(value) && (value as number) >= (schema.minimum ?? -Infinity)
        ? []
        : problem("is no integer");
    case "number":
      return typeof value === "number" ? [] : problem("is no number");
    case "array":
      if (!Array.isArray(value)) return problem("is no list");
      return value.flatMap((item, index) => schemaProblems(schema.items!, item, `${path}[${index}]`));
    case "object":
      return objectProblems(schema, value, path);
    default:
      return schema["x-kubernetes-preserve-unknown-fields"] ? [] : problem("has no type in the schema");
  }
}

function objectProblems(schema: Schema, value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: is no object`];
  const { properties = {}, additionalProperties, required = [] } = schema;
  const isOpen =
    schema["x-kubernetes-preserve-unknown-fields"] === true || (!schema.properties && !additionalProperties);
  const missing = required.filter((name) => !(name in value)).map((name) => `${path}.${name}: is missing`);
  const inside = Object.entries(value).flatMap(([name, inner]) => {
    const known = Object.hasOwn(properties, name)
      ? properties[name]
      : typeof additionalProperties === "object"
        ? additionalProperties
        : undefined;
    if (known !== undefined) return schemaProblems(known, inner, `${path}.${name}`);
    return isOpen || additionalProperties === true ? [] : [`${path}.${name}: the schema has no such field`];
  });
  return [...missing, ...inside];
}
