/** `headroom session request|watch|release`: for trying out; real requests come from a broker over HTTP. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import type { SessionView } from "../../api/contracts";
import { connect, explainRefusal } from "../connection";
import { formatRecord, show } from "./read";
import { watchSession } from "./watch";

export function addSession(program: Command): void {
  const session = program
    .command("session")
    .summary("request, watch or release one session, for trying out")
    .description("Requests, watches or releases one session, for trying out a set-up.");
  session
    .command("request")
    .summary("ask for a session")
    .description("Asks for a session: placed at once, queued, or refused with the first failing constraint.")
    .requiredOption("--workspace <name>", "what the session runs")
    .requiredOption("--user <id>", "whose session it is")
    .option("--group <names...>", "groups of the user, for workspaces that only some groups may have")
    .option("--zone <name>", "only in this zone")
    .option("--allow <permissions...>", "permissions besides the usual ones, e.g. webcam")
    .option("--deny <permissions...>", "usual permissions that it does not get, e.g. uploads")
    .option("--keepalive <duration>", "leave the queue when nobody has asked for it for this long, e.g. 1m")
    .option("--watch", "follow it until it runs or has ended")
    .addHelpText("after", "\nExample:\n  $ headroom session request --workspace office --user ada --watch\n")
    .action(request);
  session
    .command("watch")
    .summary("follow a session until it runs")
    .description("Shows a waiting session's place, phase, expected time and reason, until it runs or has ended.")
    .argument("<id>", "id of the session")
    .addHelpText("after", "\nExample:\n  $ headroom session watch s8cv2r9zma7amq3t\n")
    .action((id: string, _options: object, command: Command) => watchSession(command, id));
  session
    .command("release")
    .summary("end a session")
    .description("Ends a session, or cancels it while it is queued.")
    .argument("<id>", "id of the session")
    .addHelpText("after", "\nExample:\n  $ headroom session release s8cv2r9zma7amq3t\n")
    .action((id: string, _options: object, command: Command) =>
      show(command, (client) => client.releaseSession(id), formatRecord),
    );
}

/** The record, and what its owner may want to do next. */
function formatRequested(session: SessionView): string {
  const { sessionId, status } = session;
  const next = status === "queued" ? "headroom session watch" : "headroom explain session";
  return `${formatRecord(session)}\n\nnext: ${next} ${sessionId}; to end it: headroom session release ${sessionId}`;
}

interface RequestOptions {
  readonly workspace: string;
  readonly user: string;
  readonly group?: readonly string[];
  readonly zone?: string;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly keepalive?: string;
  readonly watch?: boolean;
}

async function request(options: RequestOptions, command: Command): Promise<void> {
  const { workspace, user: userId, group = [], zone, allow = [], deny = [], keepalive, watch } = options;
  const permissions = Object.fromEntries([...allow.map((name) => [name, true]), ...deny.map((name) => [name, false])]);
  const body = {
    workspace,
    userId,
    ...(group.length === 0 ? {} : { groups: [...group] }),
    ...(zone === undefined ? {} : { zone }),
    ...(keepalive === undefined ? {} : { keepalive }),
    ...(allow.length + deny.length === 0 ? {} : { permissions }),
  };
  if (!watch) return show(command, (client) => client.requestSession(body, randomUUID()), formatRequested);
  const { sessionId } = await connect(command)
    .requestSession(body, randomUUID())
    .catch((error: unknown) => {
      throw explainRefusal(error, command);
    });
  return watchSession(command, sessionId);
}
