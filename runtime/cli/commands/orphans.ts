/** `headroom orphans`: VMs that cost money and that nobody knows. */
import type { Command } from "commander";
import type { OrphanView } from "../../api/orphan-contracts";
import { formatAge, formatTable } from "../output";
import { show } from "./read";

export function addOrphans(program: Command): void {
  program
    .command("orphans")
    .summary("VMs of this installation that no node and no stack has")
    .description(
      "Lists VMs, and computer records in directories, that carry this installation's id although nothing of it has them. " +
        "Each was seen at least twice, 5 minutes apart. VMs cost money; what becomes of them is up to you.",
    )
    .addHelpText("after", "\nExample:\n  $ headroom orphans\n")
    .action((_options: object, command: Command) => show(command, (client) => client.orphans(), formatOrphans));
}

function formatOrphans(orphans: readonly OrphanView[]): string {
  if (orphans.length === 0) return "no orphans";
  const now = Date.now();
  const rows = orphans.map(({ vmId, isComputerRecord, nodeId = "", vmProvider, place, firstSeenMs, lastSeenMs }) => [
    isComputerRecord ? `computer record ${vmId}` : vmId,
    nodeId,
    vmProvider,
    Object.values(place).map(String).join(" "),
    formatAge(now - firstSeenMs),
    formatAge(now - lastSeenMs),
  ]);
  return formatTable(["VM", "NODE", "VM PROVIDER", "WHERE", "KNOWN FOR", "SEEN"], rows);
}
