/** What the local kernels share: checking inputs of which some are not known yet, and telling what a change does. */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { Problem } from "../../runtime/model/errors";
import { problemsOf } from "../../runtime/model/config";
import { unknownValue, type Properties } from "../resource-kernel";

/** Problems of everything that is known; what is not known yet passes through and is checked in the update. */
export function checkWithUnknowns(schema: z.ZodObject, news: Properties): { inputs: Properties; problems: Problem[] } {
  const parsed = schema.safeParse(news);
  if (parsed.success) return { inputs: parsed.data, problems: [] };
  const isUnknown = (path: readonly PropertyKey[]) => news[String(path[0])] === unknownValue;
  const issues = parsed.error.issues.filter((issue) => !isUnknown(issue.path));
  return { inputs: news, problems: problemsOf({ ...parsed.error, issues } as z.ZodError, news) };
}

export function diffInputs(
  olds: Properties,
  news: Properties,
  names: readonly string[],
  replacing: readonly string[],
): { changes: boolean; replaces: string[]; deleteBeforeReplace?: boolean } {
  // The state holds inputs and outputs; an input that no output repeats is compared only when the state has it.
  const changed = names.filter((name) => name in olds && !isDeepStrictEqual(olds[name], news[name]));
  const replaces = changed.filter((name) => replacing.includes(name));
  return { changes: changed.length > 0, replaces, deleteBeforeReplace: replaces.length > 0 };
}

/** In a preview the values that only a create can tell are unknown. */
export function unknownOutputs(inputs: Properties, names: readonly string[]): Properties {
  return Object.fromEntries(names.map((name) => [name, name in inputs ? inputs[name] : unknownValue]));
}
