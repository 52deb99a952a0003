/**
 * Starts the embedded server of a folder in a process of its own, for tests that kill or outlive it.
 * Sends the server's process number once it runs; stops the server when told `stop`, and sends what became of it.
 */
import { startEmbeddedPostgres } from "../../runtime/store/embedded-postgres";

export interface ServerMessage {
  readonly pid?: number;
  readonly wasAdopted?: boolean;
  readonly stopped?: string;
}

async function serve(folder: string, sharedFolder: string | undefined): Promise<void> {
  const server = await startEmbeddedPostgres({ folder, sharedFolder });
  const tell = (message: ServerMessage): void => void process.send?.(message);
  process.on("message", () => void server.stop().then((stopped) => tell({ stopped })));
  tell({ pid: server.pid, wasAdopted: server.wasAdopted });
}

process.on("disconnect", () => process.exit());
serve(process.argv[2]!, process.argv[3]).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
