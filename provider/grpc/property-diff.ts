/** Which properties differ between two documents, by path, in the engine's words. */
import { PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import type { Properties } from "../resource-kernel";

export interface PropertyChange {
  /** e.g. `settings.cores` or `pools[1]`. */
  readonly path: string;
  readonly kind: PropertyDiff.Kind;
}

/** Every differing leaf. What lies below a name in `replaces` is told as a reason for replacement. */
export function detailedDiff(olds: Properties, news: Properties, replaces: readonly string[]): PropertyChange[] {
  return [...new Set([...Object.keys(olds), ...Object.keys(news)])].flatMap((key) =>
    compare(key, olds[key], news[key], replaces.includes(key)),
  );
}

function compare(path: string, before: unknown, after: unknown, replaces: boolean): PropertyChange[] {
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = PropertyDiff.Kind;
  if (before === after) return [];
  if (before === undefined) return [{ path, kind: replaces ? ADD_REPLACE : ADD }];
  if (after === undefined) return [{ path, kind: replaces ? DELETE_REPLACE : DELETE }];
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      compare(`${path}[${index}]`, before[index], after[index], replaces),
    );
  }
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      compare(
        /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`,
        before[key],
        after[key],
        replaces,
      ),
    );
  }
  return [{ path, kind: replaces ? UPDATE_REPLACE : UPDATE }];
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
