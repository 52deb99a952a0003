/** Distinguished names of directories, as people write them: `OU=Desktops,DC=example,DC=org`. In one pass over the text. */

/** One part of a name, e.g. `OU` with `Desktops`. */
export interface NamePart {
  /** In upper case. */
  readonly type: string;
  /** Without backslashes. */
  readonly value: string;
}

/** Characters that stand in a value only behind a backslash. */
const special = ',+"\\<>;=';

/** The parts of a name, the first one the innermost; or what is wrong with it, in a sentence. */
export function parseName(text: string): readonly NamePart[] | { readonly problem: string } {
  const parts: NamePart[] = [];
  for (const raw of partsOf(text)) {
    const at = raw.indexOf("=");
    const type = raw.slice(0, Math.max(at, 0)).trim();
    if (at < 0 || !/^[A-Za-z][A-Za-z0-9-]{0,40}$/.test(type)) {
      const hint = parts.length > 0 ? '; a comma inside a name is written "\\,"' : "";
      return { problem: `"${shortened(raw)}" is no part of a name such as OU=Desktops${hint}` };
    }
    const value = unescaped(raw.slice(at + 1));
    if (typeof value !== "string") return value;
    if (value === "") return { problem: `${type} has no value` };
    parts.push({ type: type.toUpperCase(), value });
  }
  return parts;
}

/** The name as directories write it, with a backslash where one is needed. */
export function formatName(parts: readonly NamePart[]): string {
  return parts.map(({ type, value }) => `${type}=${escapedValue(value)}`).join(",");
}

export function escapedValue(value: string): string {
  const escaped = [...value].map((character) => (special.includes(character) ? `\\${character}` : character)).join("");
  return escaped.replace(/^[ #]/, "\\$&").replace(/(?<=[^\\]) $/, "\\ ");
}

/** The domain that a name is in: `DC=example,DC=org` is `example.org`. Empty when it names none. */
export function domainOf(parts: readonly NamePart[]): string {
  const labels = parts.filter(({ type }) => type === "DC").map(({ value }) => value.toLowerCase());
  return labels.join(".");
}

/** Split at the commas (or semicolons) that have no backslash before them. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === "," || text[index] === ";") {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function unescaped(raw: string): string | { readonly problem: string } {
  // A blank that counts has a backslash before it.
  const text = raw.replace(/^ +/, "").replace(/(?<!\\) +$/, "");
  if (text.startsWith("#")) return { problem: `"${shortened(text)}" begins with "#"; write "\\#"` };
  const characters = [...text];
  const bytes: Uint8Array[] = [];
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index]!;
    if (character !== "\\") {
      if (special.includes(character)) {
        return { problem: `"${shortened(text)}" holds "${character}"; write "\\${character}"` };
      }
      bytes.push(encoder.encode(character));
      continue;
    }
    const [next = "", second = ""] = characters.slice(index + 1, index + 3);
    if (/^[0-9a-f]{2}$/i.test(next + second)) {
      bytes.push(Uint8Array.of(parseInt(next + second, 16)));
      index += 2;
    } else if (next !== "" && `${special} #`.includes(next)) {
      bytes.push(encoder.encode(next));
      index += 1;
    } else return { problem: `"${shortened(text)}" has a backslash that stands before nothing it can` };
  }
  const value = new TextDecoder().decode(joined(bytes));
  return value.includes("\0") ? { problem: `"${shortened(text)}" holds a zero byte` } : value;
}

const encoder = new TextEncoder();

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
