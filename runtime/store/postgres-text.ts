/**
 * PostgreSQL's text and jsonb refuse two things that JSON allows in a string: the character U+0000 and one half of a
 * surrogate pair. A user can send both, and one refused row would fail a whole batch. So they are written as U+E000
 * (a private character) followed by their four hex digits, and U+E000 itself likewise.
 */

const escape = "\ue000";

/** JSON of a value, storable as jsonb. */
export function encodeJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(0000|d[89a-f])|\ue000/.test(text)) return text;
  return text.replace(/\\(?:u(0000|d[89a-f][0-9a-f]{2})|.)|\ue000/g, (found, code: string | undefined) => {
    if (found === escape) return `${escape}e000`;
    return code === undefined ? found : `${escape}${code}`;
  });
}

/** The value of what {@link encodeJson} wrote, after PostgreSQL formatted it in its own way. */
export function decodeJson(text: string): unknown {
  if (!text.includes(escape)) return JSON.parse(text);
  return JSON.parse(text.replace(/\ue000([0-9a-f]{4})/g, "\\u$1"));
}

/** A string outside of JSON (an id), as it stands in the database. */
export function encodeText(text: string): string {
  return JSON.parse(encodeJson(text)) as string;
}
