/** The database of an installation: the one that is named, else the embedded one of the data folder. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../store/embedded-postgres";
import { locationFile } from "../store/embedded-place";

export interface DatabaseChoice {
  readonly dataFolder: string;
  /** `postgresql://...`; absent = the embedded PostgreSQL in the data folder. */
  readonly databaseUrl?: string;
}

/** True when there is a database to read: a named one may be asked. */
export function mayHaveDatabase({ dataFolder, databaseUrl }: DatabaseChoice): boolean {
  const embedded = join(dataFolder, "database");
  return (
    databaseUrl !== undefined || [join(embedded, "data"), join(embedded, locationFile)].some((path) => existsSync(path))
  );
}

/** An embedded server is taken as it runs, or runs for this time. */
export async function withDatabaseOf<Result>(
  { dataFolder, databaseUrl }: DatabaseChoice,
  use: (connectionString: string) => Promise<Result>,
): Promise<Result> {
  if (databaseUrl !== undefined) return use(databaseUrl);
  const embedded = await startEmbeddedPostgres({ folder: join(dataFolder, "database") });
  try {
    return await use(embedded.connectionString);
  } finally {
    await embedded.stop();
  }
}
