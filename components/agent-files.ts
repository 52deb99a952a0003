/** The agents' own files (`agents/` in this package), packed so that they fit into a startup script. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const folder = join(__dirname, "..", "..", "agents");

/** Ends each file in {@link packForLinux}; a file with such a line could not be packed. */
const fileEnd = "HEADROOM_FILE";
/** Characters of a line of base64. */
const lineLength = 120;

/** A shell script that writes the files into the folder that it runs in, as gzip in lines of base64. */
export function packForLinux(names: readonly string[]): string {
  const parts = names.map((name) => {
    const text = readFileSync(join(folder, "linux", name), "utf8");
    return `cat >'${name}' <<'${fileEnd}'\n${withoutComments(text)}${fileEnd}\n`;
  });
  return inLines(pack(parts.join("")));
}

/** The files as a JSON object of their texts by name, as gzip in base64. */
export function packForWindows(names: readonly string[]): string {
  const texts = names.map((name) => [name, withoutComments(readFileSync(join(folder, "windows", name), "utf8"))]);
  return pack(JSON.stringify(Object.fromEntries(texts))).toString("base64");
}

/** The same bytes wherever it runs: the header would tell on which system it was made. */
function pack(text: string): Buffer {
  const packed = gzipSync(text, { level: 9 });
  packed[9] = 255;
  return packed;
}

function inLines(packed: Buffer): string {
  return packed.toString("base64").replace(new RegExp(`.{${lineLength}}(?!$)`, "g"), "$&\n");
}

/** Whole lines of comments, but the first of a script: who reads the files reads them where they come from. */
function withoutComments(text: string): string {
  return text.replace(/^#(?!!).*\n/gm, "");
}
