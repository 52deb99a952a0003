/** `headroom session request|release`: for trying out; real requests come from a broker over HTTP. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { formatRecord, show } from "./read";

export function addSession(program: Command): void {
  const session = program
    .command("session")
    .summary("request or release one session, for trying out")
    .description("Requests or releases one session, for trying out a set-up.");
  session
    .command("request")
    .summary("ask for a session")
    .description("Asks for a session: placed at once, queued, or refused with the first failing constraint.")
    .requiredOption("--workspace <name>", "what the session runs")
    .requiredOption("--user <id>", "whose session it is")
    .option("--zone <name>", "only in this zone")
    .addHelpText("after", "\nExample:\n  $ headroom session request --workspace office --user ada\n")
    .action((options: { workspace: string; user: string; zone?: string }, command: Command) => {
      const { workspace, user: userId, zone } = options;
      const body = { workspace, userId, ...(zone === undefined ? {} : { zone }) };
      return show(command, (client) => client.requestSession(body, randomUUID()), formatRecord);
    });
  session
    .command("release")
    .summary("end a session")
    .description("Ends a session, or cancels it while it is queued.")
    .argument("<id>", "id of the session")
    .addHelpText("after", "\nExample:\n  $ headroom session release ses-4f2k9\n")
    .action((id: string, _options: object, command: Command) =>
      show(command, (client) => client.releaseSession(id), formatRecord),
    );
}
