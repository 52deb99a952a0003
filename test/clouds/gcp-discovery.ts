/** A discovery document of Google: which fields, types, patterns, choices and methods an API has. */

export interface Described {
  readonly type?: string;
  readonly $ref?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly additionalProperties?: Described | boolean;
  readonly items?: Described;
}

export interface Method {
  /** Below the API's address, e.g. `projects/{project}`. */
  readonly path: string;
  readonly httpMethod: string;
  readonly parameters?: Readonly<Record<string, Described & { readonly location: "path" | "query" }>>;
  readonly response?: { readonly $ref: string };
}

interface Resources {
  readonly methods?: Readonly<Record<string, Method>>;
  readonly resources?: Readonly<Record<string, Resources>>;
}

interface Document extends Resources {
  readonly schemas: Readonly<Record<string, Described>>;
  readonly parameters: Readonly<Record<string, Described>>;
}

export class DiscoveryDocument {
  private readonly methods: readonly Method[];

  constructor(private readonly document: Document) {
    this.methods = methodsIn(document);
  }

  /** One sentence for each place where the value is not what the schema of this name says. */
  problemsIn(schema: string, value: unknown): string[] {
    return this.problems(this.schema(schema), value, schema);
  }

  /** One sentence for each place where our own schema takes what this one does not. */
  disagreements(schema: string, ours: Described): string[] {
    return this.compare(this.schema(schema), ours, schema);
  }

  /** @param path `Instance.name`. */
  patternOf(path: string): string | undefined {
    const [schema = "", field = ""] = path.split(".");
    return this.schema(schema).properties?.[field]?.pattern;
  }

  fieldsOf(schema: string): string[] {
    return Object.keys(this.schema(schema).properties ?? {});
  }

  /** Whether an answer has such a part: names of fields, and `*` for any key of a map. */
  hasPart(schema: string, path: readonly string[]): boolean {
    let at: Described | undefined = this.schema(schema);
    for (const name of path) {
      at = at && this.resolved(at);
      if (at?.type === "array") at = at.items && this.resolved(at.items);
      const inside: Described | boolean | undefined = name === "*" ? at?.additionalProperties : at?.properties?.[name];
      at = typeof inside === "object" ? inside : undefined;
    }
    return at !== undefined;
  }

  /** Of a GET whose path is this one, each of its parts in the pattern that it must have. */
  methodOf(path: string): Method | undefined {
    return this.methods.find((method) => {
      if (method.httpMethod !== "GET") return false;
      const parts = method.path
        .replace(/^dns\/v1\//, "")
        .split(/(\{\w+\})/)
        .map((part) => (/^\{/.test(part) ? `(?:${method.parameters?.[part.slice(1, -1)]?.pattern ?? "[^/]+"})` : part));
      return new RegExp(`^${parts.join("")}$`).test(path);
    });
  }

  takes(method: Method, parameter: string): boolean {
    return parameter in this.document.parameters || method.parameters?.[parameter]?.location === "query";
  }

  private schema(name: string): Described {
    const found = this.document.schemas[name];
    if (found === undefined) throw new Error(`the discovery document has no schema ${name}`);
    return found;
  }

  private resolved(schema: Described): Described {
    return schema.$ref === undefined ? schema : this.schema(schema.$ref);
  }

  private problems(given: Described, value: unknown, path: string): string[] {
    const schema = this.resolved(given);
    const { type, pattern, properties, additionalProperties } = schema;
    const told = JSON.stringify(value);
    if (type === "array") {
      if (!Array.isArray(value)) return [`${path}: ${told} is no list`];
      return value.flatMap((item, index) => this.problems(ofItems(schema), item, `${path}[${index}]`));
    }
    if (type === "object") {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path}: ${told} is no object`];
      return Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .flatMap(([name, inner]) => {
          const rest = typeof additionalProperties === "object" ? additionalProperties : undefined;
          const field = properties?.[name] ?? rest;
          return field ? this.problems(field, inner, `${path}.${name}`) : [`${path}.${name}: there is no such field`];
        });
    }
    if (type !== undefined && type !== "any" && typeof value !== (type === "integer" ? "number" : type)) {
      return [`${path}: ${told} is no ${type}`];
    }
    if (type === "integer" && !Number.isInteger(value)) return [`${path}: ${told} is no whole number`];
    const isLong = schema.format === "int64" || schema.format === "uint64";
    if (type === "string" && isLong && !/^-?\d+$/.test(String(value))) return [`${path}: ${told} is no number as text`];
    if (schema.enum && !schema.enum.includes(value)) return [`${path}: ${told} is none of ${schema.enum.join(", ")}`];
    if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(String(value))) {
      return [`${path}: ${told} is not ${pattern}`];
    }
    return [];
  }

  private compare(given: Described, ours: Described, path: string): string[] {
    const theirs = this.resolved(given);
    const type = ours.type ?? (ours.const === undefined ? undefined : typeof ours.const);
    if (theirs.type !== type) return [`${path}: is a ${theirs.type}, and here ${type}`];
    if (type === "array") return this.compare(ofItems(theirs), ours.items ?? {}, `${path}[]`);
    const choices = ours.enum ?? (ours.const === undefined ? undefined : [ours.const]);
    const foreign = type === "string" ? (choices ?? []).filter((choice) => !(theirs.enum ?? []).includes(choice)) : [];
    if (foreign.length > 0) return [`${path}: has no choice ${foreign.join(", ")}`];
    if (theirs.pattern !== undefined && ours.pattern !== undefined && ours.pattern !== `^${theirs.pattern}$`) {
      return [`${path}: is ${theirs.pattern}, and here ${ours.pattern}`];
    }
    if (theirs.pattern !== undefined && ours.pattern === undefined)
      return [`${path}: is ${theirs.pattern}, and here anything`];
    return Object.entries(ours.properties ?? {}).flatMap(([name, field]) => {
      const known = theirs.properties?.[name];
      return known ? this.compare(known, field, `${path}.${name}`) : [`${path}.${name}: there is no such field`];
    });
  }
}

function methodsIn({ methods = {}, resources = {} }: Resources): Method[] {
  return [...Object.values(methods), ...Object.values(resources).flatMap(methodsIn)];
}

/** The pattern of a list is that of its items. */
function ofItems({ items = {}, pattern }: Described): Described {
  return pattern === undefined ? items : { ...items, pattern };
}
