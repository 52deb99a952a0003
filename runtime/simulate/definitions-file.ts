/** Definitions in a file, as the API answers them: a list of `{ kind, name, doc }`, in JSON or YAML. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { definitionKinds } from "../model/config";
import { ConfigError, messageOf, SetupError } from "../model/errors";
import type { PlayedDefinition } from "./played-definitions";

const entrySchema = z.object({
  kind: z.enum(definitionKinds as [(typeof definitionKinds)[number]]),
  name: z.string(),
  doc: z.record(z.string(), z.unknown()),
});

export function readDefinitions(path: string): PlayedDefinition[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new SetupError(`${path} can't be read: ${messageOf(cause)}`, { cause });
  }
  return parseDefinitions(text, path);
}

export function parseDefinitions(text: string, path: string): PlayedDefinition[] {
  let value: unknown;
  try {
    value = parse(text) as unknown;
  } catch (cause) {
    throw new ConfigError(`${path} is neither JSON nor YAML: ${messageOf(cause)}`, { cause });
  }
  const list = typeof value === "object" && value !== null && "definitions" in value ? value.definitions : value;
  if (!Array.isArray(list)) {
    throw new ConfigError(`${path}: use a list of { kind, name, doc }, as the API answers, or { definitions: [...] }`);
  }
  return list.map((entry, index) => {
    const parsed = entrySchema.safeParse(entry);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new ConfigError(`${path}: definitions[${index}].${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  });
}
