/** A file that Kasm exported or that was written for it, as plain values that know their line. */
import { LineCounter, parseAllDocuments, type Document } from "yaml";
import { isYamlTooDeep, yamlDepthMax } from "../../provider/frame/yaml-nesting";
import { ConfigError } from "../model/errors";

export type Path = readonly (string | number)[];

export interface SourceFile {
  readonly root: Readonly<Record<string, unknown>>;
  /** Where a value stands, from 1; undefined = not known. */
  lineOf(path: Path): number | undefined;
}

/** An export with all users and sessions has a few MiB. */
const bytesMax = 64 * 2 ** 20;
/** A file with more values than this by its aliases is one that is made to exhaust whoever reads it. */
const aliasesMax = 100;

/** Throws a {@link ConfigError} that says what is wrong with the file, and where. */
export function parseSource(bytes: Uint8Array, file: string): SourceFile {
  const text = textOf(bytes, file);
  const lines = new LineCounter();
  const document = documentOf(text, lines, file);
  const root = valuesOf(document, file);
  if (typeof root !== "object" || root === null || Array.isArray(root)) {
    throw fault(
      file,
      "has no tables: an export, or values for Kasm's Helm chart, is a map with the tables by their names",
    );
  }
  return {
    root: root as Record<string, unknown>,
    lineOf(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const node = nodeAt(document, path.slice(0, length));
        if (node?.range) return lines.linePos(node.range[0]).line;
      }
      return undefined;
    },
  };
}

export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

function fault(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError(`${file} ${message}`, { cause, problems: [{ path: file, message }] });
}

function textOf(bytes: Uint8Array, file: string): string {
  const starts = (...magic: number[]): boolean => magic.every((byte, index) => bytes[index] === byte);
  if (starts(0x50, 0x4b)) {
    const advice = `unpack it first, with the password of the export: 7z x ${JSON.stringify(file)}`;
    throw fault(
      file,
      `is a ZIP archive, as Kasm exports it: ${advice}; then import the export_data.yaml that is in it`,
    );
  }
  if (starts(0x1f, 0x8b)) throw fault(file, `is compressed: unpack it first: gunzip ${JSON.stringify(file)}`);
  if (bytes.length > bytesMax) {
    throw fault(
      file,
      `has ${bytes.length} bytes, and at most ${bytesMax} are read: leave out tables such as logs and sessions`,
    );
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch (cause) {
    throw fault(file, "is no text in UTF-8; it should be YAML", cause);
  }
  throw fault(file, "is no text: it holds zero bytes; it should be YAML");
}

function documentOf(text: string, lines: LineCounter, file: string): Document {
  if (isYamlTooDeep(text)) throw fault(file, `is nested deeper than ${yamlDepthMax} levels, which no export is`);
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true, strict: true });
  if (!Array.isArray(documents) || documents.length === 0) throw fault(file, "is empty");
  const [document, second] = documents as Document[];
  for (const { errors, warnings } of documents as Document[]) {
    const [first] = [...errors, ...warnings];
    if (first === undefined) continue;
    const at = first.linePos?.[0];
    const [message] = first.message.split("\n");
    throw fault(
      file,
      `is no YAML that can be read: line ${at?.line ?? "?"}, column ${at?.col ?? "?"}: ${message}`,
      first,
    );
  }
  if (second !== undefined) {
    const line = lines.linePos(second.range?.[0] ?? 0).line;
    throw fault(file, `holds several documents, the second from line ${line} on: import them one by one`);
  }
  return document!;
}

function valuesOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    if (!/Excessive alias count/.test(cause.message)) throw fault(file, `can't be read: ${cause.message}`, cause);
    throw fault(file, `can't be read: its aliases (*name) stand for more than ${aliasesMax} values each`, cause);
  }
}

interface Placed {
  readonly range?: readonly [number, number, number] | null | undefined;
}

function nodeAt(document: Document, path: Path): Placed | undefined {
  const node = document.getIn(path, true);
  return typeof node === "object" && node !== null ? (node as Placed) : undefined;
}
