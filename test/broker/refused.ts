/** What a definition is refused for, at preview and when it is declared. */
import assert from "node:assert/strict";
import type { DefinitionKind } from "../../runtime/model/config";
import { ConfigError } from "../../runtime/model/errors";
import { tester } from "../support/builders";
import type { World } from "../reconciler/world";

export interface Document {
  readonly kind: DefinitionKind;
  readonly doc: object;
}

export function check(world: World, kind: DefinitionKind, doc: object, pending: readonly Document[] = []) {
  const owned = pending.map((document) => ({ ...document, owner: tester }));
  return world.broker.checkDefinition({ kind, doc, owner: tester, pending: owned }).problems;
}

export async function assertRefused(
  world: World,
  { kind, doc, path, message }: Document & { readonly path: string; readonly message: RegExp },
): Promise<void> {
  const problems = check(world, kind, doc);
  assert.ok(
    problems.some((problem) => problem.path === path && message.test(problem.message)),
    JSON.stringify(problems),
  );
  const request = { kind, name: (doc as { name: string }).name, doc, owner: tester };
  await assert.rejects(world.broker.putDefinition(request), ConfigError);
}
