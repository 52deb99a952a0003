/** Frozen settings as their cloud's schema takes them, or as much of them as it still does. */
import { problemsOf } from "../runtime/model/config";
import { ConfigError } from "../runtime/model/errors";
import type { VmProvider } from "./vm-provider";

export function parseSettings(subject: string, schema: VmProvider<unknown>["settings"], settings: unknown): unknown {
  const parsed = schema.safeParse(settings);
  if (!parsed.success) throw ConfigError.of(problemsOf(parsed.error, settings), subject);
  return parsed.data;
}

/** What the schema takes of settings that it does not take as a whole; all of them as they are when that is nothing. */
export function readablePart(
  schema: VmProvider<unknown>["settings"],
  settings: Readonly<Record<string, unknown>>,
): unknown {
  let part = { ...settings };
  // Each round leaves fields out; a field of another one's rule may need a second.
  for (let round = 0; round < 3; round += 1) {
    const parsed = schema.safeParse(part);
    if (parsed.success) return parsed.data;
    const faults = new Set(
      parsed.error.issues.flatMap((issue) =>
        issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [String(issue.path[0])],
      ),
    );
    part = Object.fromEntries(Object.entries(part).filter(([field]) => !faults.has(field)));
  }
  return settings;
}
