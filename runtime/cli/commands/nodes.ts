/** `headroom nodes`: look at nodes, drain and undrain them, delete them. */
import type { Command } from "commander";
import type { HeadroomClient } from "../../api/client";
import type { NodeView } from "../../api/contracts";
import type { ForgottenView } from "../../api/orphan-contracts";
import { ConfigError } from "../../model/errors";
import { formatCount } from "../../model/units";
import { formatAge, formatTable } from "../output";
import { addWatch, formatRecord, show } from "./read";

export function addNodes(program: Command): void {
  const nodes = addWatch(program.command("nodes"))
    .summary("every node, or one; drain, undrain, delete")
    .description("Lists the nodes, or shows one with all it has.")
    .argument("[id]", "id of one node")
    .addHelpText("after", "\nExample:\n  $ headroom nodes\n  $ headroom nodes drain ngt7a7s4\n")
    .action((id: string | undefined, _options: object, command: Command) =>
      id === undefined
        ? show(command, (client) => client.nodes(), formatNodes)
        : show(command, (client) => client.node(id), formatRecord),
    );
  nodes
    .command("drain")
    .summary("no new sessions on a node; it stays")
    .description("The node takes no new session and stays, also when it is empty, until it is undrained or deleted.")
    .argument("<id>", "id of the node")
    .option("--dry-run", "only say what would happen")
    .addHelpText("after", "\nExample:\n  $ headroom nodes drain ngt7a7s4\n")
    .action((id: string, { dryRun }: { dryRun?: boolean }, command: Command) =>
      change(command, id, { dryRun, say: sayDrain, act: (client) => client.drainNode(id) }),
    );
  nodes
    .command("undrain")
    .summary("a draining node takes sessions again")
    .description("A draining node takes sessions again. Refused when it would be drained again at once.")
    .argument("<id>", "id of the node")
    .option("--dry-run", "only say what would happen")
    .addHelpText("after", "\nExample:\n  $ headroom nodes undrain ngt7a7s4\n")
    .action((id: string, { dryRun }: { dryRun?: boolean }, command: Command) =>
      change(command, id, { dryRun, say: sayUndrain, act: (client) => client.undrainNode(id) }),
    );
  nodes
    .command("delete")
    .summary("drain a node, then destroy it")
    .description(
      "Drains a node and destroys it when its last session has ended. Works also when its config is disabled, when it failed and is kept, and when its VM is gone.",
    )
    .argument("<id>", "id of the node")
    .option("--dry-run", "only say what would happen")
    .option("--yes", "do it")
    .addHelpText("after", "\nExample:\n  $ headroom nodes delete ngt7a7s4 --yes\n")
    .action((id: string, { dryRun, yes }: { dryRun?: boolean; yes?: boolean }, command: Command) => {
      if (!dryRun && !yes)
        throw new ConfigError(`deleting node ${id} destroys its VM; add --yes to do it, or --dry-run`);
      return change(command, id, { dryRun, say: sayDelete, act: (client) => client.deleteNode(id) });
    });
  addForget(nodes);
}

function addForget(nodes: Command): void {
  nodes
    .command("forget")
    .summary("give up a node whose account is gone")
    .description(
      "The node's row goes, its sessions end, and it is taken out of its Pulumi stack; its cloud is asked for nothing. " +
        "For nodes that can't be deleted because nobody gets into their account any more. A VM that lives on costs money: " +
        "headroom orphans lists it once its account can be asked.",
    )
    .argument("<id>", "id of the node")
    .option("--dry-run", "only say what would happen")
    .option("--yes", "do it")
    .option("--force", "also when the node runs")
    .addHelpText("after", "\nExample:\n  $ headroom nodes forget ngt7a7s4 --yes\n")
    .action((id: string, options: { dryRun?: boolean; yes?: boolean; force?: boolean }, command: Command) => {
      if (options.dryRun) return show(command, (client) => client.node(id), sayForget);
      if (!options.yes)
        throw new ConfigError(`forgetting node ${id} leaves its VM to itself; add --yes to do it, or --dry-run`);
      return show(command, (client) => client.forgetNode(id, options.force ?? false), formatForgotten);
    });
}

function sayForget({ nodeId, status, sessions }: NodeView): string {
  const ended =
    sessions.length === 0 ? "no session is on it" : `${formatCount(sessions.length, "session")} on it would end`;
  return `node ${nodeId} (${status}) would be given up; ${ended}; its VM would be left to itself; nothing was changed`;
}

function formatForgotten({ nodeId, sessions }: ForgottenView): string {
  return `node ${nodeId} is forgotten; ${formatCount(sessions.length, "session")} ended with it`;
}

interface NodeChange {
  readonly dryRun: boolean | undefined;
  /** What it would do, as a sentence. */
  readonly say: (node: NodeView) => string;
  readonly act: (client: HeadroomClient) => Promise<NodeView>;
}

function change(command: Command, id: string, { dryRun, say, act }: NodeChange): Promise<void> {
  if (dryRun)
    return show(
      command,
      (client) => client.node(id),
      (node) => `${say(node)}; nothing was changed`,
    );
  return show(command, act, formatNow);
}

function formatNow({ nodeId, status, reason, sessions }: NodeView): string {
  return `node ${nodeId} is ${status} with ${formatCount(sessions.length, "session")}: ${reason.text}`;
}

function sayDrain(node: NodeView): string {
  return `node ${node.nodeId} (${node.status}) would take no new session; ${keeps(node)}; it would stay until it is undrained or deleted`;
}

function sayUndrain({ nodeId, status, reason }: NodeView): string {
  return status === "draining"
    ? `node ${nodeId} would take sessions again; it is draining because: ${reason.text}`
    : `node ${nodeId} is ${status}, so there would be nothing to undrain`;
}

function sayDelete(node: NodeView): string {
  const when = node.sessions.length > 0 ? "when they have ended" : "at once";
  return `node ${node.nodeId} (${node.status}) would take no new session; ${keeps(node)}; its VM would be destroyed ${when}`;
}

function keeps({ sessions }: NodeView): string {
  if (sessions.length === 0) return "no session is on it";
  return `${formatCount(sessions.length, "session")} on it would go on (${sessions.join(", ")})`;
}

function formatNodes(nodes: readonly NodeView[]): string {
  if (nodes.length === 0) return "no nodes";
  const now = Date.now();
  const rows = nodes.map((node) => [
    node.nodeId,
    node.autoscaleConfig ?? "(static)",
    node.status,
    formatAge(now - node.statusSinceMs),
    node.address ?? "",
    String(node.sessions.length),
    node.isOutdated ? `outdated; ${node.reason.text}` : node.reason.text,
  ]);
  return formatTable(["NODE", "CONFIG", "STATUS", "FOR", "ADDRESS", "SESSIONS", "REASON"], rows);
}
