/** Values as TypeScript, laid out as prettier does with its defaults, so that the next `prettier --write` changes nothing. */

const width = 80;

/** A piece of an expression. */
export type Piece =
  /** Source text that is never broken, e.g. `officeZone.name`, `12`. */
  | { readonly code: string }
  | { readonly text: string }
  | { readonly call: string; readonly argument: string }
  | { readonly list: readonly Piece[] }
  | { readonly object: readonly (readonly [key: string, value: Piece])[] };

/** A plain JSON value. */
export function pieceOf(value: unknown): Piece {
  if (typeof value === "string") return { text: value };
  if (Array.isArray(value)) return { list: value.map(pieceOf) };
  if (typeof value === "object" && value !== null) {
    return { object: Object.entries(value).map(([key, inner]) => [key, pieceOf(inner)] as const) };
  }
  return { code: JSON.stringify(value) ?? "undefined" };
}

export interface Statement {
  /** Undefined: nothing refers to what it makes. */
  readonly variable: string | undefined;
  /** e.g. `headroom.Zone`. */
  readonly type: string;
  readonly name: string;
  readonly fields: readonly (readonly [key: string, value: Piece])[];
}

/** `const officeZone = new headroom.Zone("office", { … });` */
export function statementSource({ variable, type, name, fields }: Statement): string {
  const start = `${variable === undefined ? "" : `const ${variable} = `}new ${type}(`;
  const head = `${start}${stringSource(name)}, {`;
  if (fields.length === 0) return `${head}});`;
  if (head.length <= width) return `${head}\n${membersSource(fields, 2)}\n});`;
  return `${start}\n  ${stringSource(name)},\n  {\n${membersSource(fields, 4)}\n  },\n);`;
}

function membersSource(fields: readonly (readonly [string, Piece])[], indent: number): string {
  return fields.map(([key, value]) => memberSource(key, value, indent)).join("\n");
}

function memberSource(key: string, value: Piece, indent: number): string {
  const name = `${" ".repeat(indent)}${keySource(key)}:`;
  const source = layOut(value, indent, name.length + 1);
  const isTooLong = "text" in value && name.length + 1 + source.length + 1 > width;
  return isTooLong ? `${name}\n${" ".repeat(indent + 2)}${source},` : `${name} ${source},`;
}

/** @param column Characters that stand before it in its line. */
function layOut(piece: Piece, indent: number, column: number): string {
  const flat = flatSource(piece);
  const fits = column + flat.length + 1 <= width;
  const [inner, outer] = [" ".repeat(indent + 2), " ".repeat(indent)];
  if ("list" in piece && (!fits || breaksAnyway(piece.list)) && piece.list.length > 0) {
    const items = piece.list.map((item) => `${inner}${layOut(item, indent + 2, indent + 2)},`);
    return `[\n${items.join("\n")}\n${outer}]`;
  }
  if (fits && !holdsBroken(piece)) return flat;
  if ("object" in piece && piece.object.length > 0) return `{\n${membersSource(piece.object, indent + 2)}\n${outer}}`;
  if ("call" in piece) return `${piece.call}(\n${inner}${stringSource(piece.argument)},\n${outer})`;
  return flat;
}

/** Prettier never writes several objects, or several lists, of more than one member in one line. */
function breaksAnyway(items: readonly Piece[]): boolean {
  const sizes = (of: (item: Piece) => number | undefined): boolean => items.every((item) => (of(item) ?? 0) > 1);
  if (items.length < 2) return false;
  return (
    sizes((item) => ("object" in item ? item.object.length : undefined)) ||
    sizes((item) => ("list" in item ? item.list.length : undefined))
  );
}

function holdsBroken(piece: Piece): boolean {
  if ("list" in piece) return breaksAnyway(piece.list) || piece.list.some(holdsBroken);
  return "object" in piece && piece.object.some(([, value]) => holdsBroken(value));
}

function flatSource(piece: Piece): string {
  if ("code" in piece) return piece.code;
  if ("text" in piece) return stringSource(piece.text);
  if ("call" in piece) return `${piece.call}(${stringSource(piece.argument)})`;
  if ("list" in piece) return `[${piece.list.map(flatSource).join(", ")}]`;
  if (piece.object.length === 0) return "{}";
  return `{ ${piece.object.map(([key, value]) => `${keySource(key)}: ${flatSource(value)}`).join(", ")} }`;
}

function keySource(key: string): string {
  return /^[a-zA-Z_$][\w$]*$/.test(key) ? key : stringSource(key);
}

/** In the quotes that need fewer escapes. */
export function stringSource(text: string): string {
  const double = JSON.stringify(text).replace(/[\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);
  const count = (sign: string): number => text.split(sign).length;
  if (count('"') <= count("'")) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
