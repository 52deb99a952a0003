/**
 * Text from outside as it may be shown to a person: a VM's message, a user's id or a cloud's error may hold what moves a
 * terminal's cursor, fills its clipboard, begins a row of its own or turns the order of letters round. Such characters are
 * written as programs write them, `\n` or `\u001b`, and do nothing any more.
 */

/**
 * Control characters (C0, delete, C1), line and paragraph separators, marks that change the direction of text, characters
 * without width that hide (soft hyphen, zero-width space, byte order mark, tags), and halves of characters. Joiners stay:
 * languages and emoji need them.
 */
const unseen =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\p{Cs}\u{e0000}-\u{e007f}]/gu;
const shortForms: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line, whatever the text is. */
export function visible(text: string): string {
  return text.replace(unseen, (character) => shortForms[character] ?? escaped(character));
}

/** Text of several lines of our own, in which nothing else may act. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** Every text and every field's name in a value, however deep: what the API answers holds what others wrote. */
export function visibleIn<Value>(value: Value): Value {
  if (typeof value === "string") return visible(value) as Value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(visibleIn) as Value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [visible(name), visibleIn(inner)])) as Value;
}

/** JSON that says the same to a program and does nothing in a terminal. JSON itself escapes only the first 32 characters. */
export function visibleJson(json: string): string {
  return json.replace(unseen, (character) => (character < " " ? character : escaped(character)));
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
