/** Reads the file of a backup line by line; what is damaged, cut off or of a newer version is refused. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { ConfigError, HeadroomError, messageOf, SetupError } from "../model/errors";
import { digestName, formatName, formatVersion, originSchema, parseEntry, type Entry } from "./format";

/** Rows of one line are few, and a row has a script of some megabytes at most. Unit: bytes. */
const lineMax = 512 * 1024 * 1024;

export interface ReadEntry {
  readonly entry: Exclude<Entry, { kind: "end" }>;
  /** Of all lines before this one, in hex. */
  readonly digestBefore: string;
}

/** All entries but the last, which is checked: whoever reads on to the end knows that the file is whole. */
export async function* readBackup(path: string): AsyncGenerator<ReadEntry> {
  const hash = createHash(digestName);
  let isFirst = true;
  let isEnded = false;
  for await (const line of readLines(path)) {
    if (isEnded) throw damaged(path, "something follows its end");
    const text = line.toString("utf8");
    if (isFirst) requireOrigin(path, text);
    const entry = parseEntry(text);
    if (entry === undefined || (entry.kind === "header") !== isFirst)
      throw damaged(path, "a line of it is none of a backup");
    isFirst = false;
    const digestBefore = hash.copy().digest("hex");
    if (entry.kind === "end") {
      if (entry.digest !== digestBefore) throw damaged(path, "its digest is another one");
      isEnded = true;
    } else {
      hash.update(line).update("\n");
      yield { entry, digestBefore };
    }
  }
  if (!isEnded) throw damaged(path, "its end is missing");
}

function requireOrigin(path: string, line: string): void {
  const found = originSchema.safeParse(parseJson(line));
  if (!found.success) throw new ConfigError(`${path} is no backup of headroom (${formatName})`);
  const { formatVersion: version, version: madeBy } = found.data;
  if (version > formatVersion) {
    throw new ConfigError(
      `${path} was made by headroom ${madeBy} in format ${version}, and this version reads up to ${formatVersion}; restore it with that version or a newer one`,
    );
  }
}

async function* readLines(path: string): AsyncGenerator<Buffer> {
  const input = createReadStream(path);
  const unpacked = createGunzip();
  input.on("error", (error) => unpacked.destroy(error));
  input.pipe(unpacked);
  let parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        yield Buffer.concat([...parts, chunk.subarray(start, end)]);
        [parts, size, start] = [[], 0, end + 1];
      }
      parts.push(chunk.subarray(start));
      size += chunk.length - start;
      if (size > lineMax) throw damaged(path, "a line of it is longer than any of a backup");
    }
  } catch (error) {
    throw explain(path, error);
  } finally {
    input.destroy();
    unpacked.destroy();
  }
  if (size > 0) throw damaged(path, "its last line is cut off");
}

function explain(path: string, error: unknown): unknown {
  if (error instanceof HeadroomError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code.startsWith("Z_")) return damaged(path, messageOf(error), error);
  return new SetupError(`${path} can't be read: ${messageOf(error)}`, { cause: error });
}

function damaged(path: string, why: string, cause?: unknown): ConfigError {
  return new ConfigError(`${path} is damaged and nothing of it is used: ${why}; take another backup`, { cause });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
