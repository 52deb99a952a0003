/**
 * What a runtime allows of the `local` VMs and records. Their scripts run on the runtime's own machine, so whoever may
 * declare one runs programs there: nobody may unless the runtime was started for it. Judged when a definition is
 * declared, and once more by the plugin when a VM or record is made, since a link may point elsewhere by then.
 */
import { realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { CloudError } from "../../runtime/model/errors";

export interface LocalRules {
  readonly isAllowed: boolean;
  /** Folders in which `root` must be; the first is where VMs live that name none. */
  readonly roots: readonly string[];
}

export const localNotAllowed =
  'the runtime takes no "local" definitions: they run programs on its own machine; start it with headroom serve --allow-local to allow them';

/** Environment variable by which the plugin of a runtime's update knows the rules; absent = a user's own program. */
const variable = "HEADROOM_LOCAL_RULES";

export function environmentOf(rules: LocalRules): Record<string, string> {
  return { [variable]: JSON.stringify(rules), HEADROOM_LOCAL_ROOT: rules.roots[0] ?? "" };
}

/** Throws with class CONFIG when nothing may be made below this root. */
export function requireAllowed(root: string): void {
  const text = process.env[variable];
  if (text === undefined) return;
  const rules = JSON.parse(text) as LocalRules;
  if (!rules.isAllowed) throw new CloudError("CONFIG", `InvalidLocalVm: ${localNotAllowed}`);
  const problem = rootProblem(root, rules);
  if (problem !== undefined) throw new CloudError("CONFIG", `InvalidLocalVm: root: ${problem}`);
}

/** Undefined = the root is in one of the allowed folders, whatever links lead to it. */
export function rootProblem(root: string, { roots }: LocalRules): string | undefined {
  const real = realPath(root);
  const isInside = roots.map(realPath).some((allowed) => real === allowed || real.startsWith(allowed + sep));
  if (isInside) return undefined;
  const where = real === root ? "" : ` (${real})`;
  return `got ${JSON.stringify(root)}${where}; it must be in ${roots.join(" or ")}, links followed`;
}

/** With every link followed; what does not exist yet is taken as it is named. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || path === dirname(path)) throw error;
    return join(realPath(dirname(path)), basename(path));
  }
}
