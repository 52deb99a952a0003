/** Reads a demand trace, gzipped or not, with the JSON file beside it that says when it starts. */
import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import {
  parseTrace,
  parseTraceStart,
  traceStartAssumed,
  type TraceSession,
  type TraceStart,
} from "../model/demand-trace";
import { ConfigError, messageOf, SetupError } from "../model/errors";

export interface Trace {
  readonly path: string;
  readonly sessions: readonly TraceSession[];
  readonly start: TraceStart;
}

export function readTrace(path: string): Trace {
  const bytes = readBytes(path);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const sessions = parseTrace((isGzip ? gunzipSync(bytes) : bytes).toString("utf8"), path);
  const sidecar = path.replace(/(\.csv)?(\.gz)?$/, ".json");
  if (sidecar === path || !existsSync(sidecar)) return { path, sessions, start: traceStartAssumed };
  return { path, sessions, start: parseTraceStart(parseJson(sidecar), sidecar) };
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SetupError(`${path} can't be read: ${messageOf(cause)}`, { cause });
  }
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(`${path} is not JSON: ${messageOf(cause)}`, { cause });
  }
}
