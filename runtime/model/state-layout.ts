/**
 * Which layout a self-managed Pulumi backend has, by its own mark and by what lies in it. Its `meta.yaml` tells a version; a
 * backend without one is of the old layout, in which stacks lie beside each other without their projects. Stacks of the
 * other layout are invisible to whoever looks for one only, so they are never passed over.
 */
export interface BackendContent {
  readonly metaFile: string;
  /** Its text; undefined = there is none. */
  readonly meta: string | undefined;
  readonly stacksFolder: string;
  /** What lies in that folder. */
  readonly stackNames: readonly string[];
}

/** The layout that both engines know. */
const version = 1;

/** How many are named. */
const namedMax = 3;

/** What is wrong, as a part of a sentence; undefined = all that is there can be seen. */
export function layoutProblem({ metaFile, meta, stacksFolder, stackNames }: BackendContent): string | undefined {
  if (meta !== undefined) {
    const found = /^\s*"?version"?\s*:\s*(\S+?)\s*(?:#.*)?$/m.exec(meta.replace(/^\s*\{|\}\s*$/g, ""))?.[1];
    if (found === undefined)
      return `the file ${metaFile}, which says no version; it should have the line "version: ${version}"`;
    if (found !== String(version)) {
      const shown = /^[\w.-]{1,20}$/.test(found) ? found : "something else";
      return `version ${shown} of the backend, as ${metaFile} says it; only version ${version}`;
    }
  }
  const old = stackNames.filter((name) => /\.json(?:\.gz|\.zst)?$/.test(name));
  if (old.length === 0) return undefined;
  const named = old.slice(0, namedMax).join(", ") + (old.length > namedMax ? ` and ${old.length - namedMax} more` : "");
  return `stacks of the old backend layout without projects: ${named} in ${stacksFolder} (run \`pulumi state upgrade\` first)`;
}
