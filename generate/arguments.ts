/** Interfaces of component arguments: each field with its doc comment, nested ones by an interface of their own. */
import { type Field, type FieldType, textOf } from "../provider/kernel/setting-fields";
import { docComment } from "./doc-comment";

export interface Interface {
  readonly name: string;
  /** Its doc comment. Default none. */
  readonly text?: string;
  readonly fields: readonly Field[];
  /** Interfaces whose fields it has too. */
  readonly bases?: readonly string[];
  /** With which the names of its nested interfaces begin. Default: its own name without "Args". */
  readonly prefix?: string;
}

/** First line of a generated source. */
export function madeFrom(source: string): string {
  return `// Made by \`npm run generate\` from ${source}; edit there.\n`;
}

/** The interface, after those of its nested fields. */
export function interfaceSource({ name, text, fields, bases = [], ...rest }: Interface): string {
  const prefix = rest.prefix ?? name.replace(/Args$/, "");
  const nested = fields.flatMap((field) => {
    const inner = fieldsInside(field.type);
    const innerName = nestedName(prefix, field);
    return inner.length === 0
      ? []
      : [interfaceSource({ name: `${innerName}Args`, text: field.meaning, fields: inner })];
  });
  const heritage = bases.length > 0 ? ` extends ${bases.join(", ")}` : "";
  const members = fields.map((field) => {
    const type = typeSource(field.type, `${nestedName(prefix, field)}Args`);
    const optional = field.isRequired ? "" : "?";
    return `${docComment(textOf(field), { indent: "  " })}  readonly ${quoted(field.name)}${optional}: pulumi.Input<${type}>;\n`;
  });
  const comment = text === undefined ? "" : docComment(text);
  return [...nested, `${comment}export interface ${name}${heritage} {\n${members.join("")}}\n`].join("\n");
}

function typeSource(type: FieldType, nested: string): string {
  switch (type.is) {
    case "integer":
      return "number";
    case "any":
      return "unknown";
    case "choice":
      return type.values.map((value) => JSON.stringify(value)).join(" | ");
    case "list":
      return `pulumi.Input<${typeSource(type.items, nested)}>[]`;
    case "map": {
      const values = typeSource(type.values, nested);
      return `{ [key: string]: ${type.values.is === "any" ? values : `pulumi.Input<${values}>`} }`;
    }
    case "object":
      return nested;
    case "either":
      return type.options.map((option) => typeSource(option, nested)).join(" | ");
    default:
      return type.is;
  }
}

/** The fields of the object that the type is, or is a list or map of. */
function fieldsInside(type: FieldType): readonly Field[] {
  switch (type.is) {
    case "object":
      return type.fields;
    case "list":
      return fieldsInside(type.items);
    case "map":
      return fieldsInside(type.values);
    case "either":
      return type.options.flatMap(fieldsInside);
    default:
      return [];
  }
}

/** `staticMembers`, a list, has items of `StaticMember`. */
function nestedName(prefix: string, { name, type }: Field): string {
  const one = type.is === "list" ? name.replace(/s$/, "") : name;
  return `${prefix}${one.charAt(0).toUpperCase()}${one.slice(1)}`;
}

function quoted(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name);
}
