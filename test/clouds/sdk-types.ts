/**
 * What a cloud SDK's own type declarations say of its resources, so that an emulated cloud accepts exactly the
 * properties that the installed version has. Read as syntax: resolving types for real would cost a gigabyte.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

export type SdkType =
  | { readonly kind: "string" | "number" | "boolean" }
  | { readonly kind: "list"; readonly of: SdkType }
  | { readonly kind: "map"; readonly of: SdkType }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, SdkField> }
  | { readonly kind: "any of"; readonly types: readonly SdkType[] };
export interface SdkField {
  readonly type: SdkType;
  readonly isRequired: boolean;
}
export type SdkObject = SdkType & { readonly kind: "object" };

export class SdkTypes {
  private readonly folder: string;
  private readonly files = new Map<string, ts.SourceFile>();

  constructor(packageName: string) {
    this.folder = dirname(require.resolve(`${packageName}/package.json`));
  }

  /** An interface or a class of one module, e.g. `("ec2/instance", "InstanceArgs")`. Methods and statics are left out. */
  read(module: string, name: string): SdkObject {
    const found = declarationsOf(this.file(`${module}.d.ts`).statements, name);
    if (!found) throw new Error(`${this.folder}/${module}.d.ts declares no ${name}`);
    return this.objectOf(found.members);
  }

  /** Of the files with all types, which may have megabytes, only one top-level namespace where there are any. */
  private file(path: string, namespace?: string): ts.SourceFile {
    const key = `${path} ${namespace ?? ""}`;
    const known = this.files.get(key);
    if (known) return known;
    let text = readFileSync(join(this.folder, path), "utf8");
    if (namespace !== undefined) {
      const start = text.search(new RegExp(`^(export )?(declare )?namespace ${namespace} \\{`, "m"));
      text = start < 0 ? "" : text.slice(start, text.indexOf("\n}", start) + 2);
    }
    const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023);
    this.files.set(key, parsed);
    return parsed;
  }

  private objectOf(members: readonly (ts.TypeElement | ts.ClassElement)[]): SdkObject {
    const fields = new Map<string, SdkField>();
    for (const member of members) {
      if (!ts.isPropertySignature(member) && !ts.isPropertyDeclaration(member)) continue;
      if (!member.type || (ts.getCombinedModifierFlags(member as ts.Declaration) & ts.ModifierFlags.Static) !== 0)
        continue;
      const name = (member.name as ts.Identifier).text;
      fields.set(name, { type: this.typeOf(member.type), isRequired: member.questionToken === undefined });
    }
    return { kind: "object", fields };
  }

  private typeOf(node: ts.TypeNode): SdkType {
    if (node.kind === ts.SyntaxKind.NumberKeyword) return { kind: "number" };
    if (node.kind === ts.SyntaxKind.BooleanKeyword) return { kind: "boolean" };
    if (ts.isArrayTypeNode(node)) return { kind: "list", of: this.typeOf(node.elementType) };
    if (ts.isParenthesizedTypeNode(node)) return this.typeOf(node.type);
    if (ts.isUnionTypeNode(node)) return this.unionOf(node);
    if (ts.isTypeLiteralNode(node)) {
      const index = node.members.find(ts.isIndexSignatureDeclaration);
      return index ? { kind: "map", of: this.typeOf(index.type) } : this.objectOf(node.members);
    }
    if (ts.isTypeReferenceNode(node)) return this.referenceOf(node);
    return { kind: "string" };
  }

  private unionOf(node: ts.UnionTypeNode): SdkType {
    const known = node.types.filter((member) => member.kind !== ts.SyntaxKind.UndefinedKeyword);
    const types = known.map((member) => this.typeOf(member));
    return types.length === 1 ? types[0]! : { kind: "any of", types };
  }

  /** `pulumi.Input<X>` is X; `inputs.ec2.X` is in the package's types; enums, ARNs and resources travel as strings. */
  private referenceOf(node: ts.TypeReferenceNode): SdkType {
    const [scope, ...path] = nameParts(node.typeName);
    const [inner] = node.typeArguments ?? [];
    if (scope === "pulumi" && inner) return this.typeOf(inner);
    if ((scope !== "inputs" && scope !== "outputs") || path.length === 0) return { kind: "string" };
    let statements: readonly ts.Statement[] = this.file(
      `types/${scope === "inputs" ? "input" : "output"}.d.ts`,
      // Small SDKs have their types outside of any namespace.
      path.length > 1 ? path[0] : undefined,
    ).statements;
    for (const name of path.slice(0, -1)) statements = namespaceOf(statements, name);
    const found = declarationsOf(statements, path.at(-1)!);
    if (!found) throw new Error(`the SDK declares no ${scope}.${path.join(".")}`);
    return this.objectOf(found.members);
  }
}

/** One sentence for each place where `value` is not what the SDK declares. */
export function findTypeProblems(type: SdkType, value: unknown, path = ""): string[] {
  switch (type.kind) {
    case "string":
    case "number":
    case "boolean":
      return typeof value === type.kind ? [] : [`${path}: ${JSON.stringify(value)} is no ${type.kind}`];
    case "list":
      if (!Array.isArray(value)) return [`${path}: ${JSON.stringify(value)} is no list`];
      return value.flatMap((item, index) => findTypeProblems(type.of, item, `${path}[${index}]`));
    case "any of": {
      const each = type.types.map((member) => findTypeProblems(member, value, path));
      return each.some((problems) => problems.length === 0) ? [] : each[0]!;
    }
    case "map":
    case "object":
      return findFieldProblems(type, value, path);
  }
}

function findFieldProblems(
  type: Exclude<SdkType, { kind: "list" }> & { kind: "map" | "object" },
  value: unknown,
  path: string,
): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: is no object`];
  const inside = (name: string) => (path ? `${path}.${name}` : name);
  const given = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
  if (type.kind === "map") return given.flatMap(([name, inner]) => findTypeProblems(type.of, inner, inside(name)));
  const missing = [...type.fields].filter(([name, field]) => field.isRequired && !given.some(([key]) => key === name));
  return [
    ...missing.map(([name]) => `${inside(name)}: is missing`),
    ...given.flatMap(([name, inner]) => {
      const field = type.fields.get(name);
      return field
        ? findTypeProblems(field.type, inner, inside(name))
        : [`${inside(name)}: the SDK has no such property`];
    }),
  ];
}

/** As zod writes the shape of a field of an override. */
export interface JsonShape {
  readonly type?: string;
  readonly items?: JsonShape;
  readonly properties?: Readonly<Record<string, JsonShape>>;
  readonly additionalProperties?: JsonShape | false;
}

/** One sentence for each place where a shape lets pass what the SDK does not declare. */
export function findShapeProblems(type: SdkType | undefined, shape: JsonShape, path: string): string[] {
  if (type === undefined) return [`${path}: the SDK has no such property`];
  if (type.kind === "any of") {
    const each = type.types.map((member) => findShapeProblems(member, shape, path));
    return each.find((problems) => problems.length === 0) ?? each[0]!;
  }
  const kinds = { string: "string", number: "number", integer: "number", boolean: "boolean", array: "list" } as const;
  const { type: name = "", items = {}, properties, additionalProperties } = shape;
  const kind = name === "object" ? (properties ? "object" : "map") : kinds[name as keyof typeof kinds];
  if (kind !== type.kind) return [`${path}: the SDK has a ${type.kind}, the shape is ${name}`];
  if (type.kind === "list") return findShapeProblems(type.of, items, `${path}[]`);
  if (type.kind === "map") return findShapeProblems(type.of, additionalProperties || {}, `${path}.*`);
  if (type.kind !== "object") return [];
  return Object.entries(properties ?? {}).flatMap(([field, inner]) =>
    findShapeProblems(type.fields.get(field)?.type, inner, `${path}.${field}`),
  );
}

function declarationsOf(statements: readonly ts.Statement[], name: string) {
  return statements.find(
    (statement): statement is ts.InterfaceDeclaration | ts.ClassDeclaration =>
      (ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name?.text === name,
  );
}

function namespaceOf(statements: readonly ts.Statement[], name: string): readonly ts.Statement[] {
  return statements
    .filter((statement) => ts.isModuleDeclaration(statement))
    .filter((statement) => statement.name.text === name)
    .flatMap(({ body }) => (body && ts.isModuleBlock(body) ? [...body.statements] : []));
}

function nameParts(name: ts.EntityName): string[] {
  return ts.isIdentifier(name) ? [name.text] : [...nameParts(name.left), name.right.text];
}
