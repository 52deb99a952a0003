/** JSON text as a value, exactly: what two readers could understand differently is refused. */
import { isUtf8 } from "node:buffer";
import { RequestError } from "./error-answers";

/**
 * Bytes that are no UTF-8 are refused: replaced, they would make one name of two. So is an object that has a field twice:
 * a proxy that checks the first and a runtime that takes the last would not speak of the same request.
 */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw malformed("the body is not UTF-8; encode it as UTF-8");
  const text = bytes.toString("utf8");
  // Some clients of Windows start with a byte order mark.
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  if (json === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw malformed("the body is not JSON; send one JSON object");
  }
  const field = findFieldTwice(json);
  if (field !== undefined) throw malformed(`the body has the field ${field} twice in one object; send it once`);
  return value;
}

/** The first field, as it stands in quotes, that an object of this well-formed JSON has twice. In linear time. */
export function findFieldTwice(json: string): string | undefined {
  // The fields of each object that is open; undefined = a list.
  const open: (Set<string> | undefined)[] = [];
  let text = "";
  for (let at = 0; at < json.length; at += 1) {
    switch (json[at]) {
      case '"': {
        const end = endOfString(json, at);
        text = json.slice(at, end + 1);
        at = end;
        break;
      }
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ":": {
        const fields = open.at(-1)!;
        const field = text.includes("\\") ? String(JSON.parse(text)) : text.slice(1, -1);
        if (fields.has(field)) return text;
        fields.add(field);
        break;
      }
      default:
    }
  }
  return undefined;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at;
}

function malformed(message: string): RequestError {
  return new RequestError(400, "config", message);
}
