/** Reads the state file of a lane's stack, and tells damage from what a newer version wrote. Pure. */
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { UnavailableError } from "../model/errors";
import { deploymentSchema, type Deployment } from "./stack-state";

/** 4 where resources have hooks. */
const versions = [3, 4];
const envelopeSchema = z.looseObject({ version: z.int() });
const checkpointSchema = z.object({ checkpoint: z.object({ latest: deploymentSchema.nullish() }) });

/** The file is not the state of this stack: it can be set aside, because every VM is found again in the cloud. */
export class DamagedState extends UnavailableError {
  constructor(
    readonly file: string,
    readonly damage: string,
  ) {
    super(`the state file ${file} ${damage}`);
  }
}

/** @returns undefined when nothing was ever deployed. */
export function parseCheckpoint(bytes: Buffer, file: string, urnStart: string): Deployment | undefined {
  if (bytes.length === 0) throw new DamagedState(file, "is empty");
  const content = parseJson(file.includes(".json.gz") ? unpack(bytes, file) : bytes.toString("utf8"), file);
  const envelope = envelopeSchema.safeParse(content);
  if (!envelope.success) throw new DamagedState(file, "is JSON, but no checkpoint of Pulumi");
  if (!versions.includes(envelope.data.version)) {
    throw new UnavailableError(
      `the state file ${file} has version ${envelope.data.version}, this Headroom reads versions ${versions.join(" and ")}: it is left as it is`,
    );
  }
  const parsed = checkpointSchema.safeParse(content);
  if (!parsed.success) throw new DamagedState(file, "is a checkpoint of Pulumi with parts missing");
  const latest = parsed.data.checkpoint.latest ?? undefined;
  const all = [...(latest?.resources ?? []), ...(latest?.pending_operations ?? []).map(({ resource }) => resource)];
  const foreign = all.find(({ urn }) => !urn.startsWith(urnStart));
  if (foreign) throw new DamagedState(file, `is the state of another stack: it holds ${foreign.urn}`);
  return latest;
}

function unpack(bytes: Buffer, file: string): string {
  try {
    return gunzipSync(bytes).toString("utf8");
  } catch {
    throw new DamagedState(file, "is cut or no gzip file");
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DamagedState(file, "is cut or no JSON");
  }
}
