/** `headroom lanes`: look at the lanes, have one's stack for a while. */
import type { Command } from "commander";
import type { LaneView } from "../../api/lane-contracts";
import { formatTable } from "../output";
import { addWatch, show } from "./read";

export function addLanes(program: Command): void {
  const lanes = addWatch(program.command("lanes"))
    .summary("every lane: one Pulumi stack each; close one")
    .description("Lists the lanes, the Pulumi stacks in which the nodes live, with their revisions.")
    .addHelpText("after", "\nExample:\n  $ headroom lanes\n  $ headroom lanes close agents-x2k9qa\n")
    .action((_options: object, command: Command) => show(command, (client) => client.lanes(), formatLanes));
  lanes
    .command("close")
    .summary("ends an update that waits for nodes, so that its stack is free")
    .description(
      "An update that was opened ahead of its nodes ends within seconds, and none is opened in this lane for 15 minutes: " +
        "a pulumi command of yours gets the stack's lock. Updates that make or delete nodes are not held up.",
    )
    .argument("<lane>", "id of the lane")
    .addHelpText("after", "\nExample:\n  $ headroom lanes close agents-x2k9qa\n")
    .action((laneId: string, _options: object, command: Command) =>
      show(command, (client) => client.closeLane(laneId), formatClosed),
    );
}

function formatClosed(lane: LaneView): string {
  const until = new Date(lane.keptClosedUntilMs ?? 0).toISOString();
  return `lane ${lane.laneId} is ${now(lane)}; no update is opened ahead in it until ${until}`;
}

function formatLanes(lanes: readonly LaneView[]): string {
  if (lanes.length === 0) return "no lanes";
  const rows = lanes.map((lane) => [
    lane.laneId,
    lane.autoscaleConfig,
    lane.stack,
    String(lane.nodes),
    String(lane.desiredRevision),
    String(lane.appliedRevision),
    now(lane),
  ]);
  return formatTable(["LANE", "CONFIG", "STACK", "NODES", "DESIRED", "APPLIED", "NOW"], rows);
}

function now({ openRevision, takesNodes, worker, strangers = [] }: LaneView): string {
  const where = worker === undefined ? "" : ` by worker ${worker}`;
  const does =
    openRevision === undefined ? "idle" : takesNodes ? "opened ahead" : `updating to ${openRevision}${where}`;
  return strangers.length === 0 ? does : `${does}; keeps ${strangers.join(", ")}, of which no row tells`;
}
