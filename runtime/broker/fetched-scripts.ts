/** Startup scripts that nodes fetch themselves, each with its own token, until the node has checked in. */
import type { Clock } from "../model/clock";
import { GoneError, NotFoundError, UnauthorizedError } from "../model/errors";
import type { Snapshot } from "../model/snapshot";
import { isInFlight } from "../planner/lifecycle/node-status";
import type { NodeTokens } from "./node-tokens";

interface Sources {
  readonly ledger: { readonly state: Pick<Snapshot, "nodes"> };
  readonly tokens: NodeTokens;
  readonly clock: Clock;
}

/**
 * It may be asked for again while the node comes up: an answer can be lost on its way. What is fetched later is fetched by
 * somebody else, so a node that runs, or never will, gets a {@link GoneError}.
 */
export async function fetchScript(
  { token, nodeId }: { readonly token: string; readonly nodeId: string },
  { ledger, tokens, clock }: Sources,
): Promise<string> {
  const tokenNodeId = await tokens.verify(token, "checkin", clock.now());
  if (tokenNodeId !== nodeId) throw new UnauthorizedError(`this token does not speak for node ${nodeId}`);
  const node = ledger.state.nodes.get(nodeId);
  if (!node) throw new GoneError(`node ${nodeId} was destroyed`);
  if (!isInFlight(node) || node.runningSinceMs !== undefined) {
    throw new GoneError(`node ${nodeId} is ${node.status}: its startup script was for its start only`);
  }
  if (node.fetchedScript === undefined) {
    throw new NotFoundError(`node ${nodeId} has nothing to fetch: its startup script came with it`);
  }
  return node.fetchedScript;
}
