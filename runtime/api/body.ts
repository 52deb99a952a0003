/** Reads a JSON body. Type, encoding and size are refused before anything is parsed. */
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { RequestError } from "./error-answers";
import { parseJson } from "./json-text";

/**
 * Fields and entries, at every depth, that one request body may have: three pools with 1,000 static members each, and
 * a thousand other definitions beside them. Judging so many takes about a tenth of a second.
 */
export const bodyValuesMax = 50_000;

type Unpack = (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const unpackers: Readonly<Record<string, Unpack>> = {
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  deflate: promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate),
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
};

/**
 * The value of the body; an empty one counts as `{}`. At most `bytesMax` bytes, as sent and unpacked.
 *
 * @param needsType Whether the type has to say that it is JSON. `curl -d` calls it a form, and a node whose call is refused
 * for that never comes up.
 */
export async function readJson(request: IncomingMessage, bytesMax: number, needsType = true): Promise<unknown> {
  if (needsType) requireJson(request.headers["content-type"]);
  const encoding = (request.headers["content-encoding"] ?? "identity").toLowerCase();
  const unpack = Object.hasOwn(unpackers, encoding) ? unpackers[encoding] : undefined;
  if (!unpack && encoding !== "identity") throw unsupported();
  const sent = await readBytes(request, bytesMax);
  const value = parseJson(unpack ? await unpackAll(sent, unpack, bytesMax) : sent);
  if (countValues(value, bodyValuesMax) > bodyValuesMax) {
    throw new RequestError(413, "tooLarge", `the body has too many values; at most ${bodyValuesMax} in all`);
  }
  return value;
}

/** Waits for the end of a body that nobody reads: what turns out to be no request must not have been acted on. */
export async function skipBody(request: IncomingMessage, bytesMax: number): Promise<void> {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && Number(length ?? 0) === 0) return;
  await readBytes(request, bytesMax);
}

/** Fields and entries at every depth; stops soon after `enough`. */
function countValues(root: unknown, enough: number): number {
  let values = 0;
  const open: unknown[] = [root];
  while (open.length > 0 && values <= enough) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    const inner = Object.values(value);
    values += inner.length;
    for (const each of inner) if (typeof each === "object") open.push(each);
  }
  return values;
}

function requireJson(type: string | undefined): void {
  if (type === "application/json") return;
  if (type === undefined || !/^application\/json\s*(;|$)/i.test(type)) {
    throw new RequestError(415, "unsupportedMediaType", "send the body as Content-Type: application/json");
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type)?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) throw unsupported();
}

/** What was not read when this fails is thrown away as it comes. */
function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: RequestError) => {
      chunks.length = 0;
      request.off("data", take).resume();
      reject(error);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytesMax) fail(tooLarge());
      else chunks.push(chunk);
    };
    request.on("data", take);
    request.once("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once("error", () => fail(new RequestError(400, "config", "the body broke off")));
  });
}

async function unpackAll(packed: Buffer, unpack: Unpack, bytesMax: number): Promise<Buffer> {
  try {
    return await unpack(packed, { maxOutputLength: bytesMax });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw new RequestError(400, "config", "the body can't be unpacked; see its Content-Encoding");
  }
}

function tooLarge(): RequestError {
  return new RequestError(413, "tooLarge", "the body is too large; at most 1 MiB, 16 KiB from nodes");
}

function unsupported(): RequestError {
  return new RequestError(
    415,
    "unsupportedMediaType",
    "send JSON in UTF-8, plain or compressed with gzip, deflate or br",
  );
}
