/** What one version left in its data folder and its database (`write.ts`), and how a test brings it back. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../../runtime/main";
import { readTables, restoreDataSet, type DataSet } from "../../store/versions/data-set";

export interface KeptFolder {
  readonly rows: Pick<DataSet, "schemaVersion" | "tables">;
  /** Text by path, with {@link places} in it. */
  readonly files: Readonly<Record<string, { readonly text: string; readonly mode: number }>>;
}

/** What is written for the paths of a machine. */
const places = { folder: "@DATA-FOLDER@", package: "@PACKAGE@", node: "@NODE@" };

/** Made again by whoever opens the folder: plugins, logs, histories. */
const leftOut = [/^engine-home\//, /\.log$/, /\/(history|backups)\//, /\.lock$/, /^database\//, /\.bak$/];

export async function readFolder(folder: string, connectionString: string): Promise<KeptFolder> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const kept = names.filter((name) => statSync(join(folder, name)).isFile() && !leftOut.some((out) => out.test(name)));
  const files = kept.map((name) => {
    const text = readFileSync(join(folder, name), "utf8")
      .replaceAll(folder, places.folder)
      .replaceAll(packageRoot, places.package)
      .replaceAll(process.execPath, places.node);
    return [name, { text, mode: statSync(join(folder, name)).mode & 0o777 }] as const;
  });
  return { rows: await readTables(connectionString), files: Object.fromEntries(files) };
}

/** The folder must be new and the database empty. */
export async function restoreFolder(
  { rows, files }: KeptFolder,
  folder: string,
  connectionString: string,
): Promise<void> {
  for (const [name, { text, mode }] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    const placed = text.replaceAll(places.folder, folder).replaceAll(places.package, packageRoot);
    writeFileSync(file, placed.replaceAll(places.node, process.execPath));
    chmodSync(file, mode);
  }
  await restoreDataSet(connectionString, rows);
}
