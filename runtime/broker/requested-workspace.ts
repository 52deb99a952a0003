/** The workspace that a session request names. */
import { nameSchema, type Workspace } from "../model/config";
import { ConfigError, NotFoundError } from "../model/errors";
import { displayNameAdvice } from "../model/workspace-access";

/** Whoever uses the display name is told the name; it is never taken for it, because several workspaces may share one. */
export function findWorkspace(name: string, workspaces: ReadonlyMap<string, Workspace>): Workspace {
  const workspace = workspaces.get(name);
  if (workspace) return workspace;
  const advice = displayNameAdvice(name, workspaces);
  if (advice !== undefined) throw ConfigError.of([{ path: "workspace", message: advice }]);
  const parsed = nameSchema.safeParse(name);
  if (parsed.success) throw new NotFoundError(`workspace "${name}" is not declared`);
  const problems = parsed.error.issues.map(({ message }) => `got ${JSON.stringify(name)}; ${message}`);
  throw ConfigError.of(problems.map((message) => ({ path: "workspace", message })));
}
