/** Whether local VMs can live below a folder: it may be used, and it is there and writable or can be made. */
import { accessSync, constants, statfsSync, statSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import type { AccountFinding } from "../../runtime/model/account-check";
import { requireAllowed } from "./local-rules";

/** A VM needs little more than its script and its log, but nothing starts on a full disk. */
const freeBytesMin = 64 * 2 ** 20;

export function rootFindings(root: string): AccountFinding[] {
  const wrong = (text: string): AccountFinding[] => [{ kind: "wrong", field: "root", text: `root "${root}": ${text}` }];
  try {
    requireAllowed(root);
  } catch (error) {
    return wrong((error as Error).message);
  }
  const present = nearest(root);
  if (!present.stats.isDirectory()) return wrong(`"${present.path}" is no folder; name another place`);
  try {
    accessSync(present.path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    return wrong(`the runtime may not write in "${present.path}" (${code}); let it, or name another place`);
  }
  const { bavail, bsize } = statfsSync(present.path);
  if (bavail * bsize >= freeBytesMin) return [];
  return wrong(
    `its disk has only ${Math.floor((bavail * bsize) / 2 ** 20)} MiB left; free some, or name another place`,
  );
}

/** The folder, else the nearest one above it that is there. */
function nearest(path: string): { readonly path: string; readonly stats: Stats } {
  try {
    return { path, stats: statSync(path) };
  } catch (error) {
    const isAbsent = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    if (!isAbsent || path === dirname(path)) throw error;
    return nearest(dirname(path));
  }
}
